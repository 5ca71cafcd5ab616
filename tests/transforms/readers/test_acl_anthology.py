from __future__ import annotations

import json

import pytest
from xml_samples import ACL, given, read_xml


def test_paper_with_its_volume() -> None:
    rows, _ = read_xml(ACL)
    first = given(rows[0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "acl",
        "source_record_id": "P18-1001",
        "title": "A Title of 360$^{\\circ}$",
        "abstract": "We show $x_1$.",
        "authors": ["Ann Bee", "Plato"],
        "venue": "Proceedings of Engines",
        "pages": "1-9",
        "year": "2018",
        "doi": "10.18653/v1/P18-1001",
        "url": "https://aclanthology.org/P18-1001",
    }
    assert extra["title_markup"] == "A <fixed-case>T</fixed-case>itle of 360<tex-math>^{\\circ}</tex-math>"
    assert extra["author"] == [{"@id": "ann-bee", "first": "Ann", "last": "Bee"}, {"last": "Plato"}]
    assert extra["proceedings"]["meta"]["editor"] == {"first": "Ed", "last": "Itor"}
    assert extra["proceedings"]["frontmatter"]["bibkey"] == "engines-2018"


def test_front_matter_is_no_paper_and_is_not_lost() -> None:
    rows, rejects = read_xml(ACL)
    assert [row["title"] for row in rows] == ["A Title of 360$^{\\circ}$", "Second"]
    assert [(reject["line"], reject["raw"], reject["reason"]) for reject in rejects] == [
        (18, "<frontmatter><url>P18-2000</url></frontmatter>", "is the front matter of a volume without papers")
    ]


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "expected"),
    [
        ("P18", "1", "2", "P18-1002"),
        ("W16", "34", "1", "W16-3401"),
        ("D19", "5", "61", "D19-0561"),
        ("D19", "1", "61", "D19-1061"),
        ("2020.acl", "main", "17", "2020.acl-main.17"),
        ("P18", "x", "2", "P18-x.2"),
    ],
)
def test_id_without_an_address(collection: str, volume: str, paper: str, expected: str) -> None:
    data = f'<collection id="{collection}"><volume id="{volume}"><paper id="{paper}"><title>T</title></paper></volume></collection>'
    rows, _ = read_xml(data)
    assert (rows[0]["source_record_id"], rows[0]["url"]) == (expected, f"https://aclanthology.org/{expected}")


def test_volumes_do_not_mix() -> None:
    data = (
        '<collection id="2020.a"><volume id="1"><meta><booktitle>One</booktitle><year>2020</year></meta>'
        '<paper id="1"><title>A</title></paper></volume>'
        '<volume id="2"><meta><journal-title>J</journal-title><journal-volume>4</journal-volume><year>2021</year></meta>'
        '<paper id="1"><title>B</title><url>http://example.org/b.pdf</url></paper></volume>'
        '<volume id="3"><paper id="1"><title>C</title></paper></volume></collection>'
    )
    rows, _ = read_xml(data)
    assert [(row["venue"], row["volume"], row["year"]) for row in rows] == [
        ("One", None, "2020"),
        ("J", "4", "2021"),
        (None, None, None),
    ]
    assert (rows[1]["source_record_id"], rows[1]["url"]) == ("2020.a-2.1", "http://example.org/b.pdf")
