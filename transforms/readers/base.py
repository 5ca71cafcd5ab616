"""What a reader is, and the few steps that most of them share.

    stream of bytes  --sniff-->  Reader  --read-->  Batch, Batch, Batch ...

A reader is two functions: `sniff` looks at the first bytes and says how sure it is, `read` turns
the whole stream into bounded batches. Entries that cannot be read are yielded as rejects with
their raw text and line, so that nothing is lost; a stream that makes no sense at all raises a
`DumpError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import polars as pl
import pyarrow as pa

from transforms.readers.encoding import decode_head
from transforms.schema import RAW_RECORD, RAW_REJECT, TEXTS

if TYPE_CHECKING:
    import datetime as dt

BATCH_SIZE: Final = 10_000
"""Entries per batch: enough to make frames worthwhile, few enough to keep memory bounded."""

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""The longest line that a reader takes; the longest real one known (OpenAlex) is about 4 MB."""

_BATCH_LENGTH: Final = 64 * 1024 * 1024
"""Characters of raw text from which a batch is full, however few its entries."""

HEAD_BYTES: Final = 64 * 1024
"""How many of the first bytes a reader may look at: room for the first long lines of any format."""

SHOWN_LENGTH: Final = 120
"""The longest piece of a dump's name or text that a message quotes, in characters."""


@dataclass(frozen=True)
class Head:
    """What a reader may look at to recognise its format: the file's name and its first bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class DumpInfo:
    """What a reader may know of the dump beside its bytes.

    `modified_at` is when the dump was captured, in UTC: the end of the day that its name says, else
    the file's own time.
    """

    name: str
    modified_at: dt.datetime


@dataclass(frozen=True)
class Broken:
    """An entry that could not be read: its raw text, the line where it begins, and why."""

    raw: str
    reason: str
    line: int | None = None


Entry = Mapping[str, object]
"""Some columns of RAW_RECORD of one entry, `position` left out."""


@dataclass(frozen=True)
class Batch:
    """Up to BATCH_SIZE entries of a dump: frames of the shapes RAW_RECORD and RAW_REJECT."""

    records: pl.DataFrame
    rejects: pl.DataFrame


@dataclass(frozen=True)
class Reader:
    """One dump format: its name, what it is, and the two functions that know it.

    `sniff` returns its confidence from 0 (not this format) to 1 (nothing else looks like this).
    `extensions` are the usual ends of a file's name, for people: nothing is recognised by them alone.
    `takes` says what `read` is given: `text`, UTF-8 without a mark, whatever the dump is written in;
    `xml`, the bytes as they stand, whose declaration the XML parser heeds; `bytes` of a binary format,
    on a stream that can seek where the dump is not compressed.
    """

    name: str
    description: str
    sniff: Callable[[Head], float]
    read: Callable[[BinaryIO, DumpInfo], Iterator[Batch]]
    extensions: tuple[str, ...] = ()
    takes: Literal["text", "xml", "bytes"] = "text"


def shown(text: str, length: int = SHOWN_LENGTH) -> str:
    """Quote a name or a piece of a dump on one printable line, so that it cannot forge a message."""
    if len(text) > length:
        text = text[: length - 3] + "..."
    is_plain = text.isprintable() and text == text.strip() and not set(text) & set("\\'\"")
    return text if is_plain and text else ascii(text)


def place(info: DumpInfo, line: int | None = None) -> str:
    """Where an error stands: the dump, and the line if there is one."""
    return shown(info.name) if line is None else f"{shown(info.name)}, line {line:,}"


def head_text(head: Head) -> str:
    """Return the first bytes as text for a look at them, in the encoding that they seem to have."""
    return decode_head(head.data)


@lru_cache(maxsize=8)
def first_lines(head: Head) -> tuple[str, ...]:
    """Return the lines of `head_text`, cut wherever Unicode ends a line; the last one may be cut off."""
    return tuple(head_text(head).splitlines())


def batched(entries: Iterable[Entry | Broken], size: int = BATCH_SIZE) -> Iterator[Batch]:
    """Count the entries 1, 2, 3 ... and gather them into batches of at most `size`, and fewer where they are long."""
    records: list[tuple[int, Entry]] = []
    rejects: list[tuple[int, Broken]] = []
    length = 0
    for position, entry in enumerate(entries, start=1):
        if isinstance(entry, Broken):
            rejects.append((position, entry))
            length += len(entry.raw)
        else:
            records.append((position, entry))
            length += len(str(entry.get("raw")))
        if len(records) + len(rejects) == size or length > _BATCH_LENGTH:
            yield _batch(records, rejects)
            records, rejects, length = [], [], 0
    if records or rejects:
        yield _batch(records, rejects)


def _batch(records: list[tuple[int, Entry]], rejects: list[tuple[int, Broken]]) -> Batch:
    positions = [position for position, _ in records]
    entries = [entry for _, entry in records]
    there = set[str]().union(*entries)
    columns = {name: [entry.get(name) for entry in entries] if name in there else None for name in RAW_RECORD}
    made = [series(name, columns[name], len(entries)) for name in RAW_RECORD if name != "position"]
    broken = [(position, entry.line, entry.raw, entry.reason) for position, entry in rejects]
    return Batch(
        pl.DataFrame([pl.Series("position", positions, RAW_RECORD["position"]), *made]),
        pl.DataFrame(broken, schema=RAW_REJECT, orient="row"),
    )


def series(name: str, values: list[object] | None, height: int) -> pl.Series:
    """Build a column of RAW_RECORD from its values, or without any."""
    dtype = RAW_RECORD[name]
    if values is None:
        return _missing(name).new_from_index(0, height)
    if dtype != TEXTS:
        return pl.Series(name, values, dtype)
    return texts(name, values)


@cache
def _missing(name: str) -> pl.Series:
    return pl.Series(name, [None], RAW_RECORD[name])


def texts(name: str, values: list[Any]) -> pl.Series:
    """Build a column of lists of text through Arrow: four times as fast as from Python lists.

    The parts come from Polars, because Arrow imports pandas before it looks at a Python list.
    """
    offsets = pl.Series("", [0, *accumulate([len(texts) if texts else 0 for texts in values])], pl.Int64)
    flat = pl.Series("", list(chain.from_iterable(filter(None, values))), pl.String)
    is_missing = pl.Series("", [texts is None for texts in values], pl.Boolean).to_arrow() if None in values else None
    parts = offsets.to_arrow(), flat.to_arrow(compat_level=pl.CompatLevel.oldest())  # the oldest text is a large string
    return pl.Series(name, pa.LargeListArray.from_arrays(*parts, mask=is_missing), TEXTS)
