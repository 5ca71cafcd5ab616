"""The Parquet files that the catalog names, and what is wrong with them.

catalog --names--> file: there, of that size, with these bytes?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.durable import sha256
from warehouse.opening import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from warehouse.lake import Lake
    from warehouse.place import Place


@dataclass(frozen=True)
class NamedFile:
    """A data or delete file of a snapshot that is kept, below the folder of the data; `size` in bytes.

    `rows_of` is the name of the data file whose rows it holds or takes out. The snapshot of now needs
    it where it `is_of_now`.
    """

    place: str
    table: str
    size: int
    is_of_now: bool
    rows_of: str


def named_files(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[NamedFile]:
    """List the files that the catalog names, by their places; `connection` has the lake open."""
    catalog = metadata(connection, lake)
    rows = connection.execute(f"""
        SELECT DISTINCT schemas.path || tables.path || files.path, table_name, file_size_bytes, is_of_now, rows_of
        FROM (
            SELECT table_id, path, file_size_bytes, end_snapshot IS NULL AS is_of_now, path AS rows_of
            FROM {catalog}.ducklake_data_file
            UNION ALL
            SELECT gone.table_id, gone.path, gone.file_size_bytes, gone.end_snapshot IS NULL, data.path
            FROM {catalog}.ducklake_delete_file AS gone
            JOIN {catalog}.ducklake_data_file AS data USING (data_file_id)
        ) AS files
        JOIN {catalog}.ducklake_table AS tables USING (table_id)
        JOIN {catalog}.ducklake_schema AS schemas USING (schema_id)
        ORDER BY ALL
    """).fetchall()
    return [NamedFile(*row) for row in rows]


def damaged_files(lake: Lake, files: list[NamedFile], sums: Mapping[str, str]) -> Iterator[tuple[NamedFile, str]]:
    """Give each of the files that is damaged, and what is wrong with it; of those in `sums`, every byte is read."""
    for file in files:
        wrong = _wrong_with(lake.data / file.place, file.size, sums.get(file.place))
        if wrong:
            yield file, wrong


def _wrong_with(file: Place, size: int, digest: str | None) -> str | None:
    if not file.exists():
        return "is named by the catalog and is not there"
    if file.stat().st_size != size:
        return f"has {file.stat().st_size:,} bytes, the catalog says {size:,}"
    if digest is not None and sha256(file) != digest:
        return "has other bytes than were written"
    return None
