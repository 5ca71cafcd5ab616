"""Puts one batch into the lake, whole or not at all.

    BEGIN                                                             (and make the lake, where there is none)
      dumps, rejects, checks, runs                                    appended
      part by part: records, variant_keys, matches                    appended
                    papers, paper_records, paper_redirects            changed rows replaced
    COMMIT

The raw dumps are put in place before: a raw file that no dump in the ledger names is harmless.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl

from transforms.errors import LakeError
from transforms.schema import TABLES
from warehouse.durable import move_in
from warehouse.handover import shown
from warehouse.opening import transaction
from warehouse.secrets import masked
from warehouse.sqltext import literal, parquet

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from warehouse.lake import Lake
    from warehouse.regroup import Part
    from warehouse.staged import StagedDump

ATTEMPTS: Final = 10
"""How often a transaction is tried: a reader may hold the SQLite catalog for a moment."""

PAUSE_SECONDS: Final = 0.2
"""The first pause between two tries; each further one is twice as long."""


@dataclass(frozen=True)
class Publication:
    """What to publish: the records of the dumps `dump_ids` and what follows from them, part by part, and what is noted of them.

    `rejects` are Parquet files of rejected entries, that may hold some of other dumps too.
    """

    run_id: str
    made_by: str
    published_at: dt.datetime
    dump_ids: Sequence[str]
    rejects: Sequence[Path]
    parts: Sequence[Part]
    frames: Mapping[str, pl.DataFrame]


MAKE_ROOM: Final[Mapping[str, str]] = {
    "replaced_papers": "DELETE FROM papers WHERE paper_id IN (SELECT paper_id FROM changed)",
    "moved_records": "DELETE FROM paper_records WHERE record_id IN (SELECT record_id FROM changed)",
    "turned_matches": """
        UPDATE matches SET is_linked = changed.is_linked FROM changed
        WHERE matches.record_id_a = changed.record_id_a AND matches.record_id_b = changed.record_id_b
        """,
    "moved_redirects": "DELETE FROM paper_redirects WHERE old_paper_id IN (SELECT old_paper_id FROM changed)",
}
"""For each change that concerns rows of the lake: how room is made for what is appended after it."""


def keep_raw(dumps: Sequence[StagedDump], lake: Lake) -> None:
    """Move the staged copies of the dumps to their place in the lake, known by their SHA-256."""
    staged = ((dump, next(dump.folder.glob("raw.*"))) for dump in dumps)
    move_in((file, lake.raw / dump.dump_id[:2] / f"{dump.dump_id}{file.suffix}") for dump, file in staged)


def publish(publication: Publication, lake: Lake) -> None:
    """Publish one batch in one transaction; the caller holds the writer's lock.

    Raises LakeError, with the lake as it was before, when the catalog stays locked.
    """
    in_one_transaction(lake, publication.made_by, lambda connection: _write(connection, publication))


def in_one_transaction(lake: Lake, made_by: str, write: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    """Have `write` write to the lake in one transaction, tried again where a reader is in the way for a moment."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction(lake, made_by=made_by) as connection:
                write(connection)
        except (duckdb.Error, LakeError) as error:
            if not _is_passing(error) or attempt == ATTEMPTS - 1:
                raise LakeError(
                    f"publishing failed: {masked(error)}",
                    where=lake.name,
                    hint="nothing of this batch is in the lake; run again",
                ) from error
            time.sleep(PAUSE_SECONDS * 2**attempt)
        else:
            return


def _is_passing(error: Exception) -> bool:
    text = str(error).lower()
    return "database is locked" in text or "conflict" in text


def _write(connection: duckdb.DuckDBPyConnection, publication: Publication) -> None:
    for name, frame in publication.frames.items():
        with shown(connection, "made", frame):
            if name == "dumps":  # a dump that failed before and was tried again has one line, the latest
                connection.execute("DELETE FROM dumps WHERE dump_id IN (SELECT dump_id FROM made)")
            append(connection, name, "made")
    marks = f"{literal(publication.run_id)} AS run_id, {literal(publication.published_at.isoformat())} AS rejected_at"
    _write_entries(connection, "rejects", publication.rejects, publication.dump_ids, f"*, {marks}")
    for part in publication.parts:
        write_part(connection, part, publication.dump_ids)
    if len(publication.parts) > 1:
        drop_passing_redirects(connection, publication.run_id)


def write_part(connection: duckdb.DuckDBPyConnection, part: Part, dump_ids: Sequence[str]) -> None:
    """Write one part of a batch, of its records those of the dumps `dump_ids`."""
    _write_entries(connection, "records", part.records, dump_ids, "*")
    for name, files in part.changes.items():
        if name in MAKE_ROOM:
            connection.execute(f"WITH changed AS (FROM {parquet(files)}) {MAKE_ROOM[name]}")
    for name, files in part.changes.items():
        if name in TABLES:
            append(connection, name, parquet(files))


def drop_passing_redirects(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Forget the papers that one part of a run made and a later one found to be another: nobody ever saw them."""
    own = literal(run_id)
    connection.execute(f"DELETE FROM paper_redirects WHERE run_id = {own} AND old_run_id = {own}")


def _write_entries(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], dump_ids: Sequence[str], columns: str
) -> None:
    if files and dump_ids:
        with shown(connection, "published", pl.DataFrame({"dump_id": dump_ids})):
            append(connection, name, f"(SELECT {columns} FROM {parquet(files)} SEMI JOIN published USING (dump_id))")


def append(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Append the rows of a table or a query, which has at least the columns of the table `name`."""
    columns = ", ".join(f'"{column}"' for column in TABLES[name].names)
    connection.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {source}")
