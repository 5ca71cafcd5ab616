from __future__ import annotations

import json
from typing import Any

import pytest
from xml_samples import PUBMED, given, read_xml


def test_article() -> None:
    first = given(read_xml(PUBMED)[0][0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "pubmed",
        "source_record_id": "101",
        "title": "[Of H<sub>2</sub>O and E. coli].",
        "abstract": "AIM: To see p < 0.05.\nMETHODS: We looked.",
        "authors": ["Ann Bee Jr", "The Water Group"],
        "venue": "Journal of engines",
        "volume": "7",
        "number": "2",
        "pages": "10-9",
        "year": "2005 Nov-Dec",
        "published_date": "2005 10 03",
        "doi": "10.1000/water",
        "pmid": "101",
        "url": "https://pubmed.ncbi.nlm.nih.gov/101/",
    }
    article, data = extra["MedlineCitation"]["Article"], extra["PubmedData"]
    assert article["VernacularTitle"] == "De l'eau"
    assert article["ArticleTitle_markup"] == "[Of H<sub>2</sub>O and <i>E. coli</i>]."
    assert article["Abstract"] == {
        "CopyrightInformation": "(c) us",
        "AbstractText": [
            {"@Label": "AIM", "@NlmCategory": "OBJECTIVE"},
            {"@Label": "METHODS", "@NlmCategory": "METHODS", "#text": "We <b>looked</b>."},
        ],
    }
    assert article["AuthorList"]["Author"][1] == {"@ValidYN": "N", "LastName": "Beee", "Initials": "A"}
    assert extra["MedlineCitation"]["MeshHeadingList"]["MeshHeading"]["DescriptorName"]["#text"] == "Water"
    assert data["ReferenceList"]["Reference"]["ArticleIdList"]["ArticleId"]["#text"] == "10.1000/other"


def test_chapter_of_a_book() -> None:
    row = given(read_xml(PUBMED)[0][1])
    extra = json.loads(row.pop("extra"))
    assert row == {
        "source": "pubmed",
        "source_record_id": "102",
        "title": "One Chapter",
        "abstract": "Plain words.",
        "authors": ["E Ed"],
        "venue": "Whole Book",
        "year": "1999",
        "doi": "10.1000/book",
        "pmid": "102",
        "url": "https://pubmed.ncbi.nlm.nih.gov/102/",
    }
    assert extra["BookDocument"]["Book"]["Publisher"] == {"PublisherName": "House"}


def test_book_without_chapter_has_the_title_of_the_book() -> None:
    start, end = PUBMED.index("<ArticleTitle book"), PUBMED.index("<Abstract><AbstractText>Plain")
    row = given(read_xml(PUBMED[:start] + PUBMED[end:])[0][1])
    assert (row["title"], row.get("venue")) == ("Whole Book", None)


def test_deleted_identifiers_are_rejects() -> None:
    _, rejects = read_xml(PUBMED)
    assert [(reject["position"], reject["raw"], reject["reason"]) for reject in rejects] == [
        (3, "<PMID>103</PMID>", "is deleted from PubMed"),
        (4, "<PMID>104</PMID>", "is deleted from PubMed"),
    ]


def article(inner: str, data: str = "") -> dict[str, Any]:
    rows, rejects = read_xml(
        f"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>{inner}</Article></MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle></PubmedArticleSet>"
    )
    assert rejects == []
    row = given(rows[0])
    return {name: row.get(name) for name in row if name not in {"source", "source_record_id", "pmid", "url", "extra"}}


def issue(date: str) -> str:
    return f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"


@pytest.mark.parametrize(
    ("inner", "data", "expected"),
    [
        pytest.param(
            "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Von Booten</VernacularTitle>",
            "",
            {"title": "Von Booten"},
            id="title not translated",
        ),
        pytest.param("<ArticleTitle/>", "", {}, id="no title"),
        pytest.param("<Abstract><AbstractText>a</AbstractText></Abstract>", "", {"abstract": "a"}, id="plain abstract"),
        pytest.param("<Abstract><AbstractText/></Abstract>", "", {}, id="empty abstract"),
        pytest.param(issue("<Year>2005</Year><Month>Nov</Month>"), "", {"year": "2005"}, id="month"),
        pytest.param(
            issue("<Year>2005</Year><Month>Nov</Month><Day>3</Day>"),
            "",
            {"year": "2005", "published_date": "2005 Nov 3"},
            id="day",
        ),
        pytest.param(issue("<Year>2005</Year><Season>Fall</Season>"), "", {"year": "2005"}, id="season"),
        pytest.param(
            "<Pagination><StartPage>1</StartPage><EndPage>9</EndPage></Pagination>", "", {"pages": "1-9"}, id="pages"
        ),
        pytest.param("<Pagination><StartPage>e1</StartPage></Pagination>", "", {"pages": "e1"}, id="one page"),
        pytest.param(
            '<ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>',
            '<ArticleIdList><ArticleId IdType="doi">10.1000/right</ArticleId></ArticleIdList>',
            {"doi": "10.1000/right"},
            id="DOI declared wrong",
        ),
        pytest.param(
            "",
            '<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.1000/other</ArticleId></ArticleIdList>'
            "</Reference></ReferenceList>",
            {},
            id="DOI of a reference",
        ),
        pytest.param(
            "<AuthorList><Author><LastName>Bee</LastName><Initials>AB</Initials></Author></AuthorList>",
            "",
            {"authors": ["AB Bee"]},
            id="initials alone",
        ),
    ],
)
def test_parts(inner: str, data: str, expected: dict[str, Any]) -> None:
    assert article(inner, data) == expected
