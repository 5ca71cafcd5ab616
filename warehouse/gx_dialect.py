"""The SQLAlchemy dialect through which Great Expectations asks DuckDB.

Great Expectations fetches the rows of a query after it has given the connection back. duckdb-engine
runs every query of a connection on one DuckDB cursor, and giving it back ends the cursor's
transaction: the rows are gone, and every expectation seems to hold. Here each query has a DuckDB
cursor of its own, which nothing but its result uses.
"""

from __future__ import annotations

from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper, CursorWrapper, Dialect
from sqlalchemy.dialects import registry


class _Connection(ConnectionWrapper):
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._connection = connection

    def cursor(self) -> CursorWrapper:
        return CursorWrapper(self._connection.cursor(), self)


class CursorPerQueryDialect(Dialect):
    """duckdb-engine's dialect with a cursor per query; `:memory:NAME` is shared within the process."""

    supports_statement_cache = True

    def connect(self, *_: Any, **parameters: Any) -> Any:
        """Connect as the rest of the program does: DuckDB refuses a second, different configuration."""
        return _Connection(duckdb.connect(parameters["database"]))


def register(scheme: str) -> None:
    """Let SQLAlchemy take connection strings that begin with `scheme` to this dialect."""
    registry.register(scheme, __name__, CursorPerQueryDialect.__name__)
