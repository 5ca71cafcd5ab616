"""Build batches from entries of fixed columns, column by column.

What `base.batched` does for entries of any columns, this does in a third of the time where a reader
always gives the same ones: no dictionary is made and asked for each entry.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import polars as pl

from transforms.readers.base import BATCH_SIZE, Batch, Broken, texts
from transforms.schema import RAW_RECORD, RAW_REJECT, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    _Reject = tuple[int, int | None, str, str]

_BATCH_LENGTH: Final = 16 * 1024 * 1024
"""Characters of raw text from which a batch is full: entries of 15 KB, as OpenAlex has them, soon fill the memory."""


_BYTES: Final = frozenset({"raw", "extra"})


class Found(msgspec.Struct, kw_only=True, gc=False):
    """What a reader of one source finds in an entry: columns of RAW_RECORD as they stand in the dump.

    `raw` and `extra` are bytes, which go into a frame at half the cost of text.
    """

    source_record_id: str | None = None
    title: str | None = None
    abstract: str | None = None
    authors: list[str] | None = None
    venue: str | None = None
    volume: str | None = None
    number: str | None = None
    pages: str | None = None
    year: str | None = None
    published_date: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    pmid: str | None = None
    url: str | None = None
    line: int | None = None
    raw: bytes = b""
    extra: bytes | None = None


def batches(entries: Iterable[Found | Broken], source: str) -> Iterator[Batch]:
    """Count the entries 1, 2, 3 ... and gather them into bounded batches; all of them come from `source`."""
    records: list[Found] = []
    positions: list[int] = []
    rejects: list[_Reject] = []
    length = 0
    for position, entry in enumerate(entries, start=1):
        length += len(entry.raw)
        if isinstance(entry, Found):
            records.append(entry)
            positions.append(position)
        else:
            rejects.append((position, entry.line, entry.raw, entry.reason))
        if length > _BATCH_LENGTH or len(records) + len(rejects) == BATCH_SIZE:
            yield _batch(records, positions, rejects, source)
            records, positions, rejects, length = [], [], [], 0
    if records or rejects:
        yield _batch(records, positions, rejects, source)


def _batch(records: list[Found], positions: list[int], rejects: list[_Reject], source: str) -> Batch:
    try:
        frame = _frame(records, positions, source)
    except pl.exceptions.ComputeError:  # some bytes are not UTF-8
        faults = [_not_utf8(record, position) for record, position in zip(records, positions, strict=True)]
        rejects = sorted([*rejects, *(fault for fault in faults if fault)])
        good = [pair for pair, fault in zip(zip(records, positions, strict=True), faults, strict=True) if not fault]
        frame = _frame([record for record, _ in good], [position for _, position in good], source)
    return Batch(frame, pl.DataFrame(rejects, schema=RAW_REJECT, orient="row"))


def _frame(records: list[Found], positions: list[int], source: str) -> pl.DataFrame:
    columns = [pl.Series("position", positions, RAW_RECORD["position"])]
    columns += [_column(name, list(map(attrgetter(name), records))) for name in Found.__struct_fields__]
    frame = pl.DataFrame(columns).with_columns(pl.lit(source).alias("source"))
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in RAW_RECORD.items() if name not in frame.columns]
    return frame.with_columns(missing).select(RAW_RECORD.names())


def _column(name: str, values: list[Any]) -> pl.Series:
    dtype = RAW_RECORD[name]
    if dtype == TEXTS:
        return texts(name, values)
    if name in _BYTES:
        return pl.Series(name, values, pl.Binary).cast(pl.String)
    return pl.Series(name, values, dtype)


def _not_utf8(record: Found, position: int) -> _Reject | None:
    try:
        record.raw.decode()
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 at byte {error.start + 1:,} of the entry"
        return position, record.line, record.raw.decode(errors="backslashreplace"), reason
    return None
