"""Read a dump of JSON, whatever its layout, through the mapping of one source.

head    --sniff-->  the first objects, whole or cut off  --judge-->  confidence
stream  --lines or items-->  Item, Broken  --entry-->  batches
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.readers.base import Batch, Broken, DumpInfo, Head, Reader, head_text
from transforms.readers.json_batches import Found, batches
from transforms.readers.json_fields import extra_of
from transforms.readers.json_items import read_items
from transforms.readers.json_values import Item, Row, lines_of, parse, parse_row, read_lines_of, shown_bytes
from transforms.readers.lines import read_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_EXTENSIONS: Final = (".json", ".jsonl", ".ndjson")

_JUDGED: Final = 5
"""Objects at the beginning of a dump that are looked at; those of one dump are alike."""

_TOKEN: Final = re.compile(rb'("(?:[^"\\]|\\.)*")(\s*:)?|([{\[])|([}\]])')
_HEAD: Final = DumpInfo("head", dt.datetime(1, 1, 1, tzinfo=dt.UTC))


class Sample(NamedTuple):
    """One of the first objects of a dump: the names of its members, and its bytes, perhaps cut off."""

    names: frozenset[str]
    data: bytes


@dataclass(frozen=True)
class Form:
    """How one source writes papers as JSON.

    `source` is the name of the source; `paths` say where its pages hold lists; `judge` says how sure it
    is of an object; `entry` takes the columns out of the members of an object, and leaves the others for
    `extra`. It returns None for an object that wraps nothing. `line` may find the same in one step, `extra` too,
    in a line that is as the source always writes it, and returns None for any other.
    """

    source: str
    paths: tuple[str, ...]
    judge: Callable[[Sample], float]
    entry: Callable[[Row], Found | None]
    line: Callable[[bytes], Found | None] | None = None

    def reader(self, name: str, description: str) -> Reader:
        """Return the reader of this form."""
        return Reader(name, description, self._sniff, self._read, _EXTENSIONS)

    def _sniff(self, head: Head) -> float:
        return max(map(self.judge, samples(head, self.paths)), default=0.0)

    def _read(self, stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
        return batches(self._entries(stream, info), self.source)

    def _entries(self, stream: BinaryIO, info: DumpInfo) -> Iterator[Found | Broken]:
        chunks = read_chunks(stream, info)
        first = next(chunks, b"")
        whole = chain([first], chunks)
        if _is_lines(first, self.paths):
            return self._of_lines(lines_of(whole, info), info)
        return map(self._entry, read_items(whole, self.paths, info))

    def _of_lines(self, lines: Iterable[tuple[bytes, int]], info: DumpInfo) -> Iterator[Found | Broken]:
        for data, number in lines:
            found = self.line(data) if self.line else None
            if found is None:
                yield self._entry(parse(data, number, info))
            else:
                found.line, found.raw = number, data
                yield found

    def _entry(self, item: Item | Broken) -> Found | Broken:
        if isinstance(item, Broken):
            return item
        found = self.entry(item.row)
        if found is None:
            return Broken(shown_bytes(item.data), "is null: its source has no paper there", item.line)
        found.line, found.raw, found.extra = item.line, item.data, extra_of(item.row, item.data)
        return found


def samples(head: Head, paths: Iterable[str]) -> list[Sample]:
    """Return the first objects of a dump, as far as the head goes, and what stands around those of a page."""
    data = _json_of(head)
    if _is_lines(data, paths):
        return _samples_of_lines(data)
    if not data:
        return []
    return [*(_sample(item) for item in islice(read_items([data], paths, _HEAD), _JUDGED)), _around(data)]


@lru_cache(maxsize=8)
def _json_of(head: Head) -> bytes:
    """Return the head as UTF-8 if it begins as JSON; every form looks at the same ones."""
    text = head_text(head).lstrip()
    return text.encode(errors="replace").replace(b"\0", b"?") if text[:1] in {"{", "["} else b""


@lru_cache(maxsize=8)
def _samples_of_lines(data: bytes) -> list[Sample]:
    return [_sample(item) for item in islice(read_lines_of([data], _HEAD), _JUDGED)]


@lru_cache(maxsize=8)
def _around(data: bytes) -> Sample:
    return Sample(frozenset(_outer_names(data)), data)


def _sample(item: Item | Broken) -> Sample:
    if isinstance(item, Item):
        return Sample(frozenset(item.row), item.data)
    data = item.raw.encode()
    return Sample(frozenset(_outer_names(data)), data)


def _outer_names(data: bytes) -> Iterator[str]:
    """Yield the names of the outermost object of JSON that may be cut off."""
    depth = 0
    for found in _TOKEN.finditer(data):
        string, colon, opening, closing = found.groups()
        depth += bool(opening) - bool(closing)
        if string and colon and depth == 1:
            yield string[1:-1].decode(errors="replace")


def _is_lines(data: bytes, paths: Iterable[str]) -> bool:
    """Tell whether a dump that begins so holds an object per line, rather than pages or objects over several lines."""
    rows = _rows_of_lines(data)
    return bool(rows) and not any(_is_page(row, paths) for row in rows)


@lru_cache(maxsize=8)
def _rows_of_lines(data: bytes) -> list[Row]:
    """Return the first lines that are objects of their own; none where there is but one line."""
    if data.find(b"\n") < 0:
        return []
    lines = [line for line in data.split(b"\n", _JUDGED)[:_JUDGED] if line.strip()]
    return [row for row in map(parse_row, lines) if row is not None]


def _is_page(row: Row, paths: Iterable[str]) -> bool:
    for path in paths:
        outer, _, inner = path.partition(".")
        found = row.get(outer)
        if inner and found is not None:
            found = (parse_row(found) or {}).get(inner)
        if found is not None and bytes(found[:1] if isinstance(found, bytes) else found).startswith(b"["):
            return True
    return False
