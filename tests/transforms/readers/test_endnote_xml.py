from __future__ import annotations

import json
from typing import Any

import pytest
from xml_samples import ENDNOTE, given, read_xml


def test_styled_record() -> None:
    rows, rejects = read_xml(ENDNOTE)
    assert rejects == []
    first = given(rows[0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "endnote",
        "source_record_id": "7",
        "title": "Of H<sub>2</sub>O and E. coli",
        "abstract": "Words.",
        "authors": ["Bee, Ann", "Dee, C."],
        "venue": "J. Eng.",
        "volume": "3",
        "number": "2",
        "pages": "1-9",
        "year": "2001",
        "published_date": "2001 May 3",
        "doi": "10.1000/e",
        "pmid": "101",
        "url": "https://example.org/e",
    }
    assert extra["titles"] == {"title_markup": "Of H<sub>2</sub>O and <i>E. coli</i>"}
    assert extra["contributors"] == {"secondary-authors": {"author": "Itor, E."}}
    assert extra["periodical"] == {"abbr-1": "JE"}
    assert extra["ref-type"] == {"@name": "Journal Article", "#text": "17"}


def record(inner: str) -> dict[str, Any]:
    rows, _ = read_xml(f"<xml><records><record>{inner}</record></records></xml>")
    return given(rows[0])


@pytest.mark.parametrize(
    ("inner", "expected", "extra"),
    [
        pytest.param(
            "<accession-num>WOS:1</accession-num>", {}, {"accession-num": "WOS:1"}, id="number of another base"
        ),
        pytest.param("<accession-num>123</accession-num>", {}, {"accession-num": "123"}, id="number of no base"),
        pytest.param("<issue>4</issue>", {"number": "4"}, None, id="issue"),
        pytest.param("<number>4</number><issue>4</issue>", {"number": "4"}, None, id="issue twice"),
        pytest.param("<number>4</number><issue>5</issue>", {"number": "4"}, {"issue": "5"}, id="issue and number"),
        pytest.param(
            "<titles><secondary-title>A</secondary-title></titles><periodical><full-title>B</full-title></periodical>",
            {"venue": "A"},
            {"periodical": {"full-title": "B"}},
            id="two venues",
        ),
        pytest.param("<titles><title><style>A</style> b</title></titles>", {"title": "A b"}, None, id="style and text"),
        pytest.param(
            '<abstract><style face="bold">A</style><style>b</style></abstract>',
            {"abstract": "Ab"},
            {"abstract_markup": "<b>A</b>b"},
            id="bold",
        ),
    ],
)
def test_parts(inner: str, expected: dict[str, Any], extra: dict[str, Any] | None) -> None:
    row = record(inner)
    found = json.loads(row.pop("extra", "null"))
    assert (row, found) == ({"source": "endnote", **expected}, extra)
