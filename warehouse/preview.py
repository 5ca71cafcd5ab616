"""Read the beginning of one file as an ingest would, without a lake: what `paperlake read` shows."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.errors import UnreadableDumpError, UsageError
from transforms.normalize import normalize_records
from transforms.readers import recognise_with_sureness
from transforms.readers.base import DumpInfo
from transforms.readers.reading import read_dump
from transforms.schema import RECORDS
from warehouse.archive import archive_kind
from warehouse.reader_packages import installed_readers
from warehouse.staging import captured_at
from warehouse.streams import open_dump, read_head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transforms.readers.base import Batch, Reader
    from transforms.readers.reading import Reading

_OF_THE_LAKE: Final = ("record_id", "dump_id", "title_key", "variant_id")
"""Columns that say nothing without a lake."""

_SHOWN: Final = [name for name in RECORDS.names if name not in _OF_THE_LAKE]


@dataclass
class Preview:
    """A file that is being read: who reads it, how sure that reader is, and the parts in turn.

    A part is two frames: records with the columns of the lake, and rejects. `encoding` is what is
    known of it so far.
    """

    reader: Reader
    sureness: float
    compression: str | None
    parts: Iterator[tuple[pl.DataFrame, pl.DataFrame]]
    _reading: Reading

    @property
    def encoding(self) -> str | None:
        """What the text is written in; None for binary formats."""
        return self._reading.encoding


@contextmanager
def preview(path: Path, limit: int | None) -> Iterator[Preview]:
    """Read the first `limit` entries of a file, or all; taking the parts raises a DumpError where that fails.

    Raises UsageError for an archive, UnreadableDumpError for a file that is not there.
    """
    if not path.exists():
        raise UnreadableDumpError("there is no such file", where=str(path), hint="check the path")
    if archive_kind(path):
        raise UsageError("is an archive", where=str(path), hint="unpack it and name one of its files")
    with open_dump(path) as opened:
        head = read_head(opened)
        reader, sureness = recognise_with_sureness(head, installed_readers())
        shown_at = captured_at(path.name, "", dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC))
        reading = read_dump(reader, opened.stream, head, DumpInfo(path.name, shown_at))
        parts = _parts(reading.batches, limit, shown_at.date())
        yield Preview(reader, sureness, opened.compression, parts, reading)


def _parts(batches: Iterator[Batch], limit: int | None, day: dt.date) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    places = {"dump_id": pl.lit("0" * 64), "captured_date": pl.lit(day)}
    for batch in batches:
        is_wanted = pl.col("position") <= (limit if limit is not None else pl.col("position"))
        rejects = batch.rejects.filter(is_wanted)
        raw = batch.records.filter(is_wanted)
        records = normalize_records(raw.lazy(), **places).select(_SHOWN).collect()
        yield records.insert_column(1, raw["line"]), rejects
        if limit is not None and max(_last(batch.records), _last(batch.rejects)) >= limit:
            return


def _last(entries: pl.DataFrame) -> int:
    return int(entries.item(-1, "position")) if entries.height else 0
