"""One batch: what a run read, checked and resolved, brought together and published.

Between the stages of a run only these small values travel: places and counts, never rows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.schema import DUMPS, RUNS
from warehouse.index_making import refresh_index
from warehouse.ledger import published_ids
from warehouse.parts import resolve_in_parts
from warehouse.publish import Publication, keep_raw, publish
from warehouse.regroup import Resolution
from warehouse.staged import StagedDump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.contract import CheckedDump, ContractOutcome, SplitBatch
    from warehouse.lake import Lake
    from warehouse.members import UnpackedArchive
    from warehouse.split import Split

NOTHING_RESOLVED: Final = Resolution((), 0, 0, 0, 0, 0)
"""The resolution of a batch without records."""


@dataclass(frozen=True)
class Run:
    """Who runs: for the ledger, and for the message to a writer that waits."""

    run_id: str
    flow_run_name: str
    version: str
    started_at: dt.datetime


@dataclass(frozen=True)
class DumpLine:
    """What became of one dump: the line of it in the ledger and in the report."""

    staged: StagedDump
    error: str | None = None
    entries_read: int = 0
    records_kept: int = 0
    entries_rejected: int = 0

    @property
    def status(self) -> str:
        """The word of the ledger: published, or failed."""
        return "published" if self.error is None else "failed"


@dataclass(frozen=True)
class Batch:
    """The dumps of a run after the contract: which go in, and which are refused; and the archives they came in."""

    lines: tuple[DumpLine, ...]
    parts: Split
    archives: tuple[UnpackedArchive, ...] = ()

    @property
    def accepted(self) -> list[DumpLine]:
        """The dumps to publish."""
        return [line for line in self.lines if line.error is None]

    @property
    def accepted_ids(self) -> list[str]:
        """The ids of the dumps to publish."""
        return [line.staged.dump_id for line in self.accepted]

    @property
    def refused(self) -> list[DumpLine]:
        """The dumps that are kept out, with their errors."""
        return [line for line in self.lines if line.error is not None]

    def total(self, count: str) -> int:
        """Sum one of the counts over the accepted dumps."""
        return sum(int(getattr(line, count)) for line in self.accepted)


@dataclass(frozen=True)
class StageSeconds:
    """How long the stages before the commit took."""

    read: float = 0.0
    check: float = 0.0
    resolve: float = 0.0


def judge(
    staged: Sequence[StagedDump], found: SplitBatch | ContractOutcome, archives: Sequence[UnpackedArchive] = ()
) -> Batch:
    """Bring the outcome of reading and that of the contract together, in the order of reading."""
    checked = {dump.dump_id: dump for dump in found.dumps}
    lines = tuple(_line(dump, checked.get(dump.dump_id)) for dump in staged)
    return Batch(lines, found.parts, tuple(archives))


def _line(dump: StagedDump, checked: CheckedDump | None) -> DumpLine:
    if checked is None:
        return DumpLine(dump, dump.error)
    if checked.error is not None:
        return DumpLine(dump, str(checked.error))
    return DumpLine(dump, None, checked.entries_read, checked.records_kept, checked.entries_rejected)


def without_published(batch: Batch, lake: Lake) -> Batch:
    """Drop the dumps that another run published since this one looked; the caller holds the lock."""
    there = published_ids(lake, [line.staged.dump_id for line in batch.lines])
    return replace(batch, lines=tuple(line for line in batch.lines if line.staged.dump_id not in there))


def resolve_batch(batch: Batch, lake: Lake, folder: Path, run: Run) -> Resolution:
    """Decide which papers the accepted records speak of."""
    if not batch.total("records_kept"):
        return NOTHING_RESOLVED
    now = dt.datetime.now(dt.UTC)
    return resolve_in_parts(batch.parts.kept, batch.accepted_ids, lake, folder, run_id=run.run_id, now=now)


def publish_batch(
    batch: Batch,
    resolution: Resolution,
    lake: Lake,
    *,
    run: Run,
    seconds: StageSeconds,
    problems: Sequence[str],
    checks: Path,
) -> None:
    """Publish the accepted dumps, and note the refused ones and the run, in one transaction; then see to the index."""
    now = dt.datetime.now(dt.UTC)
    keep_raw([line.staged for line in batch.accepted], lake)
    dumps = [dump_row(line, run.run_id, now) for line in batch.lines]
    dumps += [_archive_row(archive, run, now) for archive in batch.archives]
    frames = {
        "dumps": pl.DataFrame(dumps, schema=DUMPS.polars_schema),
        "runs": pl.DataFrame(
            [run_row(batch, resolution, run, seconds=seconds, problems=problems, now=now)], schema=RUNS.polars_schema
        ),
        "checks": pl.read_parquet(checks, glob=False),
    }
    rejects, parts = batch.parts.rejected, resolution.parts
    publish(Publication(run.run_id, run.flow_run_name, now, batch.accepted_ids, rejects, parts, frames), lake)
    refresh_index(lake, [file for part in parts for file in part.screens])


def dump_row(line: DumpLine, run_id: str, now: dt.datetime) -> dict[str, object]:
    """Make the row of `dumps` for one dump."""
    staged = line.staged
    return {
        "dump_id": staged.dump_id,
        "uri": staged.uri,
        "reader": staged.reader,
        "status": line.status,
        "error": line.error,
        "byte_count": staged.byte_count,
        "text_byte_count": staged.text_byte_count,
        "compression": staged.compression,
        "encoding": staged.encoding,
        "modified_at": staged.modified_at,
        "captured_date": staged.captured_date,
        "entries_read": line.entries_read,
        "records_kept": line.records_kept,
        "entries_rejected": line.entries_rejected,
        "run_id": run_id,
        "ingested_at": now,
    }


def _archive_row(unpacked: UnpackedArchive, run: Run, now: dt.datetime) -> dict[str, object]:
    """Note an archive, so that it is not unpacked again; its members have rows of their own."""
    found = unpacked.archive
    staged = StagedDump(found.dump_id, found.uri, found.byte_count, found.modified_at, Path())
    row = dump_row(DumpLine(staged, unpacked.error), run.run_id, now)
    return row | {"status": "unpacked" if unpacked.members else "failed"}


def _status(batch: Batch, problems: Sequence[str]) -> str:
    if not problems:
        return "published"
    return "partial" if batch.accepted else "failed"


def run_row(
    batch: Batch,
    resolution: Resolution,
    run: Run,
    *,
    seconds: StageSeconds,
    problems: Sequence[str],
    now: dt.datetime,
) -> dict[str, object]:
    """Make the row of `runs` for one batch."""
    counts = {name: batch.total(name) for name in ("entries_read", "records_kept", "entries_rejected")}
    return {
        "run_id": run.run_id,
        "flow_run_name": run.flow_run_name,
        "version": run.version,
        "status": _status(batch, problems),
        "started_at": run.started_at,
        "finished_at": now,
        "problems": list(problems),
        "dumps_found": len(batch.lines),
        "dumps_published": len(batch.accepted),
        "dumps_failed": len(batch.refused),
        **counts,
        "new_papers": resolution.new_papers,
        "known_papers": resolution.known_papers,
        "merged_papers": resolution.merged_papers,
        "pairs_compared": resolution.pairs_compared,
        "pairs_not_compared": resolution.pairs_not_compared,
        "read_seconds": seconds.read,
        "check_seconds": seconds.check,
        "resolve_seconds": seconds.resolve,
    }
