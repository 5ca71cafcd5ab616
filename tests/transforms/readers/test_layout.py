"""Tables of known products: what their columns mean."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from reader_entries import entries_of

from transforms.errors import UnknownFormatError
from transforms.readers import recognise, scopus_csv, wos, zotero_csv
from transforms.readers.base import Head

if TYPE_CHECKING:
    from transforms.readers.base import Reader

SCOPUS = {
    "Authors": "Doe, J.; Roe, R.",
    "Author full names": "Doe, Jane (57000000001); Roe, Richard (57000000002)",
    "Title": "A title",
    "Year": "2018",
    "Source title": "Journal of Tests",
    "Volume": "3",
    "Issue": "4",
    "Art. No.": "e5",
    "Page start": "5",
    "Page end": "6",
    "Cited by": "7",
    "DOI": "10.1234/a",
    "Link": "http://a.x",
    "Abstract": "One, two.",
    "PubMed ID": "123",
    "Source": "Scopus",
    "EID": "2-s2.0-1",
}
ZOTERO = {
    "Key": "AB12",
    "Item Type": "journalArticle",
    "Publication Year": "2018",
    "Author": "Doe, Jane; Roe, Richard",
    "Title": "A title",
    "Publication Title": "Journal of Tests",
    "DOI": "",
    "Url": "http://a.x",
    "Abstract Note": "One\n\ntwo.",
    "Date": "2018-11-25",
    "Pages": "5-6",
    "Issue": "4",
    "Volume": "3",
    "Extra": "PMID: 123 \narXiv: 1811.01234 [cs]\nDOI: 10.1234/a",
    "Manual Tags": "boats; water",
}
COMMON = {
    "title": "A title",
    "authors": ["Doe, Jane", "Roe, Richard"],
    "venue": "Journal of Tests",
    "volume": "3",
    "number": "4",
    "pages": "5-6",
    "year": "2018",
    "doi": "10.1234/a",
    "pmid": "123",
}


def table(*rows: dict[str, str], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def record(reader: Reader, row: dict[str, str], delimiter: str = ",") -> dict[str, Any]:
    text = table(row, delimiter=delimiter)
    assert recognise(Head("table.txt", text.encode())) == reader
    [found] = entries_of(reader, text).records
    return {name: value for name, value in found.items() if name not in {"position", "line", "raw"}}


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_scopus(delimiter: str) -> None:
    assert record(scopus_csv.READER, SCOPUS, delimiter) == COMMON | {
        "source": "scopus",
        "source_record_id": "2-s2.0-1",
        "abstract": "One, two.",
        "url": "http://a.x",
        "extra": {"Authors": "Doe, J.; Roe, R.", "Art. No.": "e5", "Cited by": "7", "Source": "Scopus"},
    }


@pytest.mark.parametrize(
    ("changed", "column", "expected"),
    [
        pytest.param({"Page start": "", "Page end": ""}, "pages", "e5", id="number of an article"),
        pytest.param({"Abstract": "[No abstract available]"}, "abstract", None, id="no abstract"),
        pytest.param({"Author full names": ""}, "authors", ["Doe, J.", "Roe, R."], id="short names"),
        pytest.param(
            {"Author full names": "", "Authors": "Doe J., Roe R."}, "authors", ["Doe J.", "Roe R."], id="commas"
        ),
        pytest.param(
            {"Author full names": "", "Authors": "[No author name available]"}, "authors", None, id="no authors"
        ),
    ],
)
def test_scopus_odd(changed: dict[str, str], column: str, expected: object) -> None:
    found = record(scopus_csv.READER, SCOPUS | changed)
    assert found.get(column) == expected
    placeholders = [value for value in changed.values() if value.startswith("[")]
    assert set(placeholders) <= set(found["extra"].values())


@pytest.mark.parametrize("missing", ["EID", "Author full names", "Art. No."])
def test_scopus_with_the_columns_that_somebody_chose(missing: str) -> None:
    assert record(scopus_csv.READER, {name: value for name, value in SCOPUS.items() if name != missing})["title"]


def test_zotero() -> None:
    assert record(zotero_csv.READER, ZOTERO) == COMMON | {
        "source": "zotero",
        "source_record_id": "AB12",
        "abstract": "One\n\ntwo.",
        "published_date": "2018-11-25",
        "arxiv_id": "1811.01234",
        "url": "http://a.x",
        "extra": {"Item Type": "journalArticle", "Extra": ZOTERO["Extra"], "Manual Tags": "boats; water"},
    }


def test_names_of_columns_in_another_case() -> None:
    row = {name.upper(): value for name, value in ZOTERO.items()}
    assert record(zotero_csv.READER, row)["title"] == "A title"


def test_web_of_science() -> None:
    text = (
        "PT\tAU\tAF\tTI\tSO\tVL\tIS\tBP\tEP\tPY\tDI\tPM\tDE\tUT\n"
        'J\tDoe, J; Roe, R\tDoe, Jane; Roe, Richard\tA "title\tJournal of Tests\t3\t4\t5\t6\t2018\t10.1234/a\t123\tx\tW:1\t\n'
    )
    [found] = entries_of(wos.TAB_READER, text).records
    assert {name: found[name] for name in COMMON} == COMMON | {"title": 'A "title'}
    assert found["extra"] == {"PT": "J", "AU": "Doe, J; Roe, R", "DE": "x"}


def test_row_that_does_not_add_up_is_a_reject_and_so_is_one_cut_in_a_character() -> None:
    text = table(ZOTERO, ZOTERO | {"Title": "B", "Abstract Note": "c"})
    found = entries_of(zotero_csv.READER, text.encode() + b'"AB14","book"\n"AB15","b\xc3')
    assert found.titles == ["A title", "B"]
    assert [reject["reason"] for reject in found.rejects] == [
        "has 2 fields where the header has 15",
        "is not UTF-8 at byte 10 of the line",
    ]


@pytest.mark.parametrize(
    "reader", [scopus_csv.READER, zotero_csv.READER, wos.TAB_READER], ids=lambda reader: reader.name
)
def test_another_table_is_refused(reader: Reader) -> None:
    assert reader.sniff(Head("x.csv", b"title,year\nA,1\n")) == 0
    with pytest.raises(UnknownFormatError, match="its first line is title,year"):
        entries_of(reader, "title,year\nA,1\n")
