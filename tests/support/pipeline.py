"""The ingest without Prefect: the same steps as `flows.ingest`, in this process, and what a lake is asked after it."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import uuid
from collections import defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb

from transforms.schema import TABLES
from warehouse import contract
from warehouse.batch import Batch, Run, StageSeconds, judge, publish_batch, resolve_batch, without_published
from warehouse.contract import check_dumps
from warehouse.expectations import Outcome
from warehouse.fetch import fetch
from warehouse.lake import Lake, lake_at
from warehouse.landing import find_dumps
from warehouse.ledger import add_fetched, add_members, find_new
from warehouse.locking import writer_lock
from warehouse.members import UnpackedArchive, unpack_archive
from warehouse.opening import attached, held_open
from warehouse.rebuild import rebuild
from warehouse.seen import note_seen
from warehouse.soundness import FAULTS
from warehouse.staging import normalize_staged, stage_dump, staging_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from transforms.dedupe.weights import Level
    from transforms.errors import PaperlakeError
    from warehouse.expectations import Suite
    from warehouse.ledger import NewDump
    from warehouse.rebuild import Moved
    from warehouse.resolve import Resolution
    from warehouse.staged import StagedDump

SAMPLE_DUMPS, SAMPLE_RECORDS, SAMPLE_REJECTS, SAMPLE_PAPERS = 5, 25, 4, 15
"""What the folder of samples gives; one more dump of it is refused."""


@dataclass
class Ingested:
    """What one ingest did; `batch` and `resolution` are None where there was nothing new."""

    known: int
    problems: list[PaperlakeError] = field(default_factory=list)
    batch: Batch | None = None
    resolution: Resolution | None = None

    def total(self, count: str) -> int:
        return self.batch.total(count) if self.batch else 0

    @property
    def new_papers(self) -> int:
        return self.resolution.new_papers if self.resolution else 0

    @property
    def errors(self) -> dict[str, str]:
        """Why dumps were refused, by their names."""
        return {line.staged.name: line.error or "" for line in (self.batch.refused if self.batch else ())}


@contextmanager
def without_expectations() -> Iterator[None]:
    """Have the contract counted by its own queries alone: Great Expectations takes longer than all the rest."""

    def count(name: str, suites: Sequence[Suite], **_: object) -> dict[str, dict[str, Outcome]]:
        with duckdb.connect(name) as connection:
            return {suite.name: _count(connection, suite) for suite in suites}

    with patch.object(contract, "validate", count):
        yield


def _count(connection: duckdb.DuckDBPyConnection, suite: Suite) -> dict[str, Outcome]:
    broken = ", ".join(f"count(*) FILTER (WHERE ({rule.predicate}) IS NOT TRUE)" for rule in suite.rules)
    checked, *counts = connection.execute(f"SELECT count(*), {broken} FROM {suite.table}").fetchone() or ()
    return {rule.name: Outcome(checked, count) for rule, count in zip(suite.rules, counts, strict=True)}


class Pipeline:
    """Ingests into one lake, and reads it back."""

    def __init__(self, place: Path | str, level: Level | None = None) -> None:
        self.lake = lake_at(place, level)

    def ingest(self, *paths: object) -> Ingested:
        """Ingest files, folders, globs and addresses as one batch."""
        landing = find_dumps([str(path) for path in paths], outside=self.lake.root, outside_address=self.lake.address)
        new = find_new(landing.files, self.lake, retry_failed=True, remote=landing.remote)
        done = Ingested(new.known, [*landing.problems, *new.problems])
        if new.dumps or new.archives or new.remote:
            run = Run(f"test-{uuid.uuid4()}", "a test", "0", dt.datetime.now(dt.UTC))
            with staging_folder(self.lake, run.run_id) as staging:
                fetched = [fetch(file, staging) for file in new.remote]
                add_fetched(new, fetched)
                note_seen(self.lake, fetched)
                archives = [unpack_archive(archive, staging) for archive in new.archives]
                add_members(new, archives)
                done.known, done.problems = new.known, [*landing.problems, *new.problems]
                if not (new.dumps or archives):
                    return done
                self._ingest_new(done, new.dumps, archives, staging, run)
        return done

    def _ingest_new(
        self, done: Ingested, dumps: list[NewDump], archives: list[UnpackedArchive], staging: Path, run: Run
    ) -> None:
        staged = [stage_dump(dump, staging) for dump in dumps]
        checks = staging / "checks.parquet"
        with self.lake.docs_at_work() as docs:
            batch = replace(check(staged, staging, checks, run, docs), archives=tuple(archives))
        with writer_lock(self.lake.lock, owner="a test", wait_seconds=600), held_open(self.lake):
            done.batch = without_published(batch, self.lake)
            if not (done.batch.lines or done.batch.archives):
                return
            done.resolution = resolve_batch(done.batch, self.lake, staging / "resolved", run)
            problems = [*map(str, done.problems), *done.errors.values()]
            publish_batch(
                done.batch,
                done.resolution,
                self.lake,
                run=run,
                seconds=StageSeconds(),
                problems=problems,
                checks=checks,
            )

    def rebuild(self, level: Level | None = None) -> Moved:
        """Make the lake anew."""
        run = Run(f"test-{uuid.uuid4()}", "a rebuild", "0", dt.datetime.now(dt.UTC))
        with writer_lock(self.lake.lock, owner="a test", wait_seconds=600):
            return rebuild(self.lake, run, lambda _: None, level=level)

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Ask the lake; each row by its columns."""
        with attached(self.lake, read_only=True) as connection:
            return rows(connection, sql, *values)

    def one(self, sql: str, *values: object) -> Any:
        """Ask the lake for one value."""
        (row,) = self.rows(sql, *values)
        (value,) = row.values()
        return value

    def partition(self) -> frozenset[frozenset[str]]:
        """The grouping of records into papers, by the ids of the records."""
        return partition(self.rows("SELECT record_id, paper_id FROM paper_records"))

    def assert_sound(self) -> None:
        """Assert what holds of every lake at every moment."""
        with attached(self.lake, read_only=True) as connection:
            assert_sound(connection)


def check(staged: list[StagedDump], staging: Path, checks: Path, run: Run, docs: Path | None) -> Batch:
    normalized = normalize_staged(staged, staging)
    outcome = check_dumps(normalized, run_id=run.run_id, today=dt.datetime.now(dt.UTC).date(), docs=docs)
    outcome.checks.write_parquet(checks)
    return judge(staged, outcome)


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def partition(pairs: Iterable[Mapping[str, str]]) -> frozenset[frozenset[str]]:
    papers = defaultdict(set)
    for pair in pairs:
        papers[pair["paper_id"]].add(pair["record_id"])
    return frozenset(frozenset(members) for members in papers.values())


OF_THE_RUN = (
    "run_id",
    "updated_run_id",
    "created_at",
    "ingested_at",
    "rejected_at",
    "redirected_at",
    "old_run_id",
    "old_created_at",
)
"""Columns that tell who wrote a row and when."""

CONTENT = tuple(table for table in TABLES.values() if table.name not in ("runs", "checks"))
"""The tables that say what the lake knows, not how it came to know it."""


def content(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row that the lake holds, but for who wrote it and when, by table; nothing where there is no lake."""
    if not lake.exists:
        return {}
    with attached(lake, read_only=True) as connection:
        return {
            table.name: connection.execute(
                f"SELECT {', '.join(name for name in table.names if name not in OF_THE_RUN)} FROM {table.name} ORDER BY ALL"
            ).fetchall()
            for table in CONTENT
        }


def exported(lake: Lake, folder: Path) -> dict[str, bytes]:
    """Export every table, its rows sorted, as Parquet; give the bytes by table."""
    folder.mkdir()
    with attached(lake, read_only=True) as connection:
        for name in TABLES:
            connection.execute(f"COPY (FROM {name} ORDER BY ALL) TO '{folder / name}' (FORMAT parquet)")
    return {name: (folder / name).read_bytes() for name in TABLES}


def assert_sound(connection: duckdb.DuckDBPyConnection) -> None:
    """Assert what holds of every lake at every moment, in one snapshot of it."""
    connection.execute("BEGIN")
    found = {fault.what: rows(connection, fault.sql) for fault in FAULTS}
    connection.execute("ROLLBACK")
    assert {fault: some[:3] for fault, some in found.items() if some} == {}


def digest(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file below a folder, by its place.

    Of a catalog it is that of what it says: SQLite moves its log into the file when it likes, also
    for a reader.
    """
    return {
        str(file.relative_to(folder)): hashlib.sha256(_said(file)).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(("-wal", "-shm"))
    }


def _said(file: Path) -> bytes:
    if file.suffix != ".sqlite":
        return file.read_bytes()
    with closing(sqlite3.connect(file)) as catalog:
        return "\n".join(catalog.iterdump()).encode()
