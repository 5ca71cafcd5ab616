"""The lake: where its parts lie, and how it is opened.

LAKE/catalog.sqlite   the DuckLake catalog: tables, snapshots, which Parquet files are valid
LAKE/data/            the Parquet files
LAKE/raw/             every dump as it was captured, by its SHA-256
LAKE/index/           what finds rows of large Parquet files without scanning them: derived, see `warehouse.index`
LAKE/docs/            Data Docs of the contract, HTML
LAKE/sums/            SHA-256 of the Parquet files, for `sha256sum -c` in data/ and for `paperlake verify`
LAKE/fetched.sqlite   what lay at an address when it was fetched (warehouse.seen); may be lost
LAKE/staging/         what a run prepares before it publishes; emptied by the next run
LAKE/writer.lock      held by the one process that publishes
"""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from transforms.errors import LakeError, QueryError
from transforms.schema import TABLES
from warehouse.ddl import table_ddl
from warehouse.durable import data_files, flush, flush_new
from warehouse.engine import engine
from warehouse.migrate import migrate
from warehouse.secrets import masked
from warehouse.settings import (
    read_settings,
    refuse_other_level,
    refuse_other_rules,
    refuse_other_schema,
    write_settings,
)
from warehouse.sqltext import literal, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.dedupe.weights import Level
    from warehouse.place import Place
    from warehouse.postgres import Catalog

_ALIASES: Final = itertools.count(1)
"""Numbers that keep the lakes apart that one process has open at once."""

ZSTD_LEVEL: Final = 1
"""Of the Parquet files: half the time of DuckDB's default level 3, for files that are a fifth larger."""

UNBORN: Final = "unborn"
"""Name of a lake that is being made."""

NOW: Final = "SNAPSHOT_TIME '9999-01-01'"
"""How readers attach, to see each snapshot whole: the latest, looked up anew for each transaction.

DuckLake notes what a later commit takes out of a file in the file of deletes that is there already, and
looks at which rows of that are of a later snapshot only where it was asked for a time (DuckDB 1.5.5).
"""

_HELD: Final[dict[str, str]] = {}
"""Lakes that this process keeps attached, and the names they are attached under."""


@dataclass(frozen=True)
class Lake:
    """A lake folder and the places in it; `level` is the one that is asked for, where one is."""

    root: Path
    level: Level | None = None

    @property
    def name(self) -> str:
        """What messages call the lake."""
        return str(self.root)

    @property
    def address(self) -> str:
        """Where its files are in object storage, s3://bucket/prefix; empty where they are in the folder."""
        return ""

    @property
    def catalog(self) -> Path:
        """The catalog of the lake, a SQLite file."""
        return self.root / "catalog.sqlite"

    @property
    def catalog_name(self) -> str:
        """What messages call the catalog."""
        return str(self.catalog)

    @property
    def data(self) -> Place:
        """The folder of the Parquet files."""
        return self.root / "data"

    @property
    def raw(self) -> Place:
        """The folder of the dumps as they were captured."""
        return self.root / "raw"

    @property
    def sums(self) -> Place:
        """The folder of the SHA-256 of the Parquet files."""
        return self.root / "sums"

    @property
    def index(self) -> Path:
        """The folder of what finds rows of large Parquet files."""
        return self.root / "index"

    @property
    def docs(self) -> Path:
        """The folder of the Data Docs."""
        return self.root / "docs"

    @property
    def staging(self) -> Path:
        """The folder of what runs prepare."""
        return self.root / "staging"

    @property
    def lock(self) -> Path | Catalog:
        """The file that the one writer locks."""
        return self.root / "writer.lock"

    @property
    def exists(self) -> bool:
        """Whether anything was ever published here."""
        return self.catalog.exists()

    @property
    def attach_target(self) -> str:
        """What DuckDB attaches."""
        return f"ducklake:sqlite:{self.catalog}"

    @property
    def attach_options(self) -> list[str]:
        """What DuckDB must know to attach it, beside the folder of the Parquet files."""
        return []

    @property
    def data_url(self) -> str:
        """The folder of the Parquet files, for DuckDB."""
        return f"{self.root.resolve() / 'data'}/"

    @property
    def metadata_schema(self) -> str:
        """The schema of DuckLake's own tables."""
        return "main"

    @contextmanager
    def being_made(self) -> Iterator[Lake]:
        """Make the catalog under another name, then rename it: it is there whole or not at all."""
        unborn = Lake(self.staging / UNBORN)
        shutil.rmtree(unborn.root, ignore_errors=True)
        unborn.root.mkdir()
        yield unborn
        _let_readers_and_writer_meet(unborn.catalog)
        flush(self.root)  # the names of the folders, before the catalog speaks of what is in them
        unborn.catalog.replace(self.catalog)
        flush(self.root)
        with suppress(PermissionError):  # a folder that may be entered but not listed
            flush(self.root.parent)
        unborn.root.rmdir()

    @contextmanager
    def docs_at_work(self) -> Iterator[Path]:
        """Give the folder of the Data Docs, to be written to in the block."""
        yield self.docs

    def tidy_catalog(self) -> None:
        """Shorten the log of the catalog, and have it look at its statistics."""
        with closing(sqlite3.connect(self.catalog)) as connection:
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Have DuckDB ready to attach it."""

    def refuse_lost_lock(self) -> None:
        """Raise LakeError where this process is no longer the one writer: the kernel sees to that in a folder."""


def _let_readers_and_writer_meet(catalog: Path) -> None:
    """Have SQLite keep a write-ahead log: readers then do not wait for the writer, nor it for them."""
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def lake_at(place: str | Path, level: Level | None = None) -> Lake:
    """Name the lake in a folder, or the shared lake that a TOML file or an address tells of.

    Raises UsageError where that says too little, or something unknown.
    """
    if "://" in str(place) or (str(place).endswith(".toml") and not Path(place).is_dir()):
        from warehouse.shared import shared_lake  # noqa: PLC0415  # an ordinary lake needs nothing of it

        return shared_lake(str(place), level)
    return Lake(Path(place).absolute(), level)


def make_folders(lake: Lake) -> None:
    """Make the folders of the lake where they are missing; raise LakeError where they cannot be made."""
    try:
        for folder in (lake.data, lake.raw, lake.staging):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "choose a folder that you may write to with --lake"
        raise LakeError(f"cannot make the lake's folders: {error.strerror}", where=lake.name, hint=hint) from error


def refuse_missing(lake: Lake) -> None:
    """Raise LakeError where there is no lake."""
    if not lake.exists:
        hint = "make one with: paperlake ingest PATH --lake DIR"
        raise LakeError("there is no lake here", where=lake.name, hint=hint)


def create_lake(lake: Lake) -> None:
    """Create a lake with empty tables; do nothing where there is one. The caller holds the writer's lock."""
    if not lake.exists:
        with transaction(lake, made_by="a new lake"):
            pass


@contextmanager
def transaction(lake: Lake, *, made_by: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake and commit all that is done in the block as one transaction, or nothing of it.

    Where there is no lake yet, it is made in the same transaction. What was written is flushed to the
    disk before the commit. `made_by` is what `paperlake snapshots` says of it. The caller holds the
    writer's lock.
    """
    before = data_files(lake.data)
    with _begun(lake) as connection:
        yield connection
        connection.execute(f"CALL {current(connection)}.set_commit_message('paperlake', {literal(made_by)})")
        flush_new(lake.data, lake.sums, before=before)
        lake.refuse_lost_lock()
        connection.execute("COMMIT")


@contextmanager
def tentative(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake to be written to, and asked of what was written, in one transaction of which nothing stays.

    The caller holds the writer's lock.
    """
    with suppress(_DiscardedError), _begun(lake) as connection:
        yield connection
        connection.execute("ROLLBACK")
        raise _DiscardedError  # so that a lake that is being made is not put in its place


class _DiscardedError(Exception):
    """What was done to the lake shall not stay."""


@contextmanager
def _begun(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake, or one that is being made, and begin a transaction."""
    with attached(lake) if lake.exists else _unborn(lake) as connection:
        connection.execute("BEGIN")
        if not lake.exists:
            _create_tables(connection, lake.level)
        yield connection


def current(connection: duckdb.DuckDBPyConnection) -> str:
    """Give the name under which the lake is attached to a connection."""
    (name,) = connection.execute("SELECT current_database()").fetchone() or ()
    return str(name)


def metadata(connection: duckdb.DuckDBPyConnection, lake: Lake) -> str:
    """Give the name of the schema in which DuckLake keeps its own tables of the lake."""
    return f"__ducklake_metadata_{current(connection)}.{lake.metadata_schema}"


@contextmanager
def _unborn(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a new catalog."""
    make_folders(lake)
    with lake.being_made() as place, engine().cursor() as connection:
        try:
            _open_catalog(connection, place, read_only=False, alias=UNBORN, data_url=lake.data_url)
            yield connection
        finally:
            _detach(connection, UNBORN)


@contextmanager
def attached(lake: Lake, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the lake as the current database of a DuckDB connection, and close it afterwards.

    Raises LakeError where there is no lake, or one that this version cannot read.
    """
    with engine().cursor() as connection:
        if lake.name in _HELD:
            connection.execute(f"USE {_HELD[lake.name]}")
            yield connection
            return
        alias = f"lake_{next(_ALIASES)}"
        try:
            attach(connection, lake, read_only=read_only, alias=alias)
            yield connection
        finally:
            _detach(connection, alias)


@contextmanager
def held_open(lake: Lake) -> Iterator[None]:
    """Keep the lake attached, where there is one, for all that this process does with it in the block.

    Attaching takes a fifth of a second. The caller holds the writer's lock. Raises LakeError where
    other rules than these made the lake.
    """
    if not lake.exists:
        yield
        return
    with attached(lake) as connection:
        refuse_other_rules(connection, lake.name)
        _HELD[lake.name] = current(connection)
        try:
            yield
        finally:
            del _HELD[lake.name]


@contextmanager
def snapshot(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what the lake holds now, to be asked many times: empty tables where there is no lake yet.

    In one transaction DuckLake looks up its catalog once instead of for each query.
    """
    if not lake.exists:
        with duckdb.connect() as connection:
            for table in TABLES.values():
                connection.execute(next(table_ddl(table)))
            write_settings(connection, lake.level)
            yield connection
        return
    with attached(lake, read_only=True) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def _detach(connection: duckdb.DuckDBPyConnection, alias: str) -> None:
    with suppress(duckdb.TransactionException):  # there is a transaction only where something failed
        connection.execute("ROLLBACK")
    connection.execute("USE memory")
    connection.execute(f"DETACH DATABASE IF EXISTS {alias}")


def attach(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    *,
    read_only: bool,
    alias: str = "lake",
    at: str | None = None,
    older_too: bool = False,
) -> None:
    """Attach the lake to `connection` under the name `alias` and make it the current database.

    `at` is the number or the time (ISO 8601) of a snapshot: what the lake held then. Tables of an older
    version are migrated where the lake is opened to be written, and shown as they are to readers that
    want `older_too`. Raises LakeError where there is no lake, one that this version cannot read or one
    of another level, QueryError where nothing was there then.
    """
    refuse_missing(lake)
    if at is None:
        _open_catalog(connection, lake, read_only=read_only, alias=alias)
    else:
        _open_earlier(connection, lake, alias, at)
    settings = _settings_of(connection, lake)
    if not read_only and migrate(connection, lake.data, lake.sums, settings):
        settings = _settings_of(connection, lake)
    refuse_other_schema(settings, lake.name, older_too=older_too)
    refuse_other_level(settings, lake.name, lake.level)


def _settings_of(connection: duckdb.DuckDBPyConnection, lake: Lake) -> dict[str, str]:
    try:
        return read_settings(connection)
    except duckdb.Error as error:
        what = f"its first table cannot be read: {masked(' '.join(str(error).split()))}"
        hint = "see whether its files are there and may be read; for a shared lake, see to the credentials"
        raise LakeError(what, where=lake.name, hint=hint) from error


def _open_earlier(connection: duckdb.DuckDBPyConnection, lake: Lake, alias: str, at: str) -> None:
    hint = "list what can be asked with: paperlake snapshots"
    try:
        then = f"SNAPSHOT_VERSION {int(at)}" if at.lstrip("-").isdecimal() else f"SNAPSHOT_TIME {literal(_time(at))}"
        _open_catalog(connection, lake, read_only=True, alias=alias, then=then)
        connection.execute("SELECT count(*) FROM settings")
    except (LakeError, duckdb.Error, ValueError) as error:
        raise QueryError(f"the lake held nothing then: {at}", where=lake.name, hint=hint) from error


def _time(text: str) -> str:
    return dt.datetime.fromisoformat(text).isoformat(sep=" ")


def _open_catalog(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    *,
    read_only: bool,
    alias: str,
    then: str = "",
    data_url: str = "",
) -> None:
    options = ["READ_ONLY", then or NOW] if read_only else ["DATA_INLINING_ROW_LIMIT 0"]
    options += [f"DATA_PATH {literal(data_url or lake.data_url)}", "OVERRIDE_DATA_PATH true", *lake.attach_options]
    try:
        lake.prepare(connection)
        connection.execute(f"ATTACH {literal(lake.attach_target)} AS {alias} ({', '.join(options)}); USE {alias}")
    except duckdb.Error as error:
        raise LakeError(f"the catalog does not open: {masked(error)}", where=lake.catalog_name) from error


def _create_tables(connection: duckdb.DuckDBPyConnection, level: Level | None) -> None:
    connection.execute(f"CALL {UNBORN}.set_option('parquet_compression', 'zstd')")
    connection.execute(f"CALL {UNBORN}.set_option('parquet_compression_level', {ZSTD_LEVEL})")
    for table in TABLES.values():
        for statement in table_ddl(table):
            connection.execute(statement)
    connection.execute(script("views"))
    write_settings(connection, level)
