"""Resolves the records of a batch, however many they are, in parts that fit into memory.

    records --part by part--> resolved against --> changes --written--> a transaction of the lake
                              what is there <----------------------------------'

Each part is resolved against the lake and the parts before it, as if every part were a batch of its
own: so the papers are those of one run over everything. Of that transaction nothing stays; the changes
of all parts are published in another, whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from warehouse.earlier import Earlier
from warehouse.index import Index
from warehouse.neighbours import Stored, stored
from warehouse.opening import tentative
from warehouse.publish import drop_passing_redirects, write_part
from warehouse.regroup import Resolution
from warehouse.resolve import resolve
from warehouse.sqltext import literal
from warehouse.staging import in_parts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from warehouse.lake import Lake

MOST_RECORDS: Final = 1_000_000
"""Records that are resolved at once: some 4 GB while at work."""


def resolve_in_parts(
    files: Sequence[Path], dump_ids: Sequence[str], lake: Lake, folder: Path, *, run_id: str, now: dt.datetime
) -> Resolution:
    """Resolve the records of the dumps `dump_ids` against the lake; write the rows to publish into `folder`.

    `files` are Parquet with the columns of RECORDS, which may hold records of other dumps too. The caller
    holds the writer's lock.
    """
    parts = list(in_parts(files, MOST_RECORDS))
    if len(parts) == 1:
        with stored(lake) as there:
            return resolve(there, files, dump_ids, folder, run_id=run_id, now=now)
    done: list[Resolution] = []
    with tentative(lake) as connection:
        there = Stored(connection, Index(), Earlier(folder))
        for number, some in enumerate(parts):
            done.append(resolve(there, some, dump_ids, folder / f"{number:06d}", run_id=run_id, now=now))
            for part in done[-1].parts:
                write_part(connection, part, dump_ids)
        drop_passing_redirects(connection, run_id)
        return _together(done, connection, run_id)


def _together(done: Sequence[Resolution], connection: duckdb.DuckDBPyConnection, run_id: str) -> Resolution:
    """Bring the parts together; the papers are counted as they are in the end."""
    own = literal(run_id)
    new, known, merged = connection.execute(f"""
        SELECT
            count(*) FILTER (run_id = {own}),
            count(*) FILTER (run_id <> {own}),
            (SELECT count(*) FROM paper_redirects WHERE run_id = {own})
        FROM papers WHERE updated_run_id = {own}
    """).fetchone() or (0, 0, 0)
    return Resolution(
        tuple(part for one in done for part in one.parts),
        new_papers=new,
        known_papers=known,
        merged_papers=merged,
        pairs_compared=sum(one.pairs_compared for one in done),
        pairs_not_compared=sum(one.pairs_not_compared for one in done),
    )
