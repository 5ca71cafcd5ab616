"""Take the chrome off a Hugging Face papers page that was saved as text.

Around and between the papers such a page carries what belongs to the site: the menu, the
invitation to subscribe (the glued layout has the first title on the same line), the date, counts
of votes, names of submitters. What is left are the lines of titles and abstracts.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.errors import DamagedDumpError
from transforms.readers.base import DumpInfo, place, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROSE_LENGTH: Final = 300
"""Characters from which a line is prose: the longest of 648 real titles has 144, the shortest real abstract 444."""

_PREAMBLE_LINES: Final = 200
"""Lines before the first abstract; the whole menu of the site has about 60."""

_PROMOTION: Final = re.compile(r"get\b.{0,40}\bpapers\b.{0,60}\b(email|inbox)\b.{0,40}", re.IGNORECASE)
_BY_LINE: Final = re.compile(r"by\s*\S{1,40}(\s+\S{1,40}){0,3}\s+and the research community", re.IGNORECASE)
_GLUED: Final = re.compile(r"Subscribe(?!(rs?|d|s)\b)(?=\S)")
_DATE: Final = re.compile(r"(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(,?\s+(?P<year>\d{4}))?")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SENTENCE_BREAK: Final = re.compile(r"[a-z0-9)\]]{2}[.]\s+[A-Z]")

_CHROME: Final = re.compile(
    r"""new | subscribe | hugging\ face | (daily\ |trending\ )?papers? | daily | weekly | monthly | trending | today
    | models | datasets | spaces | buckets | posts | docs | enterprise | pricing | community | collections
    | organizations | log\ in | sign\ up | search | filter | previous | next | back\ to\ top
    | company | tos | privacy | about | careers | jobs | website | blog | system\ theme | ©\ hugging\ face
    | github | arxiv\ page | project\ page
    | [+-]?\d{1,3}(,?\d{3})*(\.\d)?\s?[km]?                  # votes, comments, stars
    | [·•|\u2013\u2014-]+\s*                                 # separators
    | [·•]?\s*\d+\s+(authors?|comments?|replies|upvotes?)
    | upvotes?:?\s*\d*
    | submitted\s+by(\s+\S{1,40})?
    | published\s+on\s+\S.{0,20}
    """,
    re.IGNORECASE | re.VERBOSE,
)


class PageLine(NamedTuple):
    """One line with text on it: its number in the dump, its text, and whether a blank line stands before it."""

    number: int
    text: str
    has_gap: bool


class Page(NamedTuple):
    """The date that the page shows, whether its year was inferred, and the lines of titles and abstracts."""

    date: dt.date | None
    is_date_inferred: bool | None
    lines: Iterator[PageLine]


def is_signature(text: str) -> bool:
    """Tell whether a line is found on no page but Hugging Face's."""
    return bool(_PROMOTION.fullmatch(text) or _BY_LINE.fullmatch(text))


def is_mark(text: str) -> bool:
    """Tell whether a line is one that Hugging Face's page has above its papers."""
    return text == "Subscribe" or is_signature(text)


def is_glued(text: str) -> bool:
    """Tell whether a line is the button `Subscribe` and the first title in one."""
    return bool(_GLUED.match(text))


def is_chrome(text: str) -> bool:
    """Tell whether a line belongs to the site and not to a paper."""
    return bool(is_mark(text) or _CHROME.fullmatch(text) or _as_date(text))


def is_prose(text: str) -> bool:
    """Tell whether a line is running text and cannot be a title."""
    return len(text) > PROSE_LENGTH or (2 * len(text) > PROSE_LENGTH and _is_sentences(text))


def _is_sentences(text: str) -> bool:
    return text.endswith(".") and bool(_SENTENCE_BREAK.search(text))


def open_page(lines: Iterable[PageLine], info: DumpInfo) -> Page:
    """Read the top of a page up to its first paper.

    A date without a year is the latest such day not after the file's own time. Raises
    DamagedDumpError for a day that no calendar has.
    """
    rest = iter(lines)
    top = _top(rest)
    end = _end_of_preamble(top)
    dates = [line for line in top[:end] if _as_date(line.text)]
    body = chain(_unglued(top[end - 1 : end]), top[end:], rest)
    date, is_inferred = _resolve(dates[-1], info) if dates else (None, None)
    return Page(date, is_inferred, (line for line in body if not is_chrome(line.text)))


def _top(lines: Iterator[PageLine]) -> list[PageLine]:
    top = []
    for line in islice(lines, _PREAMBLE_LINES):
        top.append(line)
        if is_prose(line.text):
            break
    return top


def _end_of_preamble(top: list[PageLine]) -> int:
    """Count the lines of the site at the top: through its last mark, then what else is chrome."""
    marks = [number for number, line in enumerate(top, start=1) if is_mark(line.text)]
    glued = [number for number, line in enumerate(top, start=1) if is_glued(line.text)]
    if glued and not any(line.text == "Subscribe" for line in top):
        return glued[0]
    end = marks[-1] if marks else 0
    while end < len(top) and is_chrome(top[end].text):
        end += 1
    return end


def _unglued(last: list[PageLine]) -> list[PageLine]:
    return [
        line._replace(text=_GLUED.sub("", line.text, count=1).strip(), has_gap=True)
        for line in last
        if is_glued(line.text)
    ]


def _as_date(text: str) -> re.Match[str] | None:
    found = _DATE.fullmatch(text)
    return found if found and month_number(found["month"]) else None


def month_number(name: str) -> int:
    """Return the number of a month from its name or the first letters of it, 0 for another word."""
    return next((n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower())), 0)


def _resolve(line: PageLine, info: DumpInfo) -> tuple[dt.date, bool]:
    found = _as_date(line.text)
    assert found is not None  # noqa: S101  # the caller chose the line by it
    month, day = month_number(found["month"]), int(found["day"])
    today = info.modified_at.date()
    years = [int(found["year"])] if found["year"] else range(today.year, today.year - 9, -1)
    for year in years:
        date = _day(year, month, day)
        if date and (found["year"] or date <= today):
            return date, not found["year"]
    raise DamagedDumpError(
        f"shows a date that does not exist: {shown(line.text)}",
        where=place(info, line.number),
        hint="correct the line, or take it out: the date of the file is used then",
    )


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
