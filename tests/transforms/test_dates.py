"""Years and days in the forms that dumps use."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dates import captured_date_of, published_day, published_year


@pytest.mark.parametrize(
    ("text", "year", "day"),
    [
        pytest.param(None, None, None, id="missing"),
        pytest.param("n.d.", None, None, id="no date"),
        pytest.param("in press", None, None, id="in press"),
        pytest.param("0", None, None, id="zero"),
        pytest.param("'92", None, None, id="two digits"),
        pytest.param("12345678901", None, None, id="too long"),
        pytest.param("3021", 3021, None, id="out of range, for the contract to refuse"),
        pytest.param("2005", 2005, None, id="year"),
        pytest.param("2005.0", 2005, None, id="through a spreadsheet"),
        pytest.param("c2005", 2005, None, id="copyright"),
        pytest.param("[2005?]", 2005, None, id="guessed by a librarian"),
        pytest.param("1998-1999", 1998, None, id="two years"),
        pytest.param("2005-03", 2005, None, id="month"),
        pytest.param("200503", 2005, None, id="month without hyphen"),
        pytest.param("March 2005", 2005, None, id="month by name"),
        pytest.param("2005 Mar-Apr", 2005, None, id="two months"),
        pytest.param("03/04/2005", 2005, None, id="day or month first, nobody knows"),
        pytest.param("2005-02-30", 2005, None, id="no such day"),
        pytest.param("2005-03-04", 2005, dt.date(2005, 3, 4), id="ISO"),
        pytest.param("2005-03-04T23:59:59-05:00", 2005, dt.date(2005, 3, 4), id="instant, the day as written"),
        pytest.param("2005-03-04 10:00", 2005, dt.date(2005, 3, 4), id="day and time"),
        pytest.param("2005/3/4", 2005, dt.date(2005, 3, 4), id="slashes"),
        pytest.param("20050304", 2005, dt.date(2005, 3, 4), id="compact"),
        pytest.param("20050304T101500Z", 2005, dt.date(2005, 3, 4), id="compact instant"),
        pytest.param("2005 Mar 4", 2005, dt.date(2005, 3, 4), id="PubMed"),
        pytest.param("2005-Mar-04", 2005, dt.date(2005, 3, 4), id="month by name within"),
        pytest.param("4 March 2005", 2005, dt.date(2005, 3, 4), id="British"),
        pytest.param("March 4th, 2005", 2005, dt.date(2005, 3, 4), id="American"),
        pytest.param("Sept. 4, 2005", 2005, dt.date(2005, 9, 4), id="month with a full stop"),
        pytest.param("Fri, 4 Mar 2005 19:18:42 GMT", 2005, dt.date(2005, 3, 4), id="mail"),
        pytest.param("04.03.2005", 2005, dt.date(2005, 3, 4), id="German"),
        pytest.param("25/03/2005", 2005, dt.date(2005, 3, 25), id="day first, surely"),
        pytest.param("03/25/2005", 2005, dt.date(2005, 3, 25), id="month first, surely"),
    ],
)
def test_published(text: str | None, year: int | None, day: dt.date | None) -> None:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    assert frame.select(year=published_year("text"), day=published_day("text")).row(0) == (year, day)


@given(text=st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    frame = pl.DataFrame({"text": [text]})
    assert frame.select(year=published_year("text"), day=published_day("text")).dtypes == [pl.Int32, pl.Date]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("papers.txt", None, id="none"),
        pytest.param("000_5f2c20240101ab.txt", None, id="digits within a checksum"),
        pytest.param("2025-13-01.html", None, id="no such month"),
        pytest.param("2025-02.jsonl", None, id="month"),
        pytest.param("12025-03-18.txt", None, id="a longer number"),
        pytest.param("2025-03-18.jsonl.gz", dt.date(2025, 3, 18), id="ISO"),
        pytest.param("papers_20250318.txt", dt.date(2025, 3, 18), id="compact"),
        pytest.param("papers_20250318T0600.txt", dt.date(2025, 3, 18), id="compact with time"),
        pytest.param("dump-20250318060000.xml", dt.date(2025, 3, 18), id="fourteen digits"),
        pytest.param("hf2025_03_18.md", dt.date(2025, 3, 18), id="underscores"),
        pytest.param("2025-03-01_2025-03-18.csv", dt.date(2025, 3, 18), id="the later of two"),
    ],
)
def test_captured_date_of(name: str, expected: dt.date | None) -> None:
    assert captured_date_of(name) == expected


@given(
    day=st.dates(min_value=dt.date(1990, 1, 1), max_value=dt.date(2099, 12, 31)),
    before=st.sampled_from(["", "a_", "x-"]),
)
def test_every_day_is_found(day: dt.date, before: str) -> None:
    assert captured_date_of(f"{before}{day:%Y-%m-%d}.txt") == day
    assert captured_date_of(f"{before}{day:%Y%m%d}.txt") == day
