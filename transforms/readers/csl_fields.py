"""Fields, names and dates as the Citation Style Language writes them in JSON, and after it Crossref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from transforms.readers.jats import plain_abstract
from transforms.readers.json_batches import Found
from transforms.readers.json_fields import joined, look, look_each, take_first, take_text, take_word

if TYPE_CHECKING:
    from transforms.readers.json_values import Row


class Name(msgspec.Struct, rename="kebab"):
    """A person by the parts of the name, or an organisation by `name` (Crossref) or `literal` (CSL)."""

    given: str | None = None
    family: str | None = None
    suffix: str | None = None
    name: str | None = None
    literal: str | None = None
    dropping_particle: str | None = None
    non_dropping_particle: str | None = None


class Date(msgspec.Struct, rename="kebab"):
    """A day by its parts, as far as they are known: [[2007, 3]]; or as its source wrote it."""

    date_parts: list[list[int | str | None]] | None = None
    raw: str | None = None
    literal: str | None = None


_NAME: Final = msgspec.json.Decoder(Name)
_NAMES: Final = msgspec.json.Decoder(list[Name])
_DATE: Final = msgspec.json.Decoder(Date)
_DAY_PARTS: Final = 3


def take_work(row: Row) -> Found:
    """Take the fields that CSL and Crossref name alike."""
    year, day = date_parts(row, "issued")
    return Found(
        title=take_first(row, "title"),
        abstract=plain_abstract(take_text(row, "abstract")),
        authors=names(row, "author"),
        venue=take_first(row, "container-title"),
        volume=take_word(row, "volume"),
        number=take_word(row, "issue"),
        pages=take_text(row, "page"),
        year=year,
        published_date=day,
        doi=take_text(row, "DOI"),
        url=take_text(row, "URL"),
    )


def names(row: Row, key: str) -> list[str] | None:
    """Return the names of a list of persons and organisations, in order; the list stays in `row`."""
    found = look(row, key, _NAMES)
    if found is None:
        found = look_each(row, key, _NAME)
    return [text for one in found if (text := _written(one))] or None


def _written(one: Name) -> str | None:
    person = joined((one.given, one.dropping_particle, one.non_dropping_particle, one.family, one.suffix))
    return person or one.name or one.literal


def date_parts(row: Row, key: str) -> tuple[str | None, str | None]:
    """Return year and day of a date; the day is None where only the year or the month is known, or a text that says it.

    Of a span of days the first counts.
    """
    date = look(row, key, _DATE)
    if date is None:
        return None, None
    first = date.date_parts[0] if date.date_parts else []
    parts = [str(part) for part in first if part not in {None, ""}]
    if not parts:
        return None, date.raw or date.literal
    is_day = len(parts) >= _DAY_PARTS
    return parts[0], "-".join(part.zfill(2) for part in parts[:_DAY_PARTS]) if is_day else None
