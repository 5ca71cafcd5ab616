from __future__ import annotations

from importlib import import_module
from pathlib import Path

import duckdb
import pytest
from pipeline import SAMPLE_PAPERS, SAMPLE_RECORDS, Pipeline, digest

from transforms.errors import LakeError, QueryError
from warehouse.lake import Lake
from warehouse.query import ask, connect

SENTENCE = "what stands outside the lake"


@pytest.fixture
def lake(sample_lake: Pipeline) -> Lake:
    return sample_lake.lake


def answer(lake: Lake, sql: str) -> list[tuple]:
    with ask(lake, sql) as connection:
        return connection.fetchall()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT 1", [(1,)], id="nothing of the lake"),
        pytest.param("FROM range(2)", [(0,), (1,)], id="from first"),
        pytest.param("SELECT count(*) FROM papers", [(SAMPLE_PAPERS,)], id="table"),
        pytest.param("SELECT count(*) FROM lake.main.papers", [(SAMPLE_PAPERS,)], id="full name"),
        pytest.param("SELECT count(*) FROM papers;", [(SAMPLE_PAPERS,)], id="semicolon at the end"),
        pytest.param("-- a comment\nSELECT count(*) FROM papers -- another", [(SAMPLE_PAPERS,)], id="comments"),
        pytest.param("SELECT count(*) FROM appearances", [(SAMPLE_RECORDS,)], id="view appearances"),
        pytest.param("SELECT count(*) FROM new_papers", [(SAMPLE_PAPERS,)], id="view new_papers"),
        pytest.param(
            "WITH p AS (FROM papers) SELECT count(*) FROM p", [(SAMPLE_PAPERS,)], id="common table expression"
        ),
        pytest.param(
            "SELECT sum(n) FROM (SELECT record_count AS n FROM papers) WHERE n > (SELECT 0)",
            [(SAMPLE_RECORDS,)],
            id="subqueries",
        ),
        pytest.param("SELECT count(*) > 1 FROM lake.snapshots()", [(True,)], id="snapshots"),
        pytest.param("SELECT count(*) FROM papers, unnest([1, 2])", [(2 * SAMPLE_PAPERS,)], id="unnest"),
        pytest.param("VALUES (1), (2)", [(1,), (2,)], id="values"),
        pytest.param("SELECT ';', 'COPY'", [(";", "COPY")], id="words of a statement in a text"),
    ],
)
def test_query_is_answered(lake: Lake, sql: str, expected: list[tuple]) -> None:
    assert answer(lake, sql) == expected


def test_tables_are_listed(lake: Lake) -> None:
    names = {row[0] for row in answer(lake, "SHOW TABLES")}
    assert {"papers", "records", "dumps", "appearances"} <= names


def test_table_is_described(lake: Lake) -> None:
    assert ("paper_id", "VARCHAR") in {row[:2] for row in answer(lake, "DESCRIBE papers")}


def test_earlier_version_is_answered(sample_lake: Pipeline) -> None:
    versions = answer(sample_lake.lake, "SELECT min(snapshot_id), max(snapshot_id) FROM lake.snapshots()")
    ((first, last),) = versions
    assert answer(sample_lake.lake, f"SELECT count(*) FROM papers AT (VERSION => {last})") == [(SAMPLE_PAPERS,)]
    ((earlier,),) = answer(sample_lake.lake, f"SELECT count(*) FROM papers AT (VERSION => {first + 1})")
    assert 0 < earlier < SAMPLE_PAPERS


READS_OUTSIDE = [
    "SELECT * FROM '{file}'",
    "FROM '{file}'",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_csv_auto('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_scan('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT content FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM main.read_text('/etc/passwd')",
    "SELECT * FROM system.main.read_text('/etc/passwd')",
    "SELECT * FROM \"read_text\"('/etc/passwd')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
    "WITH x AS MATERIALIZED (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')",
    "SELECT 1 WHERE EXISTS (FROM read_text('/etc/passwd'))",
    "SELECT * FROM papers, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT * FROM query_table(['/etc/passwd'])",
    "SELECT * FROM sqlite_scan('{sqlite}', 't')",
    "SELECT * FROM sqlite_query('{sqlite}', 'SELECT * FROM t')",
    "SELECT * FROM sqlite_scan('{catalog}', 'ducklake_table')",
    "SELECT * FROM read_duckdb('{file}', table_name='t')",
    "SELECT getenv('HOME')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM __ducklake_metadata_lake.main.ducklake_table",
    "SELECT * FROM __DuckLake_Metadata_lake.ducklake_table",
    'SELECT 1 WHERE EXISTS (FROM "__ducklake_metadata_lake".ducklake_table)',
    "DESCRIBE __ducklake_metadata_lake.main.ducklake_table",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
    "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
    "SUMMARIZE SELECT * FROM read_text('/etc/passwd')",
    "SUMMARIZE '/etc/passwd'",
    "DESCRIBE '/etc/passwd'",
    "PIVOT (FROM read_text('/etc/passwd')) ON filename",
    "SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
    "SELECT * FROM read_csv('s3://bucket/key')",
]


@pytest.mark.parametrize("sql", READS_OUTSIDE)
def test_query_cannot_read_outside_the_lake(lake: Lake, sql: str, outside: Path) -> None:
    places = {"file": outside / "secret.csv", "folder": outside, "sqlite": outside / "other.sqlite"}
    with pytest.raises(QueryError):
        answer(lake, sql.format(**places, catalog=lake.catalog))


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the lake, with what a query must not read."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret.csv").write_text(f"a,b\n1,{SENTENCE}\n")
    made = duckdb.connect()
    made.execute(f"LOAD '{_extension('sqlite_scanner')}'")
    made.execute(f"ATTACH '{folder}/other.sqlite' AS o (TYPE sqlite); CREATE TABLE o.t AS SELECT '{SENTENCE}' AS s")
    made.close()
    return folder


def _extension(name: str) -> str:
    folder = Path(import_module(f"duckdb_extension_{name}").__file__ or "").parent
    return str(next(folder.rglob("*.duckdb_extension")))


CHANGES = [
    "DELETE FROM papers",
    "INSERT INTO settings VALUES ('a', 'b')",
    "INSERT INTO settings VALUES ('a', 'b') RETURNING *",
    "UPDATE papers SET title = 'x'",
    "MERGE INTO papers USING (SELECT 1 AS x) ON false WHEN NOT MATCHED THEN INSERT VALUES (1)",
    "TRUNCATE papers",
    "DROP TABLE papers",
    "DROP SCHEMA main CASCADE",
    "ALTER TABLE papers ADD COLUMN x INT",
    "COMMENT ON TABLE papers IS 'x'",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TEMP MACRO m(x) AS TABLE SELECT * FROM read_text(x)",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "COPY papers TO '{outside}/x.csv'",
    "COPY (SELECT 1) TO '{outside}/x.parquet'",
    "COPY (SELECT 1) TO '{data}/x.parquet'",
    "COPY settings FROM '{outside}/x.csv'",
    "COPY FROM DATABASE lake TO memory",
    "EXPORT DATABASE '{outside}'",
    "IMPORT DATABASE '{outside}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{outside}/x.csv'",
    "EXPLAIN ANALYZE DELETE FROM papers",
    "EXPLAIN ANALYZE INSERT INTO settings VALUES ('a', 'b')",
    "ATTACH '{outside}/x.duckdb'",
    "ATTACH '{catalog}' AS c (TYPE sqlite)",
    "ATTACH 'ducklake:sqlite:{catalog}' AS again",
    "DETACH lake",
    "USE memory",
    "BEGIN",
    "CALL lake.set_option('parquet_compression', 'snappy')",
    "CALL ducklake_expire_snapshots('lake', older_than => now())",
    "CALL ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "SELECT * FROM ducklake_expire_snapshots('lake', older_than => now())",
    "SELECT * FROM ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "SELECT * FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)",
    "SELECT * FROM ducklake_merge_adjacent_files('lake')",
    "SELECT * FROM ducklake_rewrite_data_files('lake')",
    "SELECT * FROM ducklake_flush_inlined_data('lake')",
    "SELECT * FROM ducklake_add_data_files('lake', 'papers', '{data}/x.parquet')",
    "SELECT * FROM ducklake_set_option('lake', 'parquet_compression', 'snappy')",
    "SELECT * FROM lake.set_option('parquet_compression', 'snappy')",
    "SELECT * FROM lake.expire_snapshots(older_than => now())",
    "SELECT * FROM (SELECT 1) JOIN ducklake_cleanup_old_files('lake', cleanup_all => true) ON true",
    "WITH x AS (FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)) FROM x",
    "SELECT * FROM sqlite_query('{catalog}', 'DELETE FROM ducklake_snapshot RETURNING *')",
    "SELECT * FROM sqlite_query('lake', 'DELETE FROM ducklake_snapshot RETURNING *')",
    "SELECT * FROM sqlite_query('__ducklake_metadata_lake', 'DELETE FROM ducklake_snapshot RETURNING *')",
    "CALL sqlite_query('__ducklake_metadata_lake', 'DELETE FROM ducklake_snapshot RETURNING *')",
    "SELECT * FROM query('DELETE FROM papers')",
    "SELECT * FROM sqlite_attach('{catalog}')",
    "DELETE FROM __ducklake_metadata_lake.ducklake_snapshot",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{outside}/x.duckdb_extension'",
    "FORCE INSTALL httpfs FROM 'http://127.0.0.1:1'",
    "PRAGMA enable_profiling",
    "PRAGMA profiling_output = '{outside}/profile.json'",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '{outside}'",
    "SET log_query_path = '{outside}/log'",
    "RESET ALL",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "SELECT 1; DELETE FROM papers",
    "SELECT 1; SET enable_external_access = true; SELECT * FROM '/etc/passwd'",
    "SELECT * FROM enable_logging(storage => 'file', storage_path => '{outside}')",
    "CALL enable_logging(storage => 'file', storage_path => '{outside}')",
    "SELECT * FROM enable_profiling()",
    "PREPARE p AS DELETE FROM papers",
    "EXECUTE p",
    "SELECT nextval('s')",
    "",
    ";",
    "-- nothing",
    "SELEKT",
    "SELECT * FROM nowhere",
    "SELECT 'unfinished",
    "\x00",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_query_cannot_change_anything(lake: Lake, sql: str, tmp_path: Path) -> None:
    before = digest(lake.root)
    with pytest.raises(QueryError):
        answer(lake, sql.format(outside=tmp_path, data=lake.data, catalog=lake.catalog))
    assert list(tmp_path.iterdir()) == []
    assert digest(lake.root) == before


def test_error_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(QueryError, match=r"DELETE.*\(the lake is read with SELECT\)"):
        answer(lake, "DELETE FROM papers")


def test_python_variables_are_not_tables(lake: Lake) -> None:
    hidden = duckdb.sql("SELECT 42")  # noqa: F841  # what DuckDB would find by its name
    with pytest.raises(QueryError, match="hidden"):
        answer(lake, "FROM hidden")


def test_lake_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake here"), ask(Lake(tmp_path / "none"), "SELECT 1"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_python_gets_a_connection_that_only_reads(lake: Lake) -> None:
    with connect(lake.root) as connection:
        assert connection.execute("SELECT count(*) FROM papers").fetchone() == (SAMPLE_PAPERS,)
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("DELETE FROM papers")


def test_any_duckdb_can_attach_the_lake(lake: Lake) -> None:
    with duckdb.connect() as connection:
        for name in ("sqlite_scanner", "ducklake"):
            connection.execute(f"LOAD '{_extension(name)}'")
        connection.execute(f"ATTACH 'ducklake:sqlite:{lake.catalog}' AS lake (READ_ONLY)")
        assert connection.execute("SELECT count(*) FROM lake.papers").fetchone() == (SAMPLE_PAPERS,)
