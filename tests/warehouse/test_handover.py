from __future__ import annotations

import duckdb
import polars as pl
import pytest

from warehouse.handover import shown


def test_table_is_seen_in_the_block_alone() -> None:
    with duckdb.connect() as connection:
        with shown(connection, "handed", pl.DataFrame({"number": [1, 2]})):
            assert connection.execute("SELECT sum(number) FROM handed").fetchall() == [(3,)]
        with pytest.raises(duckdb.CatalogException):
            connection.execute("FROM handed")


def test_what_fails_in_the_block_is_told_as_it_is() -> None:
    """A transaction that failed takes no further statement: to tidy up must not hide why."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY)")
        connection.execute("BEGIN")
        with (
            pytest.raises(duckdb.ConstraintException),
            shown(connection, "handed", pl.DataFrame({"number": [1, 1]})),
        ):
            connection.execute("INSERT INTO kept FROM handed")
        connection.execute("ROLLBACK")
        with pytest.raises(duckdb.CatalogException):
            connection.execute("FROM handed")
