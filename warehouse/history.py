"""The lake through time: its snapshots, what changed since one of them, and the way back.

    snapshot 1 -- ingest --> 2 -- ingest --> 3 -- rollback 2 --> 4    (4 holds what 2 held; 3 stays)

Each ingest, decision and rollback is one snapshot. Nothing is taken out of the past but by
`warehouse.maintain`, after its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb

from transforms.errors import LakeError, QueryError
from transforms.schema import PAPERS, TABLES
from warehouse.opening import attached, current, transaction
from warehouse.overview import rows
from warehouse.sqltext import identifier, script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.lake import Lake

SNAPSHOTS_SQL: Final = """
    SELECT snapshot_id AS snapshot, snapshot_time AS taken_at, commit_message AS made_by
    FROM ducklake_snapshots('{name}') WHERE commit_message IS NOT NULL ORDER BY snapshot_id
"""
"""The states that people know of: DuckLake counts a few more for itself."""

_NOT_COMPARED: Final = ("updated_run_id",)
"""Columns of papers that say who wrote a row, not what it holds."""


@dataclass(frozen=True)
class Rollback:
    """What a rollback did: the rows taken out and put back, by table, where there were any."""

    taken_out: dict[str, int]
    put_back: dict[str, int]


def snapshots(lake: Lake) -> list[dict[str, Any]]:
    """List the snapshots of the lake, the oldest first: number, time, what made it."""
    with attached(lake, read_only=True) as connection:
        return rows(connection, SNAPSHOTS_SQL.format(name=current(connection)))


def rollback(lake: Lake, snapshot: int) -> Rollback:
    """Put every table back to what it held at `snapshot`, as a new snapshot; the caller holds the writer's lock.

    Only rows that changed since are touched. Raises QueryError where there is no such snapshot.
    """
    with attached(lake, read_only=True) as connection:
        last = _last(connection)
        _refuse_unknown(connection, snapshot, last)
        _refuse_other_tables(connection, snapshot)
    taken_out, put_back = {}, {}
    with transaction(lake, made_by=f"rollback to snapshot {snapshot}") as connection:
        for name in TABLES:
            changed = _changed_rows(connection, name, snapshot, last)
            taken_out[name] = _count(connection, f"DELETE FROM {name} WHERE rowid IN ({changed})")
            columns = ", ".join(map(identifier, TABLES[name].names))
            earlier = f"SELECT {columns} FROM {name} AT (VERSION => {snapshot}) WHERE rowid IN ({changed})"
            put_back[name] = _count(connection, f"INSERT INTO {name} ({columns}) {earlier}")
    return Rollback(_some(taken_out), _some(put_back))


def changes_sql(lake: Lake, since: int) -> str:
    """Make the query for the papers added, changed, merged or removed since a snapshot.

    Columns: change, merged_into, then those of `papers` as they are now (null where it is gone).
    Raises QueryError where there is no such snapshot.
    """
    with attached(lake, read_only=True) as connection:
        last = _last(connection)
        _refuse_unknown(connection, since, last)
    compared = ", ".join(identifier(name) for name in PAPERS.names if name not in _NOT_COMPARED)
    changed = f"ducklake_table_changes('lake', 'main', 'papers', {int(since) + 1}, {last})"
    return script("changes").format(
        since=int(since), changed=changed if since < last else "papers WHERE false", compared=compared
    )


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, snapshot: int, last: int) -> None:
    if snapshot > last:
        raise QueryError(f"there is no snapshot {snapshot} yet", hint="list them with: paperlake snapshots")
    try:
        connection.execute(f"SELECT count(*) FROM settings AT (VERSION => {int(snapshot)})").fetchone()
    except duckdb.Error as error:
        what = f"there is no snapshot {snapshot} (any more): {error}"
        raise QueryError(what, hint="list them with: paperlake snapshots") from error


def _refuse_other_tables(connection: duckdb.DuckDBPyConnection, snapshot: int) -> None:
    """Raise QueryError where the tables were of another version then: their rows do not fit those of now."""
    version = "SELECT value FROM settings{} WHERE name = 'schema_version'"
    then, now = (connection.execute(version.format(at)).fetchone() for at in (f" AT (VERSION => {int(snapshot)})", ""))
    if then != now:
        what = f"the tables were of another version at snapshot {snapshot}, and their rows do not fit those of now"
        raise QueryError(what, hint=f"ask it as it was with: paperlake sql --at {snapshot}")


def _last(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute(f"SELECT max(snapshot_id) FROM ducklake_snapshots('{current(connection)}')").fetchone()
    if row is None:
        raise LakeError("the catalog names no snapshot", hint="see what is wrong with: paperlake verify")
    return int(row[0])


def _changed_rows(connection: duckdb.DuckDBPyConnection, table: str, since: int, last: int) -> str:
    """Make the query for the numbers of the rows of a table that changed after a snapshot."""
    if since == last:
        return "SELECT 0 WHERE false"
    name = current(connection)
    return f"SELECT rowid FROM ducklake_table_changes('{name}', 'main', '{table}', {since + 1}, {last})"


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row: Sequence[Any] | None = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
