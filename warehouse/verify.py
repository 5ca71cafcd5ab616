"""Looks whether a lake keeps its promises, and says what is wrong and how to mend it.

    catalog --names--> Parquet files: there, of that size, with these bytes; and no other
    tables --agree--> read = kept + rejected, each record in one paper, no dangling id, no loop
    dumps --name--> raw files: there, with these bytes
    papers --made anew--> from their records: the same

Only reads. A finding is a sentence about one thing that is wrong; none means that the lake is sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl

from transforms.dedupe.merge import MERGED, merge_papers
from transforms.schema import RECORDS
from warehouse.address import SEPARATOR
from warehouse.damage import damaged_files, named_files
from warehouse.durable import read_sums
from warehouse.handover import shown
from warehouse.large_files import damaged_parts
from warehouse.opening import attached, metadata
from warehouse.raw import LedgerLine, find_raw, wrong_with_raw
from warehouse.soundness import FAULTS
from warehouse.stand_in import FROM_DUMPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from warehouse.damage import NamedFile
    from warehouse.lake import Lake

SHOWN: Final = 3
"""How many examples of one fault are named."""

PAPERS_AT_ONCE: Final = 20_000
"""Papers that are made anew at a time, to keep memory bounded."""

ROLLBACK: Final = "go back to a sound snapshot: paperlake rollback N (see paperlake snapshots)"
REBUILD: Final = "make the tables anew from the raw dumps: paperlake rebuild; or go back: paperlake rollback N"
REMAKE: Final = (
    "make its table anew from the raw dumps: paperlake rebuild; then let the snapshots go that name it:"
    " paperlake maintain --keep-days 0; or put it back from a copy of the lake"
)
LET_GO: Final = "only earlier snapshots name it; let them go: paperlake maintain --keep-days 0, or put it back from a copy of the lake"
PUT_BACK: Final = "put it back from a copy of the lake: the raw dumps do not tell what it said"
LOOK_DEEPER: Final = "see which file it is: paperlake verify --deep"
MAINTAIN: Final = "clean up: paperlake maintain"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, on which table, file or dump, and what mends it."""

    what: str
    where: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.cure})"


def verify(lake: Lake, *, deep: bool = False) -> list[Finding]:
    """Check a lake; return what is wrong with it, nothing where it is sound.

    With `deep`, every byte is read: Parquet files and raw dumps are compared with their SHA-256, and
    all papers are made anew from their records. Raises LakeError where there is no lake, or its
    catalog cannot be opened.
    """
    with attached(lake, read_only=True) as connection:
        connection.execute("BEGIN")
        files = named_files(connection, lake)
        sums = read_sums(lake.sums) if deep else {}
        damaged = [*_damaged(lake, files, sums)]
        found = [*damaged, *_unnamed(connection, lake, files), *_raw(connection, lake, deep=deep)]
        if deep:
            found += _unnoted(lake, files, sums)
            found += [
                Finding(f"{wrong}, and is not used", str(file), MAINTAIN)
                for file, wrong in damaged_parts(connection, lake)
            ]
        if all(one.cure == LET_GO for one in damaged):
            wrong_rows = [*_tables(connection)]
            found += wrong_rows or (_papers(connection) if deep else [])
    return found


def _damaged(lake: Lake, files: list[NamedFile], sums: Mapping[str, str]) -> Iterator[Finding]:
    for file, wrong in damaged_files(lake, files, sums):
        cure = (REMAKE if file.table in FROM_DUMPS else PUT_BACK) if file.is_of_now else LET_GO
        yield Finding(wrong, str(lake.data / file.place), cure)


def _unnamed(connection: duckdb.DuckDBPyConnection, lake: Lake, files: list[NamedFile]) -> Iterator[Finding]:
    known = {lake.data / place for place in (*(file.place for file in files), *_scheduled(connection, lake))}
    for file in sorted(lake.data.rglob("*.parquet")):
        if file not in known:
            yield Finding("is a file that the catalog does not name, left by a run that died", str(file), MAINTAIN)


def _unnoted(lake: Lake, files: list[NamedFile], sums: Mapping[str, str]) -> Iterator[Finding]:
    for file in files:
        if file.place not in sums:
            what = "has no noted SHA-256, so that its bytes cannot be checked"
            yield Finding(what, str(lake.data / file.place), f"put {lake.sums} back from a copy of the lake")


def _scheduled(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[str]:
    """List the files that no snapshot names any more and that maintenance will remove: place below the data."""
    catalog = metadata(connection, lake)
    rows = connection.execute(f"SELECT path FROM {catalog}.ducklake_files_scheduled_for_deletion").fetchall()
    return [row[0] for row in rows]


def _raw(connection: duckdb.DuckDBPyConnection, lake: Lake, *, deep: bool) -> Iterator[Finding]:
    """Compare the ledger with the raw files."""
    ledger = (
        "SELECT dump_id, uri, compression, byte_count, modified_at FROM dumps WHERE status = 'published' ORDER BY uri"
    )
    try:
        lines = [LedgerLine(*row) for row in connection.execute(ledger).fetchall()]
    except duckdb.Error as error:
        _begin_again(connection)
        yield Finding(f"cannot be read: {error}", "dumps", PUT_BACK if deep else LOOK_DEEPER)
        return
    for line in lines:
        if wrong := wrong_with_raw(lake, line, deep=deep):
            place = find_raw(lake, line.dump_id) or f"raw/{line.dump_id[:2]}/{line.dump_id}"
            file_or_archive = line.uri.partition(SEPARATOR)[0]
            cure = f"put the dump back: ingest {file_or_archive} into a new lake, and copy its file from there"
            yield Finding(f"the raw dump {wrong}", str(place), cure)


def _begin_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave a transaction that some kinds of damage abort, so that the next question is answered."""
    connection.execute("ROLLBACK")
    connection.execute("BEGIN")


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for fault in FAULTS:
        try:
            rows = connection.execute(f"SELECT * FROM ({fault.sql}) LIMIT {SHOWN + 1}").fetchall()
        except duckdb.Error as error:
            _begin_again(connection)
            yield Finding(f"cannot be read: {error}", fault.where, LOOK_DEEPER)
            continue
        if rows:
            examples = ", ".join(str(row[0]) for row in rows[:SHOWN])
            more = " ..." if len(rows) > SHOWN else ""
            yield Finding(f"{fault.what}: {examples}{more}", fault.where, ROLLBACK if fault.is_of_ledger else REBUILD)


def _papers(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Make the papers anew from their records, a part at a time, and compare."""
    ids = [row[0] for row in connection.execute("SELECT paper_id FROM papers ORDER BY paper_id").fetchall()]
    for start in range(0, len(ids), PAPERS_AT_ONCE):
        wanted = pl.DataFrame({"paper_id": ids[start : start + PAPERS_AT_ONCE]})
        with shown(connection, "wanted", wanted):
            stored = connection.execute("SELECT papers.* FROM papers SEMI JOIN wanted USING (paper_id)").pl()
            records = connection.execute(
                "SELECT records.*, paper_id FROM records JOIN paper_records USING (record_id)"
                " SEMI JOIN wanted USING (paper_id)"
            ).pl()
        merged = merge_papers(records.select(*RECORDS.names, "paper_id"))
        differing = stored.join(merged, on=MERGED, how="anti", nulls_equal=True)
        for paper_id in differing["paper_id"].sort()[:SHOWN]:
            yield Finding("the paper is not what its records say", paper_id, REBUILD)
