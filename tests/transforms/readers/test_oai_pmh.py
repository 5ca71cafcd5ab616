from __future__ import annotations

import json

import pytest
from xml_samples import DECLARATION, OAI, given, read_xml

from transforms.errors import UnknownFormatError


def test_record_in_the_format_of_arxiv() -> None:
    rows, _ = read_xml(OAI)
    first = given(rows[0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "arxiv",
        "source_record_id": "0704.0001",
        "title": "Prompt things",
        "abstract": "  A calculation. ",
        "authors": ["A. B. Bee Jr", "C. Dee"],
        "venue": "Phys.Rev.D76:013009,2007",
        "published_date": "2007-04-02",
        "doi": "10.1103/PhysRevD.76.013009",
        "arxiv_id": "0704.0001",
        "url": "https://arxiv.org/abs/0704.0001",
    }
    assert extra["header"] == {"datestamp": "2008-11-26", "setSpec": "physics:hep-ph"}
    assert (extra["arXiv"]["updated"], extra["arXiv"]["categories"]) == ("2007-07-24", "hep-ph")
    assert extra["arXiv"]["authors"]["author"][1]["affiliation"] == "Here"


def test_raw_format_names_the_latest_version_and_the_first_day() -> None:
    row = given(read_xml(OAI)[0][1])
    assert (row["arxiv_id"], row["source_record_id"]) == ("0704.0003v2", "0704.0003")
    assert (row["published_date"], row["authors"]) == ("Mon, 2 Apr 2007 19:18:42 GMT", ["A. Bee", "C. Dee"])
    assert json.loads(row["extra"])["arXivRaw"]["submitter"] == "C. Dee"


def test_dublin_core() -> None:
    row = given(read_xml(OAI)[0][2])
    assert json.loads(row.pop("extra"))["dc"] == {
        "description": "Comment: short",
        "identifier": ["doi:10.1000/core", "https://example.org/42"],
    }
    assert row == {
        "source": "example.org",
        "source_record_id": "oai:example.org:42",
        "title": "Core things",
        "abstract": "The abstract.",
        "authors": ["Dee, C.", "Bee, A."],
        "published_date": "2007-04-02",
        "doi": "10.1000/core",
        "url": "https://example.org/42",
    }


def test_deleted_record_is_a_reject_and_the_token_is_no_entry() -> None:
    rows, rejects = read_xml(OAI)
    assert [row["position"] for row in rows] == [1, 3, 4]
    assert [(reject["position"], reject["line"], reject["reason"]) for reject in rejects] == [
        (2, 20, "is deleted by its source")
    ]
    assert "oai:arXiv.org:0704.0002" in rejects[0]["raw"]


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<error code='noRecordsMatch'>none</error>", "is an error that the server reports: noRecordsMatch: none"),
        ("<record><header/></record>", "has no metadata; arXiv, arXivRaw and oai_dc are read"),
        (
            "<record><metadata><mods xmlns='x'><title>T</title></mods></metadata></record>",
            "has metadata in <mods>; arXiv, arXivRaw and oai_dc are read",
        ),
    ],
)
def test_what_is_no_paper_is_a_reject(inner: str, reason: str) -> None:
    data = f'{DECLARATION}<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inner}</OAI-PMH>'
    rows, rejects = read_xml(data)
    assert (rows, [reject["reason"] for reject in rejects]) == ([], [reason])


def test_list_of_identifiers_is_refused() -> None:
    data = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListIdentifiers><header/></ListIdentifiers></OAI-PMH>'
    )
    with pytest.raises(UnknownFormatError):
        read_xml(data)


def test_get_record() -> None:
    one = OAI[OAI.index("<record>") : OAI.index("</record>") + 9]
    rows, rejects = read_xml(
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord>{one}</GetRecord></OAI-PMH>'
    )
    assert ([row["title"] for row in rows], rejects) == (["Prompt things"], [])
