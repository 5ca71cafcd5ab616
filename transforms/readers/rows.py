"""What the rows of a table mean: known columns as text, the others as JSON beside them.

Rows come many at a time and go through column by column: a call per value would cost more than
reading the value did.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import orjson

from transforms.names import split_authors
from transforms.readers.aliases import match_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SOURCE: Final = "table"
ARXIV: Final = "arxiv"

_MAX_LAYOUTS: Final = 1_000
"""Sets of columns that are remembered; the rows of JSON lines may each have their own."""

COUNTS: Final = frozenset({"year", "volume", "number", "pmid"})
"""Columns of whole numbers, which other programs like to write as `1995.0`."""

_READ: Final = COUNTS | {"authors", "seen_date"}
"""Columns whose text is not taken as it is."""

_PLAIN: Final = frozenset({str, type(None)})
_WHOLE_FLOAT: Final = re.compile(r"\s*(\d+)\.0\s*")
ARXIV_ID: Final = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
ARXIV_ADDRESS: Final = "arxiv.org/"

Values = list[Any]
"""One value per row."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row: its values by the names of their columns, the line where it begins, and how it stands in the dump."""

    values: Mapping[str, object]
    line: int | None
    raw: str | bytes


@dataclass(frozen=True)
class Layout:
    """What the columns of a table mean: those of plain text under one name, all other known ones, unknown ones."""

    texts: list[tuple[str, str]]
    others: list[tuple[str, list[str]]]
    unknown: list[str]


class Rows:
    """Knows the columns of a table, of which the rows of JSON lines may each have others."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def columns(self, rows: Sequence[Row]) -> dict[str, Values]:
        """Return columns of RAW_RECORD, one value per row; `raw` and `extra` may be bytes.

        Empty values count as missing; nothing else is lost. Raises RecursionError for a value that is
        nested hundreds of levels deep.
        """
        found: dict[str, Values] = {"source": [SOURCE] * len(rows)}
        for names, places in _by_names(rows).items():
            own = _columns(self._layout(names), [rows[place].values for place in places])
            if len(places) == len(rows):
                found |= own
                break
            for column, values in own.items():
                _put(found.setdefault(column, [None] * len(rows)), places, values)
        return found | {"line": [row.line for row in rows], "raw": [row.raw for row in rows]}

    def _layout(self, names: tuple[str, ...]) -> Layout:
        layout = self._layouts.get(names)
        if layout is None:
            layout = lay_out(names)
            if len(self._layouts) < _MAX_LAYOUTS:
                self._layouts[names] = layout
        return layout


def _by_names(rows: Sequence[Row]) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(tuple(row.values), []).append(place)
    return places


def _put(column: Values, places: Sequence[int], values: Values) -> None:
    for place, value in zip(places, values, strict=True):
        column[place] = value


def lay_out(names: tuple[str, ...]) -> Layout:
    """Say what columns with these names mean."""
    known = match_columns(names)
    texts = [(column, found[0]) for column, found in known.items() if len(found) == 1 and column not in _READ]
    taken = {column for column, _ in texts}
    others = [(column, found) for column, found in known.items() if column not in taken]
    meant = {name for found in known.values() for name in found}
    return Layout(texts, others, [name for name in names if name not in meant])


def _columns(layout: Layout, rows: Sequence[Mapping[str, object]]) -> dict[str, Values]:
    """Return the columns of rows that all have the same names."""
    extras = [
        {
            name: value
            for name in layout.unknown
            # what is_missing says, without a call for each text
            if (value := row[name]) is not None and (value.strip() if type(value) is str else not is_missing(value))
        }
        for row in rows
    ]
    found = {column: _texts(column, name, [row[name] for row in rows], extras) for column, name in layout.texts}
    found |= {column: _first_of(column, names, rows, extras) for column, names in layout.others}
    found["source"] = [source or SOURCE for source in found.get("source", [None] * len(rows))]
    if "source_record_id" in found:
        _mark_arxiv(found, rows)
    if "seen_date" in found:
        found["is_seen_date_inferred"] = [None if day is None else False for day in found["seen_date"]]
    found["extra"] = [_json(extra) if extra else None for extra in extras]
    return found


def _texts(column: str, name: str, values: Values, extras: Sequence[dict[str, object]]) -> Values:
    """Take the values of one name; those that do not fit go to `extras`."""
    found: Values = [value if type(value) is str and value and not value.isspace() else None for value in values]
    if not _PLAIN.issuperset(map(type, values)):
        for place, value in enumerate(values):
            if type(value) not in _PLAIN:
                found[place] = converted(column, name, value, extras[place])
    return found


def _first_of(
    column: str, names: Sequence[str], rows: Sequence[Mapping[str, object]], extras: Sequence[dict[str, object]]
) -> Values:
    """Take, of each row, the first of several names that holds a value; the others go to `extras`."""
    values = [row[names[0]] for row in rows]
    found = _as_they_stand(column, values)
    for place, value in enumerate(values):
        if found[place] is None and value is not None:
            found[place] = converted(column, names[0], value, extras[place])
    for name in names[1:]:
        for place, row in enumerate(rows):
            if found[place] is None or column == "source":
                found[place] = converted(column, name, row[name], extras[place]) or found[place]
            elif not is_missing(row[name]):
                extras[place][name] = row[name]
    return found


def _as_they_stand(column: str, values: Values) -> Values:
    """Return the values that need no second look, which are most: `converted` for all would cost as much as the parse."""
    if column in COUNTS:
        return [
            value if type(value) is str and value.isdecimal() else str(value) if type(value) is int else None
            for value in values
        ]
    if column == "authors":
        return [_names(value) or None if type(value) is list else None for value in values]
    return [None] * len(values)


def converted(column: str, name: str, value: object, extra: dict[str, object]) -> object:
    """Return a value as its column wants it; None where there is none or it does not fit, and is put into `extra`."""
    if is_missing(value):
        return None
    found = _convert(column, value)
    if found is None:
        extra[name] = value
    return found


def to_json(value: object) -> str:
    """Write a value of any kind as JSON; what JSON has no form for becomes text.

    Raises RecursionError for a value that is nested hundreds of levels deep.
    """
    return _json(value).decode()


def _json(value: object) -> bytes:
    try:
        return _dumps(value)
    except TypeError:  # integers beyond 64 bits, deep nesting
        return json.dumps(value, default=_as_text, ensure_ascii=False).encode()


def _as_text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def is_missing(value: object) -> bool:
    """Tell whether a value says nothing: none, blank text, an empty list, NaN."""
    if isinstance(value, str | bytes):
        return not value or value.isspace()
    return value is None or value == [] or value != value  # noqa: PLR0124  # NaN is not itself


def _convert(column: str, value: object) -> object:
    """Return a value as its column wants it; None where it does not fit."""
    if column == "authors":
        return _names(value) or None
    if column == "seen_date":
        return _day(value)
    text = value if isinstance(value, str) else _text(value)
    return whole_number(text) if column in COUNTS and text is not None else text


def whole_number(text: str) -> str:
    """Return a whole number that was written with a point, `1995.0`, without it; any other text as it stands."""
    whole = _WHOLE_FLOAT.fullmatch(text)
    return whole[1] if whole else text


_dumps: Final = partial(orjson.dumps, default=_as_text, option=orjson.OPT_NON_STR_KEYS)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0] or None
    write = _WRITERS.get(type(value))
    return write(value) if write else None


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    bool: lambda value: str(value).lower(),
    int: str,
    float: lambda value: str(int(value)) if value.is_integer() else repr(value),
    Decimal: str,
    dt.date: dt.date.isoformat,
    dt.datetime: dt.datetime.isoformat,
    bytes: _as_text,
}


def _day(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            return None
    return value if isinstance(value, dt.date) else None


def _names(value: object) -> list[str]:
    if isinstance(value, list):
        try:
            return [name for name in map(str.strip, value) if name]
        except TypeError:
            return [name for part in value if (name := part.strip() if isinstance(part, str) else _name(part))]
    text = _text(value)
    return split_authors(text) if text else []


def _name(value: object) -> str:
    """Return one author of a list that is not plain text: an object with a name, or with its parts."""
    if not isinstance(value, dict):
        return _text(value) or ""
    if name := value.get("name") or value.get("full_name") or value.get("fullname"):
        return str(name).strip()
    given = value.get("given") or value.get("first") or value.get("first_name") or ""
    family = value.get("family") or value.get("last") or value.get("last_name") or ""
    return f"{given} {family}".strip()


def _mark_arxiv(found: dict[str, Values], rows: Sequence[Mapping[str, object]]) -> None:
    """Take the ids of an arXiv listing for what they are: each stands beside an address at arXiv."""
    missing = [None] * len(rows)
    known, urls = found.get("arxiv_id", missing), found.get("url", missing)
    ids = list(known)
    for place, own in enumerate(found["source_record_id"]):
        if known[place] is not None or own is None or not ARXIV_ID.fullmatch(own):
            continue
        if ARXIV_ADDRESS in str(urls[place]) or ARXIV_ADDRESS in str(rows[place].get("pdf")):
            ids[place] = own
            if found["source"][place] == SOURCE:
                found["source"][place] = ARXIV
    found["arxiv_id"] = ids
