"""Where an entry of tagged lines begins and ends, whatever is missing; told with RIS, which has all the signs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_entries import entries_of

from transforms.errors import HostileDumpError
from transforms.readers import endnote_tagged, nbib, ris, wos
from transforms.readers.base import MAX_LINE_BYTES

A = "TY  - JOUR\nTI  - A\nER  - \n"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        pytest.param("TI  - A\nAU  - X, Y\nER  - \nTY  - JOUR\nTI  - B\nER  - \n", ["A", "B"], id="first without TY"),
        pytest.param(A + "TI  - B\nER  - \n" + A, ["A", "B", "A"], id="TY missing behind ER"),
        pytest.param(A + "\nID  - 1\nTI  - B\nER  - \n", ["A", "B"], id="TY missing behind a blank line"),
        pytest.param("TY  - JOUR\nTI  - A\nTY  - JOUR\nTI  - B\nER  - \n", ["A", "B"], id="ER missing"),
        pytest.param("TY  - JOUR\nTI  - A\n\nTY  - JOUR\nTI  - B\n", ["A", "B"], id="no ER anywhere"),
        pytest.param("TI  - A\nAU  - X\n\nAU  - Y\nTI  - B\n\nTI  - C\n", ["A", "B", "C"], id="neither TY nor ER"),
        pytest.param("TY  - JOUR\nTI  - A\n\nAU  - Y\nTI  - B\nER  - \n", ["A", "B"], id="ER and TY missing"),
        pytest.param("TY  - JOUR\n\nTI  - A\n\nAU  - Y\n\nER  - \n\n" * 2, ["A", "A"], id="blank line behind each"),
        pytest.param("ID  - 1\nTY  - JOUR\nTI  - A\nER  - \n", ["A"], id="a tag before TY"),
        pytest.param(A + "\nID  - 1\nTY  - JOUR\nTI  - B\nER  - \n", ["A", "B"], id="a tag before the second TY"),
        pytest.param(A + "ER  - \nER  -\n" + A, ["A", "A"], id="ER twice"),
        pytest.param("TY  - JOUR\nTY  - JOUR\nTI  - A\nER  - \n", [None, "A"], id="TY twice is two entries"),
        pytest.param("Search: boats\n\n1.\n" + A + "\n2.\n" + A, ["A", "A"], id="text around the entries"),
        pytest.param(A + "NL  - J Test\nLink: x\n\n" + A, ["A", "A"], id="a tag behind ER"),
        pytest.param(A + "\ufeff" + A, ["A", "A"], id="byte order mark between two files"),
        pytest.param(A.rstrip("\n") + A, ["A", "A"], id="two files without a line end between them"),
        pytest.param(A.rstrip("\n") + "\ufeff" + A, ["A", "A"], id="nor anything but a byte order mark"),
        pytest.param(A + A.rstrip(), ["A", "A"], id="no line end at the end"),
        pytest.param(A + "TY  - JOUR\nTI  - B\n", ["A", "B"], id="last without ER"),
        pytest.param("TY  - JOUR\nTI  - B", ["B"], id="only one, without ER and line end"),
    ],
)
def test_entries_are_told_apart(text: str, titles: list[str | None]) -> None:
    found = entries_of(ris.READER, text)
    assert (found.titles, found.rejects) == (titles, [])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{}  - {}", id="as it should be"),
        pytest.param("{}  -{}", id="no blank behind the hyphen"),
        pytest.param("{} - {}", id="one blank before the hyphen"),
        pytest.param("{}- {}", id="no blank before the hyphen"),
        pytest.param("  {}  - {}", id="indented"),
        pytest.param("{}\t- {}", id="tab"),
        pytest.param("{}   -  {}", id="more blanks"),
        pytest.param("{}  \u2013 {}", id="a dash"),
        pytest.param("{}\xa0\xa0- {}", id="blanks of a web page"),
    ],
)
@pytest.mark.parametrize("is_lower", [False, True])
def test_ways_to_write_tags(line: str, *, is_lower: bool) -> None:
    pairs = [("TY", "JOUR"), ("TI", "A"), ("AB", "b"), ("XY", "is unknown"), ("ER", "")]
    lines = [line.format(tag.lower() if is_lower else tag, value) for tag, value in pairs]
    [record] = entries_of(ris.READER, "\n".join(lines)).records
    assert (record["title"], record["abstract"][:1]) == ("A", "b")
    assert "is unknown" in f"{record['abstract']} {record['extra']}"


def test_hyphen_without_blanks() -> None:
    found = entries_of(ris.READER, "TY-JOUR\nTI-A\nAB-b\nER-positive\nIL-6\nER-\nTY-JOUR\nTI-B\nER-\n")
    assert found.titles == ["A", "B"]
    assert found.records[0]["abstract"] == "b\nER-positive\nIL-6"


@pytest.mark.parametrize("line", ["IL-6 and", "ER-positive", "ER - positive", "AN - not", "an - not", "AB-", "Ti - x"])
def test_text_at_the_begin_of_a_line_is_no_tag_of_a_dump_that_writes_them_well(line: str) -> None:
    [record] = entries_of(ris.READER, f"TY  - JOUR\nAB  - a\n{line}\nb\nTI  - A\nER  - \n").records
    assert record["abstract"] == f"a\n{line}\nb"


def test_lines_without_tag_go_on_with_the_value() -> None:
    [record] = entries_of(ris.READER, "TY  - JOUR\nTI  - A\n title\nAB  - a\n\n  b\nKW  - k\nl\nER  - \n").records
    assert (record["title"], record["abstract"], record["extra"]["KW"]) == ("A\ntitle", "a\nb", ["k", "l"])


def test_lines_count_on_over_files_without_a_line_end_between_them() -> None:
    found = entries_of(ris.READER, A.rstrip("\n") + A + "\n" + A)
    assert [(record["line"], record["raw"]) for record in found.records] == [(1, A[:-1]), (3, A[:-1]), (7, A[:-1])]


def test_everything_without_a_column_is_in_extra() -> None:
    text = "Search: boats\nTY  - JOUR\nTI  - A\nTI  - B\nXX  - x\nXX  - y\nER  - end\nNL  - n\n\nLink: z\n"
    [record] = entries_of(ris.READER, text).records
    extra = {
        "untagged": ["Search: boats", "Link: z"],
        "TY": "JOUR",
        "TI": "B",
        "XX": ["x", "y"],
        "ER": "end",
        "NL": "n",
    }
    assert record["extra"] == extra
    assert (record["line"], record["raw"]) == (2, text.rstrip())


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        pytest.param(
            A + "TY  - JOUR\nTI  - B\nAB  - begi", ["breaks off: the dump ends in it, before the ER"], id="cut"
        ),
        pytest.param(A + "TY  - JOUR\nTI  - B\nER", ["breaks off: the dump ends in it, before the ER"], id="cut in ER"),
        pytest.param(A.encode() + "TY  - JOUR\nTI  - é".encode()[:-1], ["breaks off: the dump ends inside"], id="é"),
        pytest.param(
            A.encode() + b"\xc3\xa9\xc3\xa9\nTY  - BOOK\nTI  - \xff\nER  - \n", ["holds bytes that"], id="byte"
        ),
        pytest.param("nothing\nat all\n", ["has no tag that an entry needs"], id="no entry"),
    ],
)
def test_rejects_say_why(text: str | bytes, reasons: list[str]) -> None:
    found = entries_of(ris.READER, text)
    assert [reject["reason"][: len(reason)] for reject, reason in zip(found.rejects, reasons, strict=True)] == reasons


def test_reject_shows_line_and_text() -> None:
    [reject] = entries_of(ris.READER, f"{A}\n\nTY  - JOUR\nTI  - ÿ\nAB  - é".encode() + b"\xff\nER  - \n").rejects
    assert (reject["position"], reject["line"]) == (2, 6)
    assert reject["raw"] == "TY  - JOUR\nTI  - ÿ\nAB  - é\\xff\nER  - "


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (ris.READER, A),
        (nbib.READER, "PMID- 1\nTI  - A\n"),
        (wos.READER, "PT J\nTI A\n"),
        (endnote_tagged.READER, "%0 x\n%T A\n"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_entry_without_end_is_hostile(reader: ris.Reader, text: str) -> None:
    with pytest.raises(HostileDumpError, match="line 1: has an entry that takes more than"):
        entries_of(reader, text.replace("ER  - \n", "") + "some words of text\n" * (MAX_LINE_BYTES // 64))


ENDS = st.sampled_from(["\n", "\r", "\r\n"])
WORDS = st.text("abc é\u2028\x0b-:;", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(titles=st.lists(st.tuples(WORDS, ENDS), min_size=1, max_size=6), mark=st.booleans())
def test_line_ends_may_be_mixed(titles: list[tuple[str, str]], *, mark: bool) -> None:
    text = "".join(f"TY  - JOUR{end}TI  - {title}\nER  - {end}" for title, end in titles)
    data = text.encode("utf-8-sig" if mark else "utf-8")
    assert entries_of(ris.READER, data).titles == [title for title, _ in titles]


LINES = st.sampled_from(
    ["TY  - JOUR", "TI  - A", "AU  - X", "ER  - ", "ER  -", "", "text", "XX  - y", "ty - JOUR", "KW  - k", "2.", "  "]
)


@given(lines=st.lists(LINES, max_size=25), is_open=st.booleans())
def test_no_line_is_lost_or_doubled(lines: list[str], *, is_open: bool) -> None:
    """Whatever the order, the raw texts of records and rejects are the dump."""
    text = "\n".join(lines) + ("" if is_open else "\n")
    found = entries_of(ris.READER, text)
    ordered = sorted((*found.records, *found.rejects), key=lambda entry: entry["position"])
    given_lines = [line for line in lines if line.strip()]
    assert [line for entry in ordered for line in entry["raw"].split("\n") if line.strip()] == given_lines
    assert all(text.split("\n")[entry["line"] - 1].strip() for entry in ordered)
