"""Keeps a lake small and quick: merges small files, lets old snapshots go, and clears away what nobody needs.

    merge small files --> forget snapshots past their time --> remove files that no snapshot names
    --> remove what died runs left --> make what is missing of the index --> shorten the catalog's log

Readers are not in the way: a file is removed a day after the last snapshot that names it is gone,
longer than any query takes. The caller holds the writer's lock, so that nobody else is writing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from warehouse.compact import merge_small_files
from warehouse.durable import keep_sums, read_sums
from warehouse.index_making import refresh_index
from warehouse.opening import attached, current, transaction
from warehouse.sqltext import literal
from warehouse.staging import sweep

if TYPE_CHECKING:
    import duckdb

    from warehouse.lake import Lake
    from warehouse.place import Place

GRACE: Final = dt.timedelta(days=1)
"""How long files stay that no snapshot names any more: a query may still read them."""

MADE_BY: Final = "maintenance"
"""What `paperlake snapshots` says of files that were written anew."""

DELETED_SHARE: Final = 0.25
"""Share of deleted rows from which a file is written anew."""


@dataclass(frozen=True)
class Maintenance:
    """What was done, in numbers."""

    merged_files: int
    forgotten_snapshots: int
    removed_files: int
    left_files: int
    raw_dumps: int


def maintain(lake: Lake, *, now: dt.datetime, keep_days: int) -> Maintenance:
    """Do the upkeep of a lake; snapshots of the last `keep_days` stay. The caller holds the writer's lock."""
    merged = _compact(lake)
    with attached(lake) as connection:
        name = current(connection)
        past = literal((now - dt.timedelta(days=keep_days)).isoformat())
        forgotten = _call(connection, f"ducklake_expire_snapshots('{name}', older_than => {past}::TIMESTAMPTZ)")
        gone = literal((now - GRACE).isoformat())
        removed = _call(connection, f"ducklake_cleanup_old_files('{name}', older_than => {gone}::TIMESTAMPTZ)")
        left = _call(connection, f"ducklake_delete_orphaned_files('{name}', cleanup_all => true)")
        raw = _remove_unnamed_raw(connection, lake)
    keep_sums(lake.sums, [place for place in read_sums(lake.sums) if (lake.data / place).exists()])
    sweep(lake.staging)
    refresh_index(lake, deep=True)
    lake.tidy_catalog()
    return Maintenance(merged, forgotten, removed, left, raw)


def _compact(lake: Lake) -> int:
    """Write small files anew, and those of which many rows are gone; return how many small ones there were."""
    with transaction(lake, made_by=MADE_BY) as connection:
        merged = merge_small_files(connection)
    with transaction(lake, made_by=MADE_BY) as connection:
        _call(connection, f"ducklake_rewrite_data_files('{current(connection)}', delete_threshold => {DELETED_SHARE})")
    return merged


def _call(connection: duckdb.DuckDBPyConnection, function: str) -> int:
    """Run one of DuckLake's procedures; return the number of rows that it reports."""
    return len(connection.execute(f"FROM {function}").fetchall())


def _remove_unnamed_raw(connection: duckdb.DuckDBPyConnection, lake: Lake) -> int:
    """Remove the raw dumps that no kept snapshot knows: runs that died put them there."""
    name = current(connection)
    first, last = connection.execute(
        f"SELECT min(snapshot_id), max(snapshot_id) FROM ducklake_snapshots('{name}') WHERE commit_message IS NOT NULL"
    ).fetchone() or (None, None)
    known = connection.execute("SELECT dump_id FROM dumps").fetchall()
    if first is not None:
        known += connection.execute(f"SELECT dump_id FROM dumps AT (VERSION => {first})").fetchall()
        changes = f"ducklake_table_changes('{name}', 'main', 'dumps', {first}, {last})"
        known += connection.execute(f"SELECT DISTINCT dump_id FROM {changes}").fetchall()
    named = {dump_id for (dump_id,) in known}
    unnamed: list[Place] = [file for file in lake.raw.glob("*/*") if file.name.split(".")[0] not in named]
    for file in unnamed:
        file.unlink()
    return len(unnamed)
