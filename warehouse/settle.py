"""Settles what a lake made anew takes over from the old one: names, runs and times of what stayed.

    papers beside --founding records--> ids of the old lake, the oldest first (transforms.dedupe.assign)
    rows beside --also in the old lake?--> its run and its time; else those of the rebuild
    ids of the old lake that are not used --> redirects

Reads both lakes and writes every table anew as Parquet; changes neither of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.dedupe.assign import assign_papers
from transforms.dedupe.merge import MERGED
from transforms.schema import TABLES
from warehouse import neighbours
from warehouse.durable import write_whole
from warehouse.sqltext import identifier, literal, parquet, script

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import duckdb

MADE_ANEW: Final = (
    "dumps", "records", "rejects", "variant_keys", "matches", "paper_records", "papers", "paper_redirects", "settings",
)  # fmt: skip
"""The tables that a rebuild makes; what it does not make is history, and stays."""

RECORDS_AT_ONCE: Final = 1_000_000
"""Records whose papers get their ids at a time, to keep memory bounded."""


def settle(
    connection: duckdb.DuckDBPyConnection, beside: str, folder: Path, *, run_id: str, now: dt.datetime
) -> dict[str, Path]:
    """Write every table of MADE_ANEW into `folder`; return the files by table.

    The old lake is the current database of `connection`, the new one is attached under the name `beside`.
    """
    folder.mkdir()
    named = _name_papers(connection, beside, folder)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE named AS FROM {parquet(named)}")
    marks = {"run_id": literal(run_id), "now": f"{literal(now.isoformat())}::TIMESTAMPTZ"}
    columns = [identifier(name) for name in MERGED if name != "paper_id"]
    merged = ", ".join(f"anew.{name}" for name in columns)
    same = " AND ".join(f"anew.{name} IS NOT DISTINCT FROM old.{name}" for name in columns)
    connection.execute(script("settle").format(**marks, beside=beside, merged=merged, same=same))
    files = {name: folder / f"{name}.parquet" for name in MADE_ANEW}
    for name, file in files.items():
        shape = ", ".join(map(identifier, TABLES[name].names))
        connection.execute(
            f"COPY (SELECT {shape} FROM temp.settled_{name}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION lz4)"
        )
    return files


def _name_papers(connection: duckdb.DuckDBPyConnection, beside: str, folder: Path) -> list[Path]:
    """Give the papers beside their ids: record_id, paper_id of every record, in Parquet files."""
    row = connection.execute(f"SELECT count(*) FROM {beside}.paper_records").fetchone()
    parts = 1 + (row[0] if row else 0) // RECORDS_AT_ONCE
    files = [folder / f"named-{part:06d}.parquet" for part in range(parts)]
    for part, file in enumerate(files):
        placed = connection.execute(f"""
            SELECT records.record_id, records.seen_date, paper_id AS cluster
            FROM {beside}.paper_records JOIN {beside}.records USING (record_id) WHERE hash(paper_id) % {parts} = {part}
        """).pl()
        ids = neighbours.minted(connection, "p" + placed["record_id"]).sort("redirected_at", nulls_last=False)
        ages = ids.unique("paper_id", keep="first").select("paper_id", "created_at")  # twice in a damaged lake
        write_whole(assign_papers(placed, ages).paper_records, file)
    return files
