"""Lets people ask the lake in SQL, and do nothing else.

`connect` gives Python a read-only DuckDB connection. `ask` is the guarded door behind
`paperlake sql`: one statement that only reads, without the network, other files, or extensions.
A query is parsed by DuckDB before it runs; table functions are allowed by name, since some of
those that DuckDB offers read foreign databases or delete files.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import duckdb
import orjson

from transforms.errors import QueryError
from warehouse.engine import connect_extensions
from warehouse.lake import Lake, lake_at
from warehouse.opening import attach
from warehouse.secrets import masked
from warehouse.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE_FUNCTIONS: Final = frozenset(
    {
        "range",
        "generate_series",
        "unnest",
        "repeat",
        "pragma_table_info",
        "duckdb_tables",
        "duckdb_columns",
        "duckdb_views",
        "duckdb_functions",
        "snapshots",
        "table_info",
        "table_changes",
        "table_insertions",
        "table_deletions",
        "ducklake_snapshots",
        "ducklake_table_info",
        "ducklake_table_changes",
        "ducklake_table_insertions",
        "ducklake_table_deletions",
        "json_each",
        "json_tree",
    }
)
"""Table functions that a query may call: each reads the lake or nothing."""

_CATALOG: Final = b"__ducklake_metadata"
"""Beginning of the name under which DuckLake attaches the catalog: a shared one holds tables of other people too."""


def connect(lake: str | Path) -> duckdb.DuckDBPyConnection:
    """Open the lake in folder `lake` for reading, as the current database of a DuckDB connection.

    The caller closes it. Raises LakeError where there is no lake.
    """
    place = lake_at(lake)
    connection = connect_extensions()
    attach(connection, place, read_only=True, older_too=True)
    return connection


@contextmanager
def ask(lake: Lake, sql: str, *, at: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Run one reading query against the lake, or against what it held `at` a snapshot or a time (ISO 8601).

    Yields the connection that holds the result. Raises QueryError where the SQL is wrong or not
    allowed, or nothing was there then, LakeError where there is no lake.
    """
    connection = connect_extensions()
    try:
        attach(connection, lake, read_only=True, at=at, older_too=True)
        _close_doors(connection, lake)
        _refuse_writes(connection, sql)
        yield _run(connection, sql)
    finally:
        connection.close()


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(sql)
    except duckdb.Error as error:
        raise QueryError(masked(error), hint="the tables are listed by: paperlake sql 'SHOW TABLES'") from error


def _close_doors(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    connection.execute(f"SET allowed_directories = [{literal(lake.data_url)}]")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _refuse_writes(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error), hint="check the SQL") from error
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements were given", hint="give one query")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(
            f"this is no query but a statement of the kind {statements[0].type.name}",
            hint="the lake is read with SELECT",
        )
    tree = _parse(connection, statements[0].query)
    if _CATALOG in orjson.dumps(tree).lower():
        raise QueryError("the tables of the catalog are not read here", hint="ask the tables of the lake")
    for name in _table_functions(tree):
        if name not in TABLE_FUNCTIONS:
            raise QueryError(f"the table function {name} is not allowed here", hint="ask the tables of the lake")


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    """Get the syntax tree of a query from DuckDB itself."""
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree = orjson.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        message = tree.get("error_message", "it cannot be parsed")
        raise QueryError(f"the query cannot be checked: {message}", hint="write it as a SELECT")
    return tree


def _table_functions(node: object) -> Iterator[str]:
    """Yield the name of each table function in a syntax tree, wherever it stands."""
    if isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            yield str(node["function"]["function_name"]).lower()
        for child in node.values():
            yield from _table_functions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _table_functions(child)
