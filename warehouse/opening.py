"""Opens a lake as a DuckLake in DuckDB: to be read, written to in a transaction, or seen as it was.

The tables are made in the transaction that first writes to them, and migrated when an older lake is opened to be written.
"""

from __future__ import annotations

import datetime as dt
import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import duckdb

from transforms.errors import LakeError, QueryError
from transforms.schema import TABLES
from warehouse.ddl import table_ddl
from warehouse.durable import data_files, flush_new
from warehouse.engine import engine
from warehouse.lake import UNBORN, make_folders, refuse_missing
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
    from warehouse.lake import Lake

_ALIASES: Final = itertools.count(1)
"""Numbers that keep the lakes apart that one process has open at once."""

ZSTD_LEVEL: Final = 1
"""Of the Parquet files: half the time of DuckDB's default level 3, for files that are a fifth larger."""

NOW: Final = "SNAPSHOT_TIME '9999-01-01'"
"""How readers attach, to see each snapshot whole: the latest, looked up anew for each transaction.

DuckLake notes what a later commit takes out of a file in the file of deletes that is there already, and
looks at which rows of that are of a later snapshot only where it was asked for a time (DuckDB 1.5.5).
"""

_HELD: Final[dict[str, str]] = {}
"""Lakes that this process keeps attached, and the names they are attached under."""


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
