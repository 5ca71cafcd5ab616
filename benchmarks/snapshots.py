"""Measure what a lake costs beside the number of its snapshots: to open, to commit to, to ask, to verify.

    .venv/bin/python benchmarks/snapshots.py [--counts 10 100 1000]

Each snapshot is a small ingest: a dump, a record, its paper, a run. The last row is the largest lake
after `paperlake maintain`. Seconds are CPU time of this process, the median of some tries.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from transforms.schema import DUMPS, PAPER_RECORDS, PAPERS, RECORDS, RUNS
from warehouse.lake import Lake
from warehouse.maintain import maintain
from warehouse.opening import attached, held_open, transaction
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from transforms.schema import Table

TRIES: Final = 5
RECORDS_SQL: Final = "SELECT count(*) FROM papers JOIN paper_records USING (paper_id) JOIN records USING (record_id)"


def main() -> None:
    """Grow a lake, measure it at each count of snapshots, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 100, 1000], help="numbers of snapshots")
    counts = parser.parse_args().counts
    print("| snapshots | Parquet files | open | commit | join of three tables | verify | verify --deep |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        lake, made = Lake(Path(folder) / "lake"), 0
        for count in sorted(counts):
            with held_open(lake):
                for number in range(made, count - TRIES):
                    commit(lake, number)
            made = count
            measure(lake, f"{count:,}", count)
        maintain(lake, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=40), keep_days=30)
        maintain(lake, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=42), keep_days=30)
        measure(lake, f"{made:,}, after maintenance", made + TRIES)


def commit(lake: Lake, number: int) -> None:
    """Add what a very small ingest adds, as a snapshot."""
    with transaction(lake, made_by="benchmark") as connection:
        record = f"{number:064d}-000001"
        add(connection, RUNS, run_id=f"'{number}'", records_kept="1")
        add(connection, DUMPS, dump_id=f"'{number:064d}'", run_id=f"'{number}'", status="'published'", **ONE_ENTRY)
        add(connection, RECORDS, record_id=f"'{record}'", dump_id=f"'{number:064d}'", position="1")
        add(connection, PAPERS, paper_id=f"'p{record}'", record_count="1", year=str(1990 + number % 30))
        add(connection, PAPER_RECORDS, paper_id=f"'p{record}'", record_id=f"'{record}'")


ONE_ENTRY: Final = {"entries_read": "1", "records_kept": "1", "entries_rejected": "0"}


def add(connection: duckdb.DuckDBPyConnection, table: Table, **values: str) -> None:
    """Insert one row; columns that must have a value and are given none have the smallest of their type."""
    row = {column.name: values.get(column.name, smallest(column.sql_type)) for column in table.columns}
    kept = [column.name for column in table.columns if column.is_required or column.name in values]
    columns, given = ", ".join(f'"{name}"' for name in kept), ", ".join(row[name] for name in kept)
    connection.execute(f"INSERT INTO {table.name} ({columns}) VALUES ({given})")


def smallest(sql_type: str) -> str:
    """Give a value of a type, as SQL."""
    if sql_type.endswith("]"):
        return "[]"
    if sql_type.startswith(("TIMESTAMP", "DATE")):
        return f"{sql_type} '2026-03-11'"
    return "''" if sql_type == "VARCHAR" else f"0::{sql_type}"


def measure(lake: Lake, name: str, number: int) -> None:
    """Print the row of a lake; adds a snapshot for each try of a commit."""
    numbers = iter(range(number - TRIES, number))
    figures = [
        cpu_seconds(lambda: ask(lake, "SELECT 1")),
        cpu_seconds(lambda: commit(lake, next(numbers))),
        cpu_seconds(lambda: ask(lake, RECORDS_SQL)),
        cpu_seconds(lambda: verify(lake), tries=1),
        cpu_seconds(lambda: verify(lake, deep=True), tries=1),
    ]
    files = sum(1 for _ in lake.data.rglob("*.parquet"))
    print(f"| {name} | {files:,} | " + " | ".join(f"{figure:.2f} s" for figure in figures) + " |", flush=True)


def ask(lake: Lake, sql: str) -> None:
    """Open the lake and ask it one thing."""
    with attached(lake, read_only=True) as connection:
        connection.execute(sql).fetchall()


def cpu_seconds(work: Callable[[], object], tries: int = TRIES) -> float:
    """Give the median of the CPU time of a piece of work, in seconds."""
    took = []
    for _ in range(tries):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return statistics.median(took)


if __name__ == "__main__":
    main()
