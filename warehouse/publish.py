"""Puts one batch into the lake, whole or not at all.

    BEGIN
      dumps, records, variant_keys, matches, rejects, checks, runs    appended
      papers, paper_records                                           changed rows replaced
      paper_redirects                                                 appended, older ones led on
    COMMIT

The raw dumps are put in place before: a raw file that no dump in the ledger names is harmless.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from transforms.errors import LakeError
from transforms.schema import TABLES
from warehouse.lake import Lake, attached
from warehouse.sqltext import parquet, script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from warehouse.staging import StagedDump

ATTEMPTS: Final = 10
"""How often a transaction is tried: a reader may hold the SQLite catalog for a moment."""

PAUSE_SECONDS: Final = 0.2
"""The first pause between two tries; each further one is twice as long."""


@dataclass(frozen=True)
class Publication:
    """The Parquet files to publish, by table, and the small frames that go with them.

    `changes` holds what `warehouse.resolve` wrote, by the name of its file; it is empty where no
    dump of the batch is published and only the ledger and the run are noted.
    """

    frames: Mapping[str, pl.DataFrame]
    rejects: Sequence[Path]
    changes: Mapping[str, Path]


def keep_raw(dumps: Sequence[StagedDump], lake: Lake) -> None:
    """Move the staged copies of the dumps to their place in the lake, known by their SHA-256."""
    for dump in dumps:
        staged = next(dump.folder.glob("raw.*"))
        kept = lake.raw / dump.dump_id[:2] / f"{dump.dump_id}{staged.suffix}"
        kept.parent.mkdir(exist_ok=True)
        staged.replace(kept)


def publish(publication: Publication, lake: Lake) -> None:
    """Publish one batch in one transaction; the caller holds the writer's lock.

    Raises LakeError, with the lake as it was before, when the catalog stays locked.
    """
    for attempt in range(ATTEMPTS):
        try:
            with attached(lake) as connection:
                _transact(connection, publication)
        except (duckdb.Error, LakeError) as error:
            if not _is_passing(error) or attempt == ATTEMPTS - 1:
                raise LakeError(
                    f"publishing failed: {error}",
                    where=str(lake.root),
                    hint="nothing of this batch is in the lake; run again",
                ) from error
            time.sleep(PAUSE_SECONDS * 2**attempt)
        else:
            return


def _is_passing(error: Exception) -> bool:
    text = str(error).lower()
    return "database is locked" in text or "conflict" in text


def _transact(connection: duckdb.DuckDBPyConnection, publication: Publication) -> None:
    connection.execute("BEGIN")
    for name, frame in publication.frames.items():
        _append_frame(connection, name, frame)
    if publication.rejects:
        _append(connection, "rejects", parquet(publication.rejects))
    if publication.changes:
        _publish_changes(connection, publication.changes)
    connection.execute("COMMIT")


def _publish_changes(connection: duckdb.DuckDBPyConnection, changes: Mapping[str, Path]) -> None:
    for name, file in changes.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW changed_{name} AS SELECT * FROM {parquet([file])}")
    connection.execute(script("publish"))
    for name in changes:
        if name in TABLES:
            _append(connection, name, f"changed_{name}")


def _append_frame(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("frame_to_append", frame)
    if name == "dumps":  # a dump that failed before and was tried again has one line, the latest
        connection.execute("DELETE FROM dumps WHERE dump_id IN (SELECT dump_id FROM frame_to_append)")
    _append(connection, name, "frame_to_append")
    connection.unregister("frame_to_append")


def _append(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    columns = ", ".join(f'"{column}"' for column in TABLES[name].names)
    connection.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {source}")
