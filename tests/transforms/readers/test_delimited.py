from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, UnknownFormatError
from transforms.readers.base import DumpInfo, Head
from transforms.readers.delimited import CSV_READER, TSV_READER

if TYPE_CHECKING:
    from pathlib import Path

    from transforms.readers.base import Reader

INFO = DumpInfo("table", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
Row = tuple[int, int, str | None, str | None]
Reject = tuple[int, int, str, str]


def read(data: str | bytes, reader: Reader = CSV_READER) -> tuple[list[Row], list[Reject]]:
    """Return (position, line, title, abstract) of the records and the rejects as they are."""
    raw = data.encode() if isinstance(data, str) else data
    batches = list(reader.read(io.BytesIO(raw), INFO))
    records = [row for batch in batches for row in batch.records.select("position", "line", "title", "abstract").rows()]
    return records, [row for batch in batches for row in batch.rejects.rows()]


def texts(data: str | bytes, reader: Reader = CSV_READER) -> list[tuple[str | None, str | None]]:
    records, rejects = read(data, reader)
    assert rejects == []
    return [(title, abstract) for _, _, title, abstract in records]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("title,abstract\nA,b\nC,d", [("A", "b"), ("C", "d")], id="plain"),
        pytest.param("title,abstract\r\nA,b\r\nC,d\r\n", [("A", "b"), ("C", "d")], id="CRLF"),
        pytest.param("title,abstract\rA,b\rC,d\r", [("A", "b"), ("C", "d")], id="CR"),
        pytest.param("\n\ntitle,abstract\n\nA,b\n \n\n", [("A", "b")], id="blank lines"),
        pytest.param("title;abstract\nA, and B;c\n", [("A, and B", "c")], id="semicolons"),
        pytest.param("title|abstract\nA, and B|c; d\n", [("A, and B", "c; d")], id="bars"),
        pytest.param('"title","abstract"\n"A, ""so"" said","b"\n', [('A, "so" said', "b")], id="quotes"),
        pytest.param('title, abstract\nA, "b, c"\n', [("A", "b, c")], id="spaces before quotes"),
        pytest.param('title,abstract\n"A\n\nB","c\r\nd"\n', [("A\n\nB", "c\nd")], id="line ends in quotes"),
        pytest.param('title,abstract\nA 5" disk,b\n', [('A 5" disk', "b")], id="quote inside of a field"),
        pytest.param("title,abstract\nA,\n,b\n", [("A", None), (None, "b")], id="empty is missing"),
        pytest.param("title,abstract\nA\u2028B,c\n", [("A\u2028B", "c")], id="separators of Unicode stay"),
        pytest.param("\ufefftitle,abstract\nA,b\n", [("A", "b")], id="byte order mark"),
        pytest.param("title,abstract\nÉa,é\n".encode("utf-16"), [("Éa", "é")], id="UTF-16"),
        pytest.param("title,abstract\nÉa,é\nB,œ".encode("cp1252"), [("Éa", "é"), ("B", "œ")], id="Windows-1252"),
        pytest.param("title,abstract\nÉa,é\nB,\xa0ö".encode("cp1252"), [("Éa", "é"), ("B", "\xa0ö")], id="ends in ö"),
    ],
)
def test_csv(data: str | bytes, expected: list[tuple[str | None, str | None]]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("title\tabstract\nA\tb, c\n", [("A", "b, c")], id="plain"),
        pytest.param('title\tabstract\n"A" or B\tc\n', [('"A" or B', "c")], id="bare quotes"),
        pytest.param('title\tabstract\n"A or B\tc\nD\te\n', [('"A or B', "c"), ("D", "e")], id="quote never closed"),
        pytest.param('title\tabstract\n"A ""or"" B"\tc\n', [('A "or" B', "c")], id="quoted"),
        pytest.param('title\tabstract\n"A\tB"\tc\n', [("A\tB", "c")], id="tab in quotes"),
        pytest.param('title\tabstract\nA\t"b\nc"\nD\te\n', [("A", "b\nc"), ("D", "e")], id="line end in quotes"),
    ],
)
def test_tsv(data: str, expected: list[tuple[str | None, str | None]]) -> None:
    assert texts(data, TSV_READER) == expected


@pytest.mark.parametrize(
    ("rows", "kept", "rejects"),
    [
        pytest.param("A,b\nC\nD,e", ["A", "D"], [(2, 3, "C", "has 1 fields where the header has 2")], id="too few"),
        pytest.param("A,b,c\nD,e", ["D"], [(1, 2, "A,b,c", "has 3 fields where the header has 2")], id="too many"),
        pytest.param(
            '"A","b","c"\nD,e', ["D"], [(1, 2, '"A","b","c"', "has 3 fields where the header has 2")], id="quoted"
        ),
        pytest.param(
            '"A","b\nc",d\nE,f', ["E"], [(1, 2, '"A","b\nc",d', "has 3 fields where the header has 2")], id="two lines"
        ),
        pytest.param(
            '"A,b\nC,d\nE,"f"x\nG,h',
            ["C", "G"],
            [
                (1, 2, '"A,b', "its quotes do not add up: ',' expected after '\"'"),
                (3, 4, 'E,"f"x', "its quotes do not add up: ',' expected after '\"'"),
            ],
            id="quote that another row closes",
        ),
        pytest.param(
            'A,b\n"C,d\nE,f\n',
            ["A", "E"],
            [(2, 3, '"C,d', "its quotes do not add up: unexpected end of data")],
            id="open",
        ),
    ],
)
def test_rows_that_do_not_add_up_are_rejects_and_the_others_go_on(
    rows: str, kept: list[str], rejects: list[Reject]
) -> None:
    records, rejected = read("title,abstract\n" + rows)
    assert [title for _, _, title, _ in records] == kept
    assert rejected == rejects


def test_quote_never_closed_costs_one_row_of_a_long_table() -> None:
    rows = [f"T{n},a" for n in range(9_000)]
    rows[10] = '"T10,a'
    records, rejects = read("title,abstract\n" + "\n".join(rows))
    assert (len(records), [reject[:3] for reject in rejects]) == (8_999, [(11, 12, '"T10,a')])


def test_line_that_is_not_utf8_is_a_reject_where_others_are() -> None:
    records, rejects = read("title,abstract\nÉ,é\n".encode() + b"B,\xe9t\xe9\nC,d\n")
    assert [title for _, _, title, _ in records] == ["É", "C"]
    assert rejects == [(2, 3, "B,\\xe9t\\xe9", "is not UTF-8 at byte 3 of the line")]


def test_half_a_character_at_the_end_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match=r"table, line 2: is truncated: .* after byte 20"):
        read("title,abstract\nA,b é".encode()[:-1])


def test_nul_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match="table, line 3: holds a NUL byte at byte 20"):
        read(b"title,abstract\nA,b\nC\0,d\n")


def test_table_without_titles_is_another_format() -> None:
    assert CSV_READER.sniff(Head("x.csv", b"name,year\nA,1\n")) == 0
    with pytest.raises(UnknownFormatError, match="no column of titles; its first line is name,year"):
        read("name,year\nA,1\n")


@pytest.mark.parametrize(("name", "is_table"), [("list.csv", True), ("list.CSV.gz", True), ("list.txt", False)])
def test_column_of_titles_alone_is_a_table_if_the_name_says_so(name: str, *, is_table: bool) -> None:
    assert (CSV_READER.sniff(Head(name, b"Title\nA\n")) > 0) is is_table


def test_columns_without_or_with_the_same_name_are_kept_apart() -> None:
    [batch] = CSV_READER.read(io.BytesIO(b"title,,title,note,note\nA,B,C,D,E\n"), INFO)
    row = batch.records.row(0, named=True)
    assert row["title"] == "A"
    assert row["extra"] == '{"(column 2)":"B","title (column 3)":"C","note":"D","note (column 5)":"E"}'


def test_raw_is_the_row_as_it_stands() -> None:
    [batch] = CSV_READER.read(io.BytesIO(b'title,abstract\r\n"A\r\nB","c ""d"""\r\n'), INFO)
    assert batch.records["raw"].to_list() == ['"A\nB","c ""d"""']


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12).filter(lambda cell: cell.strip())


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1), delimiter=st.sampled_from(",;|"))
def test_what_python_writes_as_csv_comes_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("title", "abstract"), *rows])
    assert texts(file.getvalue()) == rows


@pytest.mark.corpus
def test_openreview_list_agrees_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "openreview_tsv"
    [(name, truth)] = json.loads((folder / "truth.json").read_text()).items()
    found = texts((folder / name).read_bytes(), TSV_READER)
    assert [(fold(a), fold(b)) for a, b in found] == [
        (fold(paper["title"]), fold(paper["abstract"])) for paper in truth
    ]


@pytest.mark.corpus
def test_zotero_table_agrees_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "endnote_and_zotero"
    truth = json.loads((folder / "truth.json").read_text())["zotero_export.csv"]
    found = texts((folder / "zotero_export.csv").read_bytes())
    assert [(fold(a), fold(b)) for a, b in found] == [
        (fold(paper["title"]), fold(paper["abstract"])) for paper in truth
    ]


def fold(text: str | None) -> str:
    return " ".join((text or "").split())
