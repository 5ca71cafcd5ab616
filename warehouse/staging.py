"""Reads dumps into staged Parquet: the first half of an ingest.

    file --open--> bytes --recognise--> reader --batches--> STAGING/<dump_id>/
                                                              entries-000001.parquet ...
                                                              rejects-000001.parquet ...
                                                              raw.zst (or .gz, as captured)
    entries of all dumps --normalized together--> STAGING/records-000001.parquet ...

Each dump is read apart, so that a bad one harms no other. Normalization goes over many dumps at
once: setting it up takes longer than a small dump needs, and so does opening a file for each.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import math
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl
from pyarrow import parquet as pq

from transforms.errors import DumpError, UnreadableDumpError
from transforms.normalize import captured_date_of, normalize_records
from transforms.readers import recognise
from transforms.readers.base import Batch, DumpInfo, shown
from transforms.readers.reading import read_dump
from transforms.schema import RAW_RECORD
from warehouse.address import name_of
from warehouse.durable import write_whole
from warehouse.lake import UNBORN, make_folders
from warehouse.locking import try_lock
from warehouse.raw_copy import kept_beside
from warehouse.reader_packages import installed_readers
from warehouse.staged import StagedBatch, StagedDump
from warehouse.streams import open_dump, read_head, sha256_file
from warehouse.unpack import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from transforms.readers.base import Head, Reader
    from warehouse.lake import Lake
    from warehouse.ledger import NewDump

PART_BYTES: Final = 64 * 1024 * 1024
"""Packed size of the entries that are normalized at once: some 50,000 records, 0.6 GB while at work."""

PART_ROWS: Final = 50_000
"""Entries that are normalized at once: some pack so well that their size says little."""

PASSING: Final = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ECONNRESET, errno.EBUSY})
"""System errors that another try may not meet."""

_NORMALIZED: Final = [*(name for name in RAW_RECORD if name not in ("line", "raw")), "dump_id", "captured_date"]
"""What normalization reads of an entry: where it stands and how it was written is for rejects."""

RUN_LOCK: Final = "run.lock"
"""The file in a run's folder that the run holds locked while it lives."""


@contextmanager
def staging_folder(lake: Lake, run_id: str) -> Iterator[Path]:
    """Give a run its own folder in the lake's staging, and sweep away what dead runs left."""
    make_folders(lake)
    folder = lake.staging / run_id
    with _alone_in(lake.staging):
        _sweep(lake.staging)
        folder.mkdir()
        lock = (folder / RUN_LOCK).open("w", encoding="utf-8")
        fcntl.flock(lock, fcntl.LOCK_EX)
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(staging: Path) -> None:
    """Remove what dead runs left in staging; the caller holds the writer's lock, so that no lake is being made."""
    with _alone_in(staging):
        shutil.rmtree(staging / UNBORN, ignore_errors=True)
        _sweep(staging)


@contextmanager
def _alone_in(staging: Path) -> Iterator[None]:
    """Keep other processes from adding folders to staging, or sweeping them away."""
    handle = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(staging: Path) -> None:
    """Remove the folders of runs that hold their lock no longer, or died before they had one."""
    for folder in staging.iterdir():
        if folder.name != UNBORN and folder.is_dir() and not _is_alive(folder / RUN_LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(lock_file: Path) -> bool:
    if not lock_file.exists():
        return False
    with lock_file.open("a", encoding="utf-8") as lock:
        return not try_lock(lock)


def refuse(dump: NewDump, error: Exception, staging: Path) -> StagedDump:
    """Make the record of a dump that could not even be tried to the end."""
    hint = "check the disk or the network, then run again"
    refused = UnreadableDumpError(f"reading failed: {error}", where=str(dump.path), hint=hint)
    folder = staging / dump.dump_id
    return StagedDump(
        dump.dump_id, dump.uri, dump.byte_count, dump.modified_at, folder, error=str(_called_by_place(refused, dump))
    )


def stage_dump(dump: NewDump, staging: Path, *, keep_raw: bool = True) -> StagedDump:
    """Read one dump into `staging`, with a copy of its bytes unless the lake has that already.

    A dump that cannot be read comes back with its `error`. OSError is raised where the disk or the
    network failed, so that the caller can try again.
    """
    folder = staging / dump.dump_id
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try of this task
    folder.mkdir()
    staged = StagedDump(dump.dump_id, dump.uri, dump.byte_count, dump.modified_at, folder)
    try:
        return _read(dump, staged, keep_raw=keep_raw)
    except DumpError as error:
        if is_passing(error):
            raise OSError(str(error)) from error
        shutil.rmtree(folder)
        return replace(staged, error=str(_called_by_place(error, dump)))


def is_passing(error: DumpError) -> bool:
    """Tell a failure of the disk or the network from a fault of the dump."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in PASSING


def _called_by_place(error: DumpError, dump: NewDump) -> DumpError:
    """Call a dump by the name that it had, the member of an archive by the archive and its name there."""
    if dump.archive or dump.found_at:
        line = re.search(r", line [\d,]+$", error.where)
        error.where = shown(dump.place) + (line[0] if line else "")
    return error


def _read(dump: NewDump, staged: StagedDump, *, keep_raw: bool) -> StagedDump:
    with open_dump(dump.path, DEFAULT_LIMITS, dump.name) as opened:
        head: Head = read_head(opened)
        reader: Reader = recognise(head, installed_readers())
        staged = replace(staged, reader=reader.name, compression=opened.compression)
        shown_at = captured_at(dump.name, name_of(dump.archive), dump.modified_at)
        reading = read_dump(reader, opened.stream, head, DumpInfo(dump.name, shown_at))
        packing = opened.compression or ("parquet" if reader.name == "parquet" else None)
        with kept_beside(dump.path, staged.folder, packing) if keep_raw else nullcontext():
            staged = _write_batches(reading.batches, staged, shown_at.date())
    if keep_raw and sha256_file(dump.path) != dump.dump_id:
        raise UnreadableDumpError(
            "the file changed while it was read", where=str(dump.path), hint="the next run reads it again"
        )
    return replace(staged, encoding=reading.encoding, text_byte_count=opened.byte_count)


def captured_at(name: str, archive: str, modified_at: dt.datetime) -> dt.datetime:
    """Tell when a dump was captured: on the day that its name or its archive's says, else at the file's own time.

    A name stays when a file is copied or cloned; its time does not.
    """
    day = captured_date_of(name) or captured_date_of(archive)
    return dt.datetime.combine(day, dt.time.max, dt.UTC) if day else modified_at


def _write_batches(batches: Iterable[Batch], staged: StagedDump, captured: dt.date) -> StagedDump:
    """Write each batch while the next one is read; count what was read."""
    records = rejects = 0
    days: list[dt.date] = []
    with ThreadPoolExecutor(1, thread_name_prefix="write") as beside:
        written: list[Future[list[dt.date]]] = []
        for number, batch in enumerate(batches, start=1):
            days += written.pop().result() if written else []
            written.append(beside.submit(_write_batch, batch, number, staged, captured))
            records += batch.records.height
            rejects += batch.rejects.height
        days += written.pop().result() if written else []
    return replace(staged, captured_date=max(days, default=captured), records_read=records, rejects_read=rejects)


def _write_batch(batch: Batch, number: int, staged: StagedDump, captured: dt.date) -> list[dt.date]:
    """Write one batch; return the latest day that it shows, if it shows any."""
    if batch.rejects.height:
        rejects = batch.rejects.with_columns(dump_id=pl.lit(staged.dump_id))
        write_whole(rejects, staged.folder / f"rejects-{number:06d}.parquet")
    if not batch.records.height:
        return []
    height = batch.records.height
    same = pl.Series("dump_id", [staged.dump_id]), pl.Series("captured_date", [captured])
    entries = batch.records.hstack([value.new_from_index(0, height) for value in same])
    write_whole(entries, staged.folder / f"entries-{number:06d}.parquet")
    latest = entries.get_column("seen_date").max()
    return [latest] if isinstance(latest, dt.date) else []


def normalize_staged(dumps: Sequence[StagedDump], staging: Path) -> StagedBatch:
    """Normalize the entries of all dumps that could be read into files of `staging`, a bounded part at a time."""
    readable = tuple(dump for dump in dumps if dump.error is None)
    entries = tuple(file for dump in readable for file in sorted(dump.folder.glob("entries-*.parquet")))
    records = []
    for number, files in enumerate(in_parts(entries, PART_ROWS, PART_BYTES), start=1):
        records.append(staging / f"records-{number:06d}.parquet")
        raw = pl.read_parquet(files, glob=False, columns=_NORMALIZED)
        write_whole(_normalized(raw), records[-1])
    rejects = (file for dump in readable for file in dump.reject_files)
    return StagedBatch(staging, readable, entries, tuple(records), tuple(rejects))


def in_parts(files: Sequence[Path], most_rows: int, most_bytes: float = math.inf) -> Iterator[list[Path]]:
    """Group files of Parquet, in order, so that each group has at most so many rows and bytes, or is one file."""
    part: list[Path] = []
    size = rows = 0
    for file in files:
        own_size, own_rows = file.stat().st_size, pq.read_metadata(file).num_rows
        if part and (size + own_size > most_bytes or rows + own_rows > most_rows):
            yield part
            part, size, rows = [], 0, 0
        part.append(file)
        size, rows = size + own_size, rows + own_rows
    if part:
        yield part


def _normalized(raw: pl.DataFrame) -> pl.DataFrame:
    places = {"dump_id": pl.col("dump_id"), "captured_date": pl.col("captured_date")}
    records = normalize_records(raw.lazy(), **places).collect()
    assert_same_height(raw, records)
    return records


def assert_same_height(before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Stop where a step that must keep every row did not."""
    if before.height != after.height:
        raise AssertionError(f"{before.height} rows went in, {after.height} came out")
