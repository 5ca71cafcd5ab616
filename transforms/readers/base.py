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
from typing import TYPE_CHECKING, BinaryIO, Final

import polars as pl

from transforms.schema import RAW_RECORD, RAW_REJECT

if TYPE_CHECKING:
    import datetime as dt

BATCH_SIZE: Final = 10_000
"""Entries per batch: enough to make frames worthwhile, few enough to keep memory bounded."""

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""The longest line that a reader takes; the longest real one known (OpenAlex) is about 4 MB."""


@dataclass(frozen=True)
class Head:
    """What a reader may look at to recognise its format: the file's name and its first bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class DumpInfo:
    """What a reader may know of the dump beside its bytes.

    `modified_at` is the file's own time, in UTC.
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
    """

    name: str
    description: str
    sniff: Callable[[Head], float]
    read: Callable[[BinaryIO, DumpInfo], Iterator[Batch]]


def batched(entries: Iterable[Entry | Broken], size: int = BATCH_SIZE) -> Iterator[Batch]:
    """Number the entries 1, 2, 3 ... and gather them into batches of at most `size`."""
    records: list[dict[str, object]] = []
    rejects: list[dict[str, object]] = []
    for position, entry in enumerate(entries, start=1):
        if isinstance(entry, Broken):
            rejects.append({"position": position, "line": entry.line, "raw": entry.raw, "reason": entry.reason})
        else:
            records.append({"position": position, **entry})
        if len(records) + len(rejects) == size:
            yield _frames(records, rejects)
            records, rejects = [], []
    if records or rejects:
        yield _frames(records, rejects)


def _frames(records: list[dict[str, object]], rejects: list[dict[str, object]]) -> Batch:
    return Batch(
        pl.DataFrame(records, schema=RAW_RECORD),
        pl.DataFrame(rejects, schema=RAW_REJECT),
    )
