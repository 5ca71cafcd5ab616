"""Years and days as dumps write them: ISO, PubMed, BibTeX, mail, spreadsheets."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import polars as pl

from transforms.rows import named, only_where

_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 - reads better than twelve quotes
_NAME: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_TH: Final = r"(?:st|nd|rd|th)?"

_DAY_FORMS: Final[tuple[tuple[str, str], ...]] = (
    (r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:\D.*)?$", "$1-$2-$3"),
    (r"^(\d{4})(\d{2})(\d{2})(?:t?\d{4,6}z?)?$", "$1-$2-$3"),
    (rf"^(\d{{4}})[\s,/-]+{_NAME}[\s,/-]+(\d{{1,2}}){_TH}(?:\D.*)?$", "$1-$2-$3"),
    (rf"^(?:[a-z]+\.?,?\s+)?(\d{{1,2}}){_TH}[\s,./-]+{_NAME}[\s,./-]+(\d{{4}})(?:\D.*)?$", "$3-$2-$1"),
    (rf"^(?:[a-z]+\.?,?\s+)?{_NAME}\s+(\d{{1,2}}){_TH},?\s+(\d{{4}})(?:\D.*)?$", "$3-$1-$2"),
    (r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", "$3-$2-$1"),
    (r"^(1[3-9]|2\d|3[01])[/-](\d{1,2})[/-](\d{4})$", "$3-$2-$1"),
    (r"^(\d{1,2})[/-](1[3-9]|2\d|3[01])[/-](\d{4})$", "$3-$1-$2"),
)
"""What each form looks like in lower case, and its year-month-day. 03/04/2005 is none of them: nobody knows which."""

_CAPTURED: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<sep>[-_.])(?P<m>\d\d)(?P=sep)(?P<d>\d\d)(?!\d)"
    r"|(?<![0-9A-Za-z])(?P<Y>(?:19|20)\d\d)(?P<M>\d\d)(?P<D>\d\d)(?=$|[^0-9A-Za-z]|[Tt]\d|\d{6}(?!\d))"
)


def published_day(col: pl.Expr | str) -> pl.Expr:
    """Day that a text names in full; null where day or month is missing or uncertain."""
    text = named(col).str.strip_chars().str.to_lowercase()
    forms = [pl.when(text.str.contains(form)).then(text.str.replace(form, ymd)) for form, ymd in _DAY_FORMS]
    numbers = {name: str(month) for month, name in enumerate(_MONTHS, start=1)}
    return pl.coalesce(forms).str.replace_many(numbers).str.to_date("%Y-%m-%d", strict=False)


def published_year(col: pl.Expr | str) -> pl.Expr:
    """Year that a text names: "2005", "c2005", "2005-03", "March 2005", "20050318"; of several, the first.

    A bare number is a year whatever its size, so that the contract can refuse it; 0 is none.
    """
    text = only_where(named(col).str.strip_chars(), lambda year: ~year.str.contains(r"^[1-9][0-9]{0,4}$"), _year_named)
    year = text.cast(pl.Int32, strict=False)
    return pl.when(year != 0).then(year)


def _year_named(text: pl.Expr) -> pl.Expr:
    bare = text.str.extract(r"^(-?\d{1,5})(?:\.0+)?$", 1)
    compact = text.str.extract(r"^((?:1[4-9]|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?(?:[Tt]?\d{4,6}Z?)?$", 1)
    standing_alone = text.str.extract(r"(?:^|\D)((?:1[4-9]|20)\d\d)(?:\D|$)", 1)
    return pl.coalesce(bare, compact, standing_alone)


def captured_date_of(name: str) -> dt.date | None:
    """Day in a file name: ``2025-03-18.jsonl.gz``, ``papers_20250318T0600.txt``; of several, the latest."""
    days = (_day(found) for found in _CAPTURED.finditer(name))
    return max((day for day in days if day), default=None)


def _day(found: re.Match[str]) -> dt.date | None:
    year, month, day = (int(found[part] or found[part.upper()]) for part in ("y", "m", "d"))
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
