"""Many processes at one lake: some look at it over and over, one writes all that can be written.

look: in one snapshot, is there a fault? --> note it, look again
stir: ingest, decide, compact, roll back, ingest ...
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bad_dumps import lines
from pipeline import Pipeline, without_expectations

from warehouse.history import rollback, snapshots
from warehouse.locking import writer_lock
from warehouse.maintain import maintain
from warehouse.opening import held_open
from warehouse.query import connect
from warehouse.soundness import FAULTS, Fault

if TYPE_CHECKING:
    import duckdb

ENTRIES: Final = 12
"""Entries of each dump; a batch is two dumps."""

TOTALS: Final = """
    SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM paper_records),
           (SELECT coalesce(sum(record_count), 0)::BIGINT FROM papers),
           (SELECT coalesce(sum(records_kept), 0)::BIGINT FROM dumps), (SELECT coalesce(sum(records_kept), 0)::BIGINT FROM runs)
"""
"""The number of records, told by five tables."""

FAULTS_PER_LOOK: Final = 6


def look(lake: str, name: str, pause: str) -> None:
    """Look at the lake until the writer is done; write how often, and what was wrong, to a file beside it.

    Readers with an even name keep their connection, the others open the lake for each look.
    """
    looks, wrong, is_over = 0, [], False
    faults = itertools.cycle(FAULTS)
    keeps = int(name) % 2 == 0
    connection = connect(lake)
    while not is_over:
        is_over = Path(f"{lake}.writer").exists()  # and then once more
        wrong += _faults(connection, [next(faults) for _ in range(FAULTS_PER_LOOK)])
        looks += 1
        if not keeps:
            connection.close()
            connection = connect(lake)
        time.sleep(float(pause))
    connection.close()
    Path(f"{lake}.reader-{name}").write_text(json.dumps({"looks": looks, "wrong": wrong}))


def _faults(connection: duckdb.DuckDBPyConnection, asked: list[Fault]) -> list[str]:
    connection.execute("BEGIN")
    totals = connection.execute(TOTALS).fetchone() or ()
    wrong = [f"the totals differ: {totals}"] if len(set(totals)) > 1 or totals[0] % (2 * ENTRIES) else []
    for fault in asked:
        rows = connection.execute(f"SELECT count(*) FROM ({fault.sql})").fetchone()
        wrong += [fault.what] if rows != (0,) else []
    connection.execute("ROLLBACK")
    return wrong


def stir(lake: str, seconds: str) -> None:
    """Write to the lake: batches, compaction, roll-backs, all of them once and then on for so many seconds."""
    until = time.monotonic() + float(seconds)
    place, done = Pipeline(Path(lake)), 0
    try:
        with without_expectations():
            while done < len(STEPS) or time.monotonic() < until:
                STEPS[done % len(STEPS)](place, done)
                done += 1
    finally:
        Path(f"{lake}.writer").write_text(str(done))


def ingest_two(place: Pipeline, number: int) -> None:
    """Ingest two dumps as one batch."""
    folder = place.lake.root.with_name(f"{place.lake.root.name}.dumps") / str(number)
    folder.mkdir(parents=True)
    for part in ("a", "b"):
        (folder / f"{part}.jsonl").write_bytes(lines(ENTRIES, f"{part}-{number}"))
    place.ingest(folder)


def _tidy_up(place: Pipeline, _: int) -> None:
    with writer_lock(place.lake.lock, owner="a test", wait_seconds=600):
        maintain(place.lake, now=dt.datetime.now(dt.UTC), keep_days=30)


def _roll_back(place: Pipeline, _: int) -> None:
    with writer_lock(place.lake.lock, owner="a test", wait_seconds=600), held_open(place.lake):
        rollback(place.lake, snapshots(place.lake)[-2]["snapshot"])


STEPS: Final = (ingest_two, _tidy_up, ingest_two, _roll_back)
