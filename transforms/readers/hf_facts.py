"""Read the short facts that a Hugging Face papers page prints around a paper.

101   -   Upvote 117            votes
· 8 authors                     how many
Published on Oct 4, 2026        the day of the paper; without a year it is the year of the page
May 29[6]   May 296             the same with the number of comments, in a link or glued
Submitted by somebody · GitHub 1.2k · arXiv Page
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

from transforms.readers.hf_page import is_chrome, month_number

_COUNT: Final = r"\d+(?:[,.]\d+)*\s?[km]?"
_VOTES: Final = re.compile(rf"(?:\[[ x-]?\]\s*)?(?:upvotes?:?\s*)?(?P<count>{_COUNT}|[-\u2013\u2014])", re.IGNORECASE)
_UPVOTE: Final = re.compile(rf"(?:\[[ x-]?\]\s*)?upvotes?:?\s*(?P<count>{_COUNT}|[-\u2013\u2014])?", re.IGNORECASE)
_AUTHORS: Final = re.compile(r"[·•\s]*(?P<count>\d{1,5})\s+authors?", re.IGNORECASE)
_SUBMITTED: Final = re.compile(r"[·•\s]*submitted\s+by:?\s*(?P<name>.{0,80})", re.IGNORECASE | re.DOTALL)
_GITHUB: Final = re.compile(rf"\[?(?:link:\s*)?github\s*(?P<count>{_COUNT})?\]?", re.IGNORECASE)
_COMMENTS: Final = re.compile(rf"[·•\s]*(?P<count>{_COUNT})\s+(?:comments?|replies)", re.IGNORECASE)
_DAY: Final = re.compile(
    r"[·•\s]*(?:(?:published|submitted)\s+on\s+|on\s+)?(?P<month>[A-Za-z]{3,9})\.?\s+(?P<digits>\d{1,6})"
    r"(?:,?\s+(?P<year>(?:19|20)\d\d)(?P<glued>\d{0,4}))?(?:\s+(?P<apart>\d{1,4}))?[·•\s]*",
    re.IGNORECASE,
)
_SITE: Final = re.compile(
    r"[·•|\s]*(?:arxiv|arxiv page|view arxiv page|view pdf|pdf|project page|github|hugging face|add to collection|new"
    r"|copy markdown|ai-generated summary|trending papers|daily papers|published on|submitted by|authors:?|abstract|community|\+\s?\d+"
    r"|#\d+ paper of the (?:day|week|month))[·•|\s]*|[·•|\s]+|\[[^\[\]]{0,80}\]",
    re.IGNORECASE,
)
_THOUSANDS: Final = {"k": 1_000, "m": 1_000_000}
_LAST_DAY: Final = 31
_FACT_LENGTH: Final = 120


class ShownDay(NamedTuple):
    """A day as a page prints it: month, day, year where it says one, and the comments glued to it."""

    month: int
    day: int
    year: int | None
    comments: int | None


def votes_of(text: str) -> int | None:
    """Read a number of votes; the site prints a dash for none."""
    found = _VOTES.fullmatch(text.strip())
    return number_of(found["count"]) if found else None


def is_upvote(text: str) -> bool:
    """Tell whether a text is the button that is pressed to vote, with or without its number."""
    return _UPVOTE.fullmatch(text.strip()) is not None


def author_count(text: str) -> int | None:
    """Read `· 8 authors`."""
    found = _AUTHORS.fullmatch(text.strip())
    return int(found["count"]) if found else None


def submitter(text: str) -> str | None:
    """Read `Submitted by NAME`; empty where the name stands elsewhere, None for another text."""
    found = _SUBMITTED.fullmatch(text.strip())
    return found["name"].strip() if found else None


def github_stars(text: str) -> int | None:
    """Read the stars of `GitHub 1.2k`; None for another text or without a number."""
    found = _GITHUB.fullmatch(text.strip())
    return number_of(found["count"]) if found and found["count"] else None


def comment_count(text: str) -> int | None:
    """Read `6 comments`."""
    found = _COMMENTS.fullmatch(text.strip())
    return number_of(found["count"]) if found else None


def number_of(text: str) -> int:
    """Read a number as the site shortens it: 1,234, 1.2k, and a dash for nothing."""
    plain = text.strip().lower().replace(",", "").replace(" ", "")
    if not plain[:1].isdigit():
        return 0
    factor = _THOUSANDS.get(plain[-1], 1)
    try:
        return round(float(plain.rstrip("km")) * factor)
    except ValueError:  # 1.2.3
        return 0


def shown_day(text: str) -> ShownDay | None:
    """Read a day; digits that are too many for a day, or for a year, are the comments glued to it."""
    found = _DAY.fullmatch(text)
    month = month_number(found["month"]) if found else 0
    if not found or not month:
        return None
    cut = _cut_day(found["digits"], has_year=found["year"] is not None)
    if cut is None:
        return None
    day, glued = cut
    comments = glued or found["glued"] or found["apart"]
    return ShownDay(month, day, int(found["year"]) if found["year"] else None, int(comments) if comments else None)


def _cut_day(digits: str, *, has_year: bool) -> tuple[int, str] | None:
    """Cut `296` into 29 and 6, `81` into 8 and 1; `21` is the day 21."""
    for length in (2, 1):
        day, rest = int(digits[:length]), digits[length:]
        if 1 <= day <= _LAST_DAY and not rest.startswith("0") and not (rest and has_year):
            return day, rest
    return None


def resolve_day(shown: ShownDay, latest: dt.date) -> dt.date | None:
    """Return the day; without a year the last such day that is not after `latest`; None where no calendar has it."""
    years = [shown.year] if shown.year else range(latest.year, latest.year - 9, -1)
    days = (_day(year, shown.month, shown.day) for year in years)
    return next((day for day in days if day and (shown.year or day <= latest)), None)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def is_fact(text: str) -> bool:
    """Tell whether a text is one of the facts around a paper, or belongs to the site."""
    short = text.strip()
    return len(short) <= _FACT_LENGTH and bool(
        not short
        or _VOTES.fullmatch(short)
        or is_upvote(short)
        or _AUTHORS.fullmatch(short)
        or _SUBMITTED.fullmatch(short)
        or _GITHUB.fullmatch(short)
        or _SITE.fullmatch(short)
        or is_chrome(short)
        or shown_day(short)
    )
