"""The fields of one entry, taken one by one into columns; what nobody takes is `extra`.

A form that is read through `Fields` cannot drop anything: a value is either in a column or left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from transforms.readers.rows import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_YEAR: Final = re.compile(r"(?<!\d)(?:1[4-9]|20)\d\d(?!\d)")
_FULL_DAY: Final = re.compile(r"\d{4}(?:[-/.]\d{1,2}[-/.]|[ /-][A-Za-z]{3,9}[ /-])\d{1,2}(?!\d)")
_DAY_OF_YEAR: Final = re.compile(r"(?:[A-Za-z]{3,9}\.? \d{1,2}|\d{1,2} [A-Za-z]{3,9}\.?)")
_DOI: Final = re.compile(r"(?:doi:?\s*|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}(?:\.\d+)*/\S+", re.IGNORECASE)
_SEMICOLON: Final = re.compile("[;\uff1b]")
_RANGE: Final = re.compile(r"\S+\s*[-\u2013]\s*\S+")


class Fields:
    """The values of one entry by their tags or names, in the order of the dump; empty ones are none."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        self._left = found

    def look(self, tag: str) -> str:
        """Return the first value of a tag and leave it where it is; empty where there is none."""
        return next(iter(self._left.get(tag, ())), "")

    def all(self, *tags: str) -> list[str]:
        """Take every value of the tags."""
        return [value for tag in tags for value in self._left.pop(tag, ())]

    def first(self, *tags: str, where: Callable[[str], object] = bool) -> str | None:
        """Take one value: of the first tag that has one, and of its values the first that fits `where`.

        Repetitions of the same value under the same tag go with it; all others stay.
        """
        for tag in tags:
            for value in self._left.get(tag, ()):
                if where(value):
                    self._take(tag, value)
                    return value
        return None

    def joined(self, *tags: str) -> str | None:
        """Take all values of the first tag that has one, as paragraphs of one text."""
        for tag in tags:
            if values := self._left.pop(tag, None):
                return "\n".join(dict.fromkeys(values))
        return None

    def extra(self, **more: object) -> str | None:
        """Return what was not taken, and `more`, as a JSON object; one value as text, several as a list."""
        left: dict[str, object] = {tag: values[0] if len(values) == 1 else values for tag, values in self._left.items()}
        left |= {name: value for name, value in more.items() if value}
        return to_json(left) if left else None

    def _take(self, tag: str, taken: str) -> None:
        values = self._left[tag]
        if len(values) > 1 and (rest := [value for value in values if value != taken]):
            self._left[tag] = rest
        else:
            del self._left[tag]


def take_doi(fields: Fields, certain: Iterable[str], possible: Iterable[str] = ()) -> str | None:
    """Take the DOI: from tags that are meant for it, then from tags where some programs put it."""
    sure = tuple(certain)
    doi = fields.first(*sure, *possible, where=_DOI.fullmatch)
    return doi or fields.first(*sure)


def take_year(fields: Fields, *tags: str) -> str | None:
    """Take the first value that holds a year, else the first at all."""
    return fields.first(*tags, where=_YEAR.search) or fields.first(*tags)


def names_day(text: str) -> bool:
    """Tell whether a date has year, month and day: `2019/12/01/`, `2018 Nov 25`."""
    return bool(_FULL_DAY.match(text))


def take_day(fields: Fields, *tags: str, year: str | None) -> str | None:
    """Take a day in full; `year`, taken before, may be one; a day without its year (`JUN 8`) gets that one."""
    if year and names_day(year):
        return year
    if day := fields.first(*tags, where=names_day):
        return day
    found = _YEAR.search(year or "")
    day = fields.first(*tags, where=_DAY_OF_YEAR.fullmatch) if found else None
    return f"{day} {found[0]}" if day and found else None


def take_pages(fields: Fields, start: str, end: str, *article_numbers: str) -> str | None:
    """Take first and last page as one range; the number of an article stands for pages where there are none."""
    first, last = fields.look(start), fields.look(end)
    if (first, last) == ("No", "Specified"):  # so Ovid writes "No pages specified"
        first = last = ""
    if first:
        fields.first(start)
    if last and not (first and _RANGE.fullmatch(first)):
        fields.first(end)
        return f"{first}-{last}" if first and first != last else last
    return first or fields.first(*article_numbers)


def split_names(values: Iterable[str]) -> list[str] | None:
    """Cut lines of names at semicolons, the only sign that never stands within a name."""
    names = [name.strip(" ,") for value in values for name in _SEMICOLON.split(value)]
    return [name for name in names if name] or None
