"""Ingests the raw dumps of a lake into a new one beside it, run by run as the ledger tells.

    ledger --runs, the oldest first--> dumps of one run --read, normalize, check, resolve--> published beside

Batch by batch, as they came: so memory is bounded as it was then, and the same rules make the same
rows. Each dump keeps the place, the run and the time that the ledger has of it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from transforms.errors import LakeError
from transforms.schema import CHECKS, DECISIONS, DUMPS
from warehouse import neighbours
from warehouse.batch import NOTHING_RESOLVED, dump_row, judge
from warehouse.contract import check_dumps
from warehouse.handover import shown
from warehouse.opening import attached, create_lake, held_open
from warehouse.parts import resolve_in_parts
from warehouse.publish import Publication, append, in_one_transaction, publish
from warehouse.raw import LedgerLine, find_raw, restored
from warehouse.staging import normalize_staged, stage_dump

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from warehouse.batch import Batch
    from warehouse.lake import Lake
    from warehouse.staged import StagedDump

_LEDGER: Final = """
    SELECT dumps.*, coalesce(started_at, ingested_at) AS started_at
    FROM dumps LEFT JOIN runs USING (run_id)
    WHERE dumps.status <> 'unpacked' ORDER BY ingested_at, run_id, uri, dump_id
"""


@dataclass(frozen=True)
class PastRun:
    """The dumps that one run published, and when it began and did so."""

    run_id: str
    started_at: dt.datetime
    ingested_at: dt.datetime
    lines: tuple[LedgerLine, ...]


def past_runs(lake: Lake) -> list[PastRun]:
    """Read from the ledger which run brought which of the dumps that the lake has raw, the oldest run first.

    A dump that was refused has no raw file, unless a rebuild refused it: then it is tried again.
    """
    with attached(lake, read_only=True) as connection:
        rows = connection.execute(_LEDGER).pl().rows(named=True)
    found = [row for row in rows if row["status"] == "published" or find_raw(lake, row["dump_id"])]
    by_run = itertools.groupby(found, key=itemgetter("run_id", "started_at", "ingested_at"))
    return [
        PastRun(run_id, started_at.astimezone(dt.UTC), ingested_at.astimezone(dt.UTC), tuple(map(_line, group)))
        for (run_id, started_at, ingested_at), group in by_run
    ]


def _line(row: Mapping[str, Any]) -> LedgerLine:
    return LedgerLine(
        row["dump_id"], row["uri"], row["compression"], row["byte_count"], row["modified_at"].astimezone(dt.UTC)
    )


def replay(
    lake: Lake, beside: Lake, runs: Sequence[PastRun], folder: Path, tell: Callable[[str], None]
) -> pl.DataFrame:
    """Ingest the dumps of these runs into the new lake `beside`; return the outcomes of the contract (schema.CHECKS).

    What people decided in `lake` holds there too. `tell` is told of each run that is done.
    """
    create_lake(beside)
    with attached(lake, read_only=True) as connection:
        decisions = neighbours.decisions(connection)
    checks = [CHECKS.polars_schema.to_frame()]
    with held_open(beside):
        in_one_transaction(beside, "decisions", lambda connection: _decide(connection, decisions))
        for number, run in enumerate(runs, start=1):
            checks.append(_replay_run(lake, beside, run, folder / f"{number:06d}"))
            tell(f"made anew: run {number} of {len(runs)}, {len(run.lines)} dumps")
    return _summed(pl.concat(checks))


def _decide(connection: duckdb.DuckDBPyConnection, decisions: pl.DataFrame) -> None:
    with shown(connection, "decided", decisions.select(DECISIONS.names)):
        append(connection, "decisions", "decided")


def _replay_run(lake: Lake, beside: Lake, past: PastRun, folder: Path) -> pl.DataFrame:
    """Do what `flows.ingest` does with new dumps; return the outcomes of the contract."""
    folder.mkdir(parents=True)
    staged = [_stage(lake, line, folder) for line in past.lines]
    found = check_dumps(normalize_staged(staged, folder), run_id=past.run_id, today=past.started_at.date())
    batch = judge(staged, found)
    _publish(batch, beside, past, folder)
    shutil.rmtree(folder)
    return found.checks


def _stage(lake: Lake, line: LedgerLine, folder: Path) -> StagedDump:
    try:
        with restored(lake, line, folder) as dump:
            return stage_dump(dump, folder, keep_raw=False)
    except OSError as error:
        hint = "nothing was changed; run again"
        raise LakeError(f"reading a raw dump failed: {error}", where=line.uri, hint=hint) from error


def _publish(batch: Batch, beside: Lake, past: PastRun, folder: Path) -> None:
    now, resolution = past.ingested_at, NOTHING_RESOLVED
    if batch.total("records_kept"):
        kept, ids = batch.parts.kept, batch.accepted_ids
        resolution = resolve_in_parts(kept, ids, beside, folder / "resolved", run_id=past.run_id, now=now)
    ledger = [dump_row(line, past.run_id, now) for line in batch.lines]
    frames = {"dumps": pl.DataFrame(ledger, schema=DUMPS.polars_schema)}
    rejects, parts = batch.parts.rejected, resolution.parts
    publish(Publication(past.run_id, past.run_id, now, batch.accepted_ids, rejects, parts, frames), beside)


def _summed(checks: pl.DataFrame) -> pl.DataFrame:
    """Add up the outcomes of all runs, rule by rule."""
    by = ["suite", "rule", "expectation"]
    return (
        checks.group_by(by, maintain_order=True)
        .agg(pl.col("is_success").all(), pl.col("checked_count", "unexpected_count").sum())
        .with_columns(run_id=pl.lit(None, pl.String))
        .select(CHECKS.names)
    )
