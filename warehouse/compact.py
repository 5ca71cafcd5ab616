"""Writes the rows of small Parquet files anew in larger ones, without a reader noticing.

    files of one folder, each with few rows --> rows taken out and put back --> one file, in a new snapshot

Earlier snapshots keep the small files until they are forgotten. DuckLake's own
`ducklake_merge_adjacent_files` takes them out of the catalog at once: a reader looks up the parts of a
catalog in SQLite one after the other, each as it is by then, and one that is in the midst of that finds
the table empty (`tests/test_many_at_once.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.schema import TABLES

if TYPE_CHECKING:
    import duckdb

FEW_ROWS: Final = 50_000
"""Rows below which a file is small: some 10 MB of records."""

_SMALL: Final = """
    SELECT list(filename) FROM (FROM {table} SELECT filename, count(*) AS row_count GROUP BY filename)
    WHERE row_count < {few} GROUP BY regexp_replace(filename, '[^/]*$', '') HAVING count(*) > 1
"""


def merge_small_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Merge the small files of every table, within the transaction of the caller; return how many they were."""
    return sum(_merge(connection, table) for table in TABLES)


def _merge(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    folders = connection.execute(_SMALL.format(table=table, few=FEW_ROWS)).fetchall()
    files = [file for (of_folder,) in folders for file in of_folder]
    if files:
        connection.execute(f"CREATE TEMP TABLE moved AS FROM {table} WHERE list_contains(?, filename)", [files])
        connection.execute(f"DELETE FROM {table} WHERE list_contains(?, filename)", [files])
        connection.execute(f"INSERT INTO {table} FROM moved")
        connection.execute("DROP TABLE temp.moved")
    return len(files)
