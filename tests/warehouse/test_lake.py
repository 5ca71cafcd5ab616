from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest
from pipeline import SAMPLE_PAPERS, SAMPLE_RECORDS, Pipeline

from transforms.dedupe.fingerprint import rules_fingerprint
from transforms.errors import LakeError
from transforms.schema import SCHEMA_VERSION, TABLES, Table
from warehouse import engine, settings
from warehouse import lake as lake_module
from warehouse.ddl import table_ddl
from warehouse.lake import Lake
from warehouse.opening import attached, create_lake
from warehouse.query import connect

if TYPE_CHECKING:
    from pathlib import Path


OLDER = rf"its tables are of version {SCHEMA_VERSION}, this is {SCHEMA_VERSION + 1} \(bring them"


@pytest.fixture(scope="module")
def new_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("new") / "lake")
    create_lake(lake)
    return lake


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_table_has_its_columns_with_types_and_comments(new_lake: Lake, table: Table) -> None:
    with attached(new_lake, read_only=True) as connection:
        found = connection.execute(
            """
            SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()
            WHERE database_name = current_database() AND table_name = ? ORDER BY column_index""",
            [table.name],
        ).fetchall()
    expected_types = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert found == [
        (column.name, expected_types.get(column.sql_type, column.sql_type), not column.is_required, column.comment)
        for column in table.columns
    ]


def test_every_table_and_view_says_what_it_is(new_lake: Lake) -> None:
    with attached(new_lake, read_only=True) as connection:
        tables = dict(
            connection.execute(
                "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = current_database()"
            ).fetchall()
        )
        views = dict(
            connection.execute(
                "SELECT view_name, comment FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"
            ).fetchall()
        )
    assert tables == {table.name: table.comment for table in TABLES.values()}
    assert set(views) == {"appearances", "new_papers"}
    assert all(views.values())


def test_lake_knows_its_schema(new_lake: Lake) -> None:
    with attached(new_lake, read_only=True) as connection:
        assert dict(connection.execute("FROM settings").fetchall()) == {
            "schema_version": str(SCHEMA_VERSION),
            "level": "work",
            "rules": rules_fingerprint(),
        }


def test_making_a_lake_again_changes_nothing(new_lake: Lake) -> None:
    before = new_lake.catalog.read_bytes()
    create_lake(new_lake)
    assert new_lake.catalog.read_bytes() == before


def test_partitions_follow_the_schema() -> None:
    statements = list(table_ddl(TABLES["records"]))
    assert "ALTER TABLE records SET PARTITIONED BY (year(seen_date), month(seen_date))" in statements


def test_data_lie_in_zstd_parquet_by_partition(sample_lake: Pipeline) -> None:
    files = sorted((sample_lake.lake.data / "main" / "records").rglob("*.parquet"))
    assert {file.parent.parent.name for file in files} >= {"year=2026"}
    with duckdb.connect() as connection:
        packed = {
            row[0] for file in files for row in connection.execute(
                "SELECT DISTINCT compression FROM parquet_metadata(?)", [str(file)]
            ).fetchall()
        }  # fmt: skip
    assert packed == {"ZSTD"}


def test_lake_that_was_moved_still_answers(sample_lake: Pipeline, tmp_path: Path) -> None:
    moved = shutil.copytree(sample_lake.lake.root, tmp_path / "moved")
    assert Pipeline(moved).partition() == sample_lake.partition()


def test_lake_of_another_version_is_refused(new_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    with pytest.raises(LakeError, match=OLDER), attached(new_lake, read_only=True):
        pass
    connect(new_lake.root).close()
    monkeypatch.setattr(settings, "SCHEMA_VERSION", SCHEMA_VERSION - 1)
    with pytest.raises(LakeError, match="newer than this paperlake knows"):
        connect(new_lake.root)


def test_catalog_of_another_program_is_refused(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        for name in engine.EXTENSIONS:
            connection.execute(f"LOAD '{engine.extension_file(name)}'")
        connection.execute(
            f"ATTACH 'ducklake:sqlite:{tmp_path}/catalog.sqlite' AS other (DATA_PATH '{tmp_path}/data/')"
        )
    with pytest.raises(LakeError, match="it does not say of which version its tables are"), attached(Lake(tmp_path)):
        pass


def test_damaged_catalog_is_named(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.catalog.write_bytes(b"this is no SQLite file, and longer than its header is" * 20)
    with pytest.raises(LakeError, match=r"catalog\.sqlite: the catalog does not open"), attached(lake):
        pass


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LakeError, match=r"cannot make the lake's folders: .* \(choose a folder"):
        create_lake(Lake(tmp_path / "file" / "lake"))


def test_half_made_lake_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies while it makes the lake leaves none, and the next one makes it."""
    lake = Lake(tmp_path / "lake")
    with monkeypatch.context() as patch:
        patch.setattr(lake_module, "_let_readers_and_writer_meet", _die)
        with pytest.raises(KeyboardInterrupt):
            create_lake(lake)
    assert not lake.exists
    create_lake(lake)
    with attached(lake, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM papers").fetchone() == (0,)


def _die(_: Path) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        ("appearances", {"paper_id", "dump_id", "seen_date", "position"}),
        ("new_papers", {"paper_id", "title", "run_id"}),
    ],
)
def test_view_has_what_a_job_needs(sample_lake: Pipeline, view: str, columns: set[str]) -> None:
    assert columns <= set(sample_lake.rows(f"FROM {view} LIMIT 1")[0])


def test_appearances_are_the_records_of_papers(sample_lake: Pipeline) -> None:
    (row,) = sample_lake.rows("SELECT count(*) AS n, count(DISTINCT paper_id) AS papers FROM appearances")
    assert row == {"n": SAMPLE_RECORDS, "papers": SAMPLE_PAPERS}


def test_new_papers_are_told_by_run(sample_lake: Pipeline) -> None:
    found = sample_lake.rows("SELECT run_id, count(*) AS n FROM new_papers GROUP BY ALL ORDER BY ALL")
    runs = sample_lake.rows("SELECT run_id, new_papers AS n FROM runs WHERE new_papers > 0 ORDER BY ALL")
    assert found == runs
    assert sum(row["n"] for row in found) == SAMPLE_PAPERS
