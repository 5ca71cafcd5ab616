"""A lake that version 1 wrote (tests/fixtures/make_lake_v1.py) is read as it is, migrated, made anew and added to."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from pipeline import Pipeline, digest, without_expectations

from transforms.errors import LakeError, QueryError
from transforms.schema import SCHEMA_VERSION, TABLES
from warehouse import migrate
from warehouse.engine import engine
from warehouse.history import rollback, snapshots
from warehouse.opening import attached
from warehouse.query import ask
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAPERS = 17
"""Papers of the fixture."""


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture
def old(repository: Path, tmp_path: Path) -> Pipeline:
    """The lake of version 1, with a redirect in the form of that version."""
    with tarfile.open(repository / "tests" / "fixtures" / "lake_v1.tar.gz") as packed:
        packed.extractall(tmp_path / "lake", filter="data")
    return Pipeline(tmp_path / "lake")


def add_redirect(old: Pipeline) -> tuple[str, str]:
    """Redirect as version 1 did: the name of a record that founded a paper once, and a paper that is not its own."""
    place = old.lake
    with engine().cursor() as connection:
        connection.execute(
            f"ATTACH 'ducklake:sqlite:{place.catalog}' AS v1 (DATA_PATH '{place.data}/', OVERRIDE_DATA_PATH true); USE v1"
        )
        (record, paper) = connection.execute(
            "SELECT record_id, paper_id FROM paper_records WHERE 'p' || record_id <> paper_id ORDER BY 1 LIMIT 1"
        ).fetchone() or ("", "")
        connection.execute(
            "INSERT INTO paper_redirects SELECT ?, max(paper_id), max(run_id), now() FROM papers", [f"p{record}"]
        )
        connection.execute("USE memory; DETACH v1")
    return f"p{record}", paper


def columns(old: Pipeline) -> dict[str, dict[str, tuple[str, bool, str]]]:
    """Give type, whether it is required and comment of every column, by table."""
    told = "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() WHERE database_name = current_database()"
    found: dict[str, dict[str, tuple[str, bool, str]]] = {name: {} for name in TABLES}
    for row in old.rows(told):
        if row["table_name"] in TABLES:
            found[row["table_name"]][row["column_name"]] = (row["data_type"], not row["is_nullable"], row["comment"])
    return found


def test_older_lake_is_migrated_made_anew_and_added_to(old: Pipeline, tmp_path: Path, samples: Path) -> None:
    redirected, paper = add_redirect(old)
    ids = {row["paper_id"] for row in _as_it_is(old, "SELECT paper_id FROM papers")}
    with attached(old.lake):
        pass
    assert {name: set(found) for name, found in columns(old).items()} == {
        name: set(t.names) for name, t in TABLES.items()
    }
    assert columns(old)["paper_redirects"]["old_run_id"][1:] == (
        True,
        next(column.comment for column in TABLES["paper_redirects"].columns if column.name == "old_run_id"),
    )
    assert old.one("SELECT paper_id FROM paper_redirects WHERE old_paper_id = ?", redirected) == paper
    assert old.one("SELECT value FROM settings WHERE name = 'schema_version'") == str(SCHEMA_VERSION)
    assert snapshots(old.lake)[-1]["made_by"] == f"tables brought from version 1 to {SCHEMA_VERSION}"
    assert verify(old.lake, deep=True) == []
    more = tmp_path / "more-2026-04-01.jsonl"
    more.write_text('{"title": "Wells That Remember Their Rivers", "authors": ["Cy Dunn"]}\n', encoding="utf-8")
    with pytest.raises(LakeError, match="paperlake rebuild"):
        old.ingest(more)
    moved = old.rebuild()
    assert moved.records_lost == moved.papers_gone == 0
    kept = old.rows("SELECT paper_id FROM papers UNION ALL SELECT old_paper_id FROM paper_redirects")
    assert ids | {redirected} <= {row["paper_id"] for row in kept}
    assert old.ingest(more).new_papers == 1
    assert old.ingest(samples / "hf-papers-2026-03-11.txt").known == 1
    assert verify(old.lake, deep=True) == []


def _as_it_is(old: Pipeline, sql: str) -> list[dict[str, object]]:
    with ask(old.lake, sql) as connection:
        names = [column[0] for column in connection.description or ()]
        return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]


def test_readers_change_nothing(old: Pipeline) -> None:
    """Queries see the tables as they are; what asks for columns that are not there says what to do."""
    before = digest(old.lake.root)
    assert _as_it_is(old, "SELECT count(*) AS papers FROM papers") == [{"papers": PAPERS}]
    with pytest.raises(
        LakeError, match=rf"version 1, this is {SCHEMA_VERSION} \(bring them up to date with: paperlake"
    ):
        verify(old.lake)
    assert digest(old.lake.root) == before


def test_migration_that_fails_changes_nothing(old: Pipeline) -> None:
    before = _as_it_is(old, "FROM dumps ORDER BY ALL")
    with (
        patch.object(migrate, "script", return_value="ALTER TABLE dumps ADD COLUMN encoding VARCHAR; FROM nowhere"),
        pytest.raises(LakeError, match=r"(?s)cannot be brought from version 1 to .*nothing was changed"),
        attached(old.lake),
    ):
        pass
    assert _as_it_is(old, "FROM dumps ORDER BY ALL") == before
    with attached(old.lake):
        assert verify(old.lake) == []


def test_newer_lake_is_refused(old: Pipeline) -> None:
    with attached(old.lake) as connection:
        connection.execute("UPDATE settings SET value = '99' WHERE name = 'schema_version'")
    for read_only in (True, False):
        with pytest.raises(LakeError, match="newer than this paperlake knows"), attached(old.lake, read_only=read_only):
            pass
    with pytest.raises(LakeError, match="newer than this paperlake knows"), ask(old.lake, "SELECT 1"):
        pass


def test_earlier_version_is_asked_and_not_gone_back_to(old: Pipeline) -> None:
    with attached(old.lake):
        pass
    last = old.one("SELECT max(snapshot_id) FROM ducklake_snapshots(current_database())") - 1
    with ask(old.lake, "SELECT count(*) FROM papers", at=str(last)) as connection:
        assert connection.fetchone() == (PAPERS,)
    with pytest.raises(QueryError, match=rf"paperlake sql --at {last}"):
        rollback(old.lake, last)
