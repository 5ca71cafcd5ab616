"""Makes a lake anew from its raw dumps with the rules of now, and swaps it in.

    raw/ --whole?--> replay into a lake beside --settle--> new tables --other than the old ones?--> swap
                     (warehouse.replay)           (warehouse.settle)               one transaction

Until the swap nothing of the lake is touched: a rebuild that dies leaves it as it was. Readers go on
with the old tables until the commit. The caller holds the writer's lock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from transforms.schema import RUNS, TABLES
from warehouse.batch import NOTHING_RESOLVED, StageSeconds, run_row
from warehouse.decide import NO_DUMPS
from warehouse.handover import shown
from warehouse.index_making import refresh_index
from warehouse.lake import Lake
from warehouse.opening import attached, current
from warehouse.publish import append, in_one_transaction
from warehouse.raw import refuse_lost_raw
from warehouse.replay import past_runs, replay
from warehouse.settings import level_of
from warehouse.settle import settle
from warehouse.sqltext import identifier, parquet, script
from warehouse.staging import staging_folder
from warehouse.stand_in import damaged_tables, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import duckdb

    from transforms.dedupe.weights import Level
    from warehouse.batch import Run


@dataclass(frozen=True)
class Moved:
    """What a rebuild moved, in numbers; `replaced` are the tables that came out otherwise than they were.

    Papers are kept (same id), merged (the id leads to another), split (their records are in several
    papers now), new, returned (an id that led to another is in use again) or gone (none of their
    records is left). Of the records that were lost, those that the rules reject now are counted apart.
    """

    papers_before: int
    papers_now: int
    papers_kept: int
    papers_merged: int
    papers_split: int
    papers_new: int
    papers_returned: int
    papers_gone: int
    records_before: int
    records_now: int
    records_gained: int
    records_lost: int
    records_lost_to_rejects: int
    dumps_refused: int
    dumps_accepted: int
    decisions_without_record: int
    replaced: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The report for people."""
        if not self.replaced:
            return ["nothing moved: the lake is what its raw dumps say"]
        papers = (
            f"{self.papers_before:,} before, {self.papers_now:,} now; {self.papers_kept:,} kept their id, "
            f"{self.papers_merged:,} merged into another, {self.papers_split:,} split, {self.papers_new:,} new, "
            f"{self.papers_returned:,} returned, {self.papers_gone:,} gone"
        )
        records = (
            f"{self.records_before:,} before, {self.records_now:,} now; {self.records_gained:,} gained, "
            f"{self.records_lost:,} lost, of these {self.records_lost_to_rejects:,} are rejects now"
        )
        return [
            f"papers: {papers}",
            f"records: {records}",
            f"dumps: {self.dumps_refused:,} refused that were in, {self.dumps_accepted:,} in that were refused",
            f"decisions that speak of a record that is no more: {self.decisions_without_record:,}",
            f"tables replaced: {', '.join(self.replaced)}",
        ]


def rebuild(lake: Lake, run: Run, tell: Callable[[str], None], *, level: Level | None = None) -> Moved:
    """Make the lake anew, at another `level` where one is given; `tell` is told how far it is.

    Nothing is written where everything comes out as it was. Raises LakeError, with the lake as it
    was, where a raw dump is missing or damaged, or a Parquet file of what does not follow from them.
    """
    with staging_folder(lake, run.run_id) as staging:
        with attached(lake) as connection:
            level = level or level_of(connection)
        damaged = damaged_tables(lake)
        runs = past_runs(lake)
        refuse_lost_raw(lake, [line for past in runs for line in past.lines])
        beside = Lake(staging / "lake", level)
        checks = replay(lake, beside, runs, staging / "runs", tell)
        now = dt.datetime.now(dt.UTC)
        with attached(beside, read_only=True) as other, attached(lake, read_only=True) as connection:
            stand_in(connection, current(other), damaged)
            files = settle(connection, current(other), staging / "settled", run_id=run.run_id, now=now)
            moved = _moved(connection, files, damaged)
        if moved.replaced:
            history = {"runs": _told(moved, run, now), "checks": checks.with_columns(run_id=pl.lit(run.run_id))}
            changed = {name: files[name] for name in moved.replaced}
            in_one_transaction(lake, run.flow_run_name, lambda connection: _swap(connection, changed, history))
            refresh_index(lake)
        return moved


def _moved(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], damaged: AbstractSet[str]) -> Moved:
    (counts,) = connection.execute(script("moved")).pl().to_dicts()
    replaced = (name for name, file in files.items() if name in damaged or _differs(connection, name, file))
    return Moved(**counts, replaced=tuple(replaced))


def _differs(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> bool:
    """Tell whether a new table has other rows than the old one."""
    columns = ", ".join(map(identifier, TABLES[name].names))  # in a lake that was migrated they stand in another order
    old, new = f"SELECT {columns} FROM {name}", f"SELECT {columns} FROM {parquet([file])}"
    sql = f"SELECT EXISTS({old} EXCEPT ALL {new}) OR EXISTS({new} EXCEPT ALL {old})"
    return connection.execute(sql).fetchone() != (False,)


def _swap(
    connection: duckdb.DuckDBPyConnection, changed: Mapping[str, Path], history: Mapping[str, pl.DataFrame]
) -> None:
    for name, file in changed.items():
        connection.execute(f"DELETE FROM {name}")
        append(connection, name, parquet([file]))
    for name, frame in history.items():
        with shown(connection, "told", frame):
            append(connection, name, "told")


def _told(moved: Moved, run: Run, now: dt.datetime) -> pl.DataFrame:
    """Make the row of `runs` for the rebuild: its dumps and records are those of the runs that brought them."""
    row = run_row(NO_DUMPS, NOTHING_RESOLVED, run, seconds=StageSeconds(), problems=(), now=now)
    counts = {"new_papers": moved.papers_new, "known_papers": moved.papers_kept, "merged_papers": moved.papers_merged}
    return pl.DataFrame([row | counts | {"status": "rebuilt"}], schema=RUNS.polars_schema)
