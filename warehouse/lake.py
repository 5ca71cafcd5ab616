"""The lake: where its parts lie, and how it is opened.

LAKE/catalog.sqlite   the DuckLake catalog: tables, snapshots, which Parquet files are valid
LAKE/data/            the Parquet files
LAKE/raw/             every dump as it was captured, by its SHA-256
LAKE/docs/            Data Docs of the contract, HTML
LAKE/staging/         what a run prepares before it publishes; emptied by the next run
LAKE/writer.lock      held by the one process that publishes
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from transforms.errors import LakeError
from transforms.schema import SCHEMA_VERSION, TABLES, Table
from warehouse.sqltext import identifier, literal, script

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSIONS: Final = ("sqlite_scanner", "ducklake")
"""DuckDB extensions that the lake needs, each installed as a package of DuckDB's own version."""

_ALIASES: Final = itertools.count(1)
"""Numbers that keep the lakes apart that one process has open at once."""

_ENGINE_LOCK: Final = threading.RLock()


@dataclass(frozen=True)
class Lake:
    """A lake folder and the places in it."""

    root: Path

    @property
    def catalog(self) -> Path:
        """The catalog of the lake, a SQLite file."""
        return self.root / "catalog.sqlite"

    @property
    def data(self) -> Path:
        """The folder of the Parquet files."""
        return self.root / "data"

    @property
    def raw(self) -> Path:
        """The folder of the dumps as they were captured."""
        return self.root / "raw"

    @property
    def docs(self) -> Path:
        """The folder of the Data Docs."""
        return self.root / "docs"

    @property
    def staging(self) -> Path:
        """The folder of what runs prepare."""
        return self.root / "staging"

    @property
    def lock(self) -> Path:
        """The file that the one writer locks."""
        return self.root / "writer.lock"

    @property
    def exists(self) -> bool:
        """Whether anything was ever published here."""
        return self.catalog.exists()


def create_lake(lake: Lake) -> None:
    """Create a lake with empty tables; do nothing where there is one.

    The catalog is made under another name and then renamed, so that it is there whole or not at
    all. The caller holds the writer's lock.
    """
    if lake.exists:
        return
    _make_folders(lake)
    unborn = Lake(lake.root / "staging" / "unborn")
    shutil.rmtree(unborn.root, ignore_errors=True)
    unborn.root.mkdir()
    with engine().cursor() as connection:
        attach(connection, unborn, read_only=False, alias="unborn", data=lake.data)
        try:
            _create_tables(connection)
        finally:
            _detach(connection, "unborn")
    _let_readers_and_writer_meet(unborn.catalog)
    unborn.catalog.replace(lake.catalog)
    unborn.root.rmdir()


def _make_folders(lake: Lake) -> None:
    try:
        for folder in (lake.data, lake.raw, lake.staging):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "choose a folder that you may write to with --lake"
        raise LakeError(f"cannot make the lake's folders: {error.strerror}", where=str(lake.root), hint=hint) from error


def _let_readers_and_writer_meet(catalog: Path) -> None:
    """Have SQLite keep a write-ahead log: readers then do not wait for the writer, nor it for them."""
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def attached(lake: Lake, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake as the current database of a DuckDB connection, and close it afterwards.

    Raises LakeError where there is no lake, or one that this version cannot read.
    """
    with engine().cursor() as connection:
        alias = f"lake_{next(_ALIASES)}"
        try:
            attach(connection, lake, read_only=read_only, alias=alias)
            yield connection
        finally:
            _detach(connection, alias)


def _detach(connection: duckdb.DuckDBPyConnection, alias: str) -> None:
    with suppress(duckdb.TransactionException):  # there is a transaction only where something failed
        connection.execute("ROLLBACK")
    connection.execute("USE memory")
    connection.execute(f"DETACH DATABASE IF EXISTS {alias}")


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """Give the DuckDB of this process, its extensions loaded: loading them takes a quarter of a second."""
    with _ENGINE_LOCK:
        return _shared_engine()


@cache
def _shared_engine() -> duckdb.DuckDBPyConnection:
    return connect_extensions()


def connect_extensions() -> duckdb.DuckDBPyConnection:
    """Make an in-memory DuckDB with the lake's extensions loaded from their packages."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(Path(tempfile.gettempdir()) / f"paperlake-{os.getpid()}"),
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    for name in EXTENSIONS:
        connection.execute(f"LOAD {literal(extension_file(name))}")
    return connection


def attach(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    *,
    read_only: bool,
    alias: str = "lake",
    data: Path | None = None,
) -> None:
    """Attach the lake to `connection` under the name `alias` and make it the current database.

    `data` is the folder of the Parquet files where it is not the lake's own.
    """
    if read_only and not lake.exists:
        hint = "make one with: paperlake ingest PATH --lake DIR"
        raise LakeError("there is no lake here", where=str(lake.root), hint=hint)
    options = ["READ_ONLY"] if read_only else ["DATA_INLINING_ROW_LIMIT 0"]
    options += [f"DATA_PATH {literal(f'{(data or lake.data).resolve()}/')}", "OVERRIDE_DATA_PATH true"]
    try:
        connection.execute(
            f"ATTACH {literal(f'ducklake:sqlite:{lake.catalog}')} AS {alias} ({', '.join(options)}); USE {alias}"
        )
    except duckdb.Error as error:
        raise LakeError(f"the catalog does not open: {error}", where=str(lake.catalog)) from error
    _refuse_other_schema(connection, lake)


def _refuse_other_schema(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    if not _has_tables(connection):
        return
    found = connection.execute("SELECT value FROM settings WHERE name = 'schema_version'").fetchone()
    if found is None or int(found[0]) != SCHEMA_VERSION:
        was = "none" if found is None else found[0]
        hint = "use the version of paperlake that made it, or ingest the dumps into a new lake"
        raise LakeError(f"its schema version is {was}, this is {SCHEMA_VERSION}", where=str(lake.root), hint=hint)


def extension_file(name: str) -> str:
    """Find the file of a DuckDB extension in its package; raise LakeError where it is not installed."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or not spec.submodule_search_locations:
        hint = "install paperlake from its lock: make setup"
        raise LakeError(f"the DuckDB extension {name} is not installed", hint=hint)
    folder = Path(next(iter(spec.submodule_search_locations)))
    return str(folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension")


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'settings'"
    ).fetchone()
    return found is not None and found[0] > 0


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    connection.execute("CALL unborn.set_option('parquet_compression', 'zstd')")
    for table in TABLES.values():
        for statement in table_ddl(table):
            connection.execute(statement)
    connection.execute(script("views"))
    connection.execute("INSERT INTO settings VALUES ('schema_version', ?), ('level', 'work')", [str(SCHEMA_VERSION)])
    connection.execute("COMMIT")


def table_ddl(table: Table) -> Iterator[str]:
    """Yield the statements that create one table with its partitions and comments."""
    columns = ", ".join(
        f"{identifier(column.name)} {column.sql_type}{' NOT NULL' if column.is_required else ''}"
        for column in table.columns
    )
    yield f"CREATE TABLE {table.name} ({columns})"
    if table.partition_by:
        yield f"ALTER TABLE {table.name} SET PARTITIONED BY ({', '.join(table.partition_by)})"
    yield f"COMMENT ON TABLE {table.name} IS {literal(table.comment)}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {table.name}.{identifier(column.name)} IS {literal(column.comment)}"
