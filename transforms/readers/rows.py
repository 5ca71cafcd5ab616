"""Turn the row of any table into an entry: known columns as text, the others as JSON beside them."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

from transforms.names import split_authors
from transforms.readers.aliases import match_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCE: Final = "table"
ARXIV: Final = "arxiv"

_MAX_LAYOUTS: Final = 1_000
"""Sets of columns that are remembered; the rows of JSON lines may each have their own."""

_COUNTS: Final = frozenset({"year", "volume", "number", "pmid"})
"""Columns of whole numbers, which other programs like to write as `1995.0`."""

_READ: Final = _COUNTS | {"authors", "seen_date"}
"""Columns whose text is not taken as it is."""

_WHOLE_FLOAT: Final = re.compile(r"\s*(\d+)\.0\s*")
_ARXIV_ID: Final = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
_ARXIV_ADDRESS: Final = "arxiv.org/"


@dataclass(frozen=True)
class _Layout:
    """What the columns of a table mean: those of plain text under one name, all other known ones, unknown ones."""

    texts: list[tuple[str, str]]
    others: list[tuple[str, list[str]]]
    unknown: list[str]


class Rows:
    """Knows the columns of a table; `entry` turns one row after another into entries."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], _Layout] = {}

    def entry(self, row: Mapping[str, object], line: int | None, raw: str) -> dict[str, object]:
        """Return the entry of a row. Empty values count as missing; nothing else is lost."""
        layout = self._layout(tuple(row))
        entry: dict[str, object] = {"line": line, "raw": raw, "source": SOURCE}
        extra = {name: value for name in layout.unknown if not _is_missing(value := row[name])}
        for column, name in layout.texts:
            value = row[name]
            if type(value) is str and not (value == "" or value.isspace()):
                entry[column] = value
            else:
                _take(column, name, value, entry, extra)
        for column, names in layout.others:
            for name in names:
                _take(column, name, row[name], entry, extra)
        _mark_arxiv(entry, row)
        if "seen_date" in entry:
            entry["is_seen_date_inferred"] = False
        if extra:
            entry["extra"] = to_json(extra)
        return entry

    def _layout(self, names: tuple[str, ...]) -> _Layout:
        layout = self._layouts.get(names)
        if layout is None:
            layout = _lay_out(names)
            if len(self._layouts) < _MAX_LAYOUTS:
                self._layouts[names] = layout
        return layout


def _lay_out(names: tuple[str, ...]) -> _Layout:
    known = match_columns(names)
    texts = [(column, found[0]) for column, found in known.items() if len(found) == 1 and column not in _READ]
    taken = {column for column, _ in texts}
    others = [(column, found) for column, found in known.items() if column not in taken]
    meant = {name for found in known.values() for name in found}
    return _Layout(texts, others, [name for name in names if name not in meant])


def _take(column: str, name: str, value: object, entry: dict[str, object], extra: dict[str, object]) -> None:
    """Put a value where it belongs: into its column, or into `extra` where that is taken or it does not fit."""
    if _is_missing(value):
        return
    found = None if column in entry and column != "source" else _convert(column, value)
    if found is None:
        extra[name] = value
    else:
        entry[column] = found


def to_json(value: object) -> str:
    """Write a value of any kind as JSON; what JSON has no form for becomes text.

    Raises RecursionError for a value that is nested hundreds of levels deep.
    """
    try:
        return orjson.dumps(value, default=_as_text, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # integers beyond 64 bits, deep nesting
        return json.dumps(value, default=_as_text, ensure_ascii=False)


def _as_text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _is_missing(value: object) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value == [] or value != value  # noqa: PLR0124  # NaN is not itself


def _convert(column: str, value: object) -> object:
    """Return a value as its column wants it; None where it does not fit."""
    if column == "authors":
        return _names(value) or None
    if column == "seen_date":
        return _day(value)
    text = value if isinstance(value, str) else _text(value)
    if column in _COUNTS and text is not None and (whole := _WHOLE_FLOAT.fullmatch(text)):
        return whole[1]
    return text


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
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


def _mark_arxiv(entry: dict[str, object], row: Mapping[str, object]) -> None:
    """Take the id of an arXiv listing for what it is: it stands beside an address at arXiv."""
    own = entry.get("source_record_id")
    if not isinstance(own, str) or "arxiv_id" in entry or not _ARXIV_ID.fullmatch(own):
        return
    if _ARXIV_ADDRESS in str(entry.get("url")) or _ARXIV_ADDRESS in str(row.get("pdf")):
        entry["arxiv_id"] = own
        if entry["source"] == SOURCE:
            entry["source"] = ARXIV
