from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warehouse.opening import transaction
from warehouse.query import connect

if TYPE_CHECKING:
    import duckdb
    from pipeline import Pipeline

TABLES = ("settings", "variant_keys")
ROWS = {"settings": "('{0}', '')", "variant_keys": "({0}, 0, 0)"}
WANTED = {"settings": "name = '{0}'", "variant_keys": "key = {0}"}
COUNTS = "SELECT (SELECT count(*) FROM settings WHERE value = ''), (SELECT count(*) FROM variant_keys)"


@pytest.fixture
def filled(pipeline: Pipeline) -> Pipeline:
    """A lake with a file of twelve rows in each of two tables."""
    with transaction(pipeline.lake, made_by="a test") as connection:
        for table in TABLES:
            rows = ", ".join(ROWS[table].format(number) for number in range(12))
            connection.execute(f"INSERT INTO {table} VALUES {rows}")
    return pipeline


def move(pipeline: Pipeline, number: int) -> None:
    """Take a row out of each table, and put it and one more back."""
    with transaction(pipeline.lake, made_by="a test") as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE {WANTED[table].format(number)}")
            rows = ", ".join(ROWS[table].format(put_back) for put_back in (number, 100 + number))
            connection.execute(f"INSERT INTO {table} VALUES {rows}")


def counts(reader: duckdb.DuckDBPyConnection) -> tuple[int, int] | None:
    return reader.execute(COUNTS).fetchone()


def test_what_a_reader_sees_stays_until_its_transaction_ends(filled: Pipeline) -> None:
    with connect(filled.lake.root) as reader:
        for number in range(4):  # from the second on, there is a file of deletes that takes in more
            reader.execute("BEGIN")
            assert counts(reader) == (12 + number, 12 + number)
            move(filled, number)
            assert counts(reader) == (12 + number, 12 + number)
            reader.execute("ROLLBACK")
            assert counts(reader) == (13 + number, 13 + number)
