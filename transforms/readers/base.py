"""What a reader is, and the few steps that most of them share.

    stream of bytes  --sniff-->  Reader  --read-->  Batch, Batch, Batch ...

A reader is two functions: `sniff` looks at the first bytes and says how sure it is, `read` turns
the whole stream into bounded batches. Entries that cannot be read are yielded as rejects with
their raw text and line, so that nothing is lost; a stream that makes no sense at all raises a
`DumpError`.
"""

from __future__ import annotations

import codecs
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

HEAD_BYTES: Final = 64 * 1024
"""How many of the first bytes a reader may look at: room for the first long lines of any format."""

MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

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
    """Return the first bytes as text for a look at them: UTF-16 by its mark, else UTF-8, else as Windows wrote it."""
    for mark, encoding in MARKS.items():
        if head.data.startswith(mark):
            return head.data.removeprefix(mark).decode(encoding, "ignore")
    try:
        return head.data.decode()
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data"
        return head.data.decode("utf-8" if is_cut else "cp1252", "ignore")


def batched(entries: Iterable[Entry | Broken], size: int = BATCH_SIZE) -> Iterator[Batch]:
    """Count the entries 1, 2, 3 ... and gather them into batches of at most `size`."""
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
