"""Stands in for tables of a lake whose Parquet files are damaged, while the lake is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.errors import LakeError
from transforms.schema import TABLES
from warehouse.damage import damaged_files, named_files
from warehouse.durable import read_sums
from warehouse.opening import attached
from warehouse.sqltext import identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from warehouse.lake import Lake

NEEDED: Final = ("dumps", "runs", "decisions")
"""The tables without which nothing can be made anew."""

FROM_DUMPS: Final = (
    "records", "rejects", "variant_keys", "matches", "paper_records", "papers", "paper_redirects", "settings",
)  # fmt: skip
"""The tables that follow from the raw dumps and from those."""


def damaged_tables(lake: Lake) -> set[str]:
    """Read every file that the lake needs now; give the tables of which one is damaged.

    Raises LakeError where what is lost does not follow from the raw dumps.
    """
    with attached(lake, read_only=True) as connection:
        files = [file for file in named_files(connection, lake) if file.is_of_now]
    damaged = [file for file, _ in damaged_files(lake, files, read_sums(lake.sums))]
    lost = [str(lake.data / file.place) for file in damaged if file.table in NEEDED]
    if lost:
        hint = "nothing was changed; put them back from a copy of the lake: the raw dumps do not tell what they said"
        raise LakeError(f"damaged or missing: {', '.join(lost)}", where=lake.name, hint=hint)
    return {file.table for file in damaged if file.table in FROM_DUMPS}


def stand_in(connection: duckdb.DuckDBPyConnection, beside: str, damaged: Collection[str]) -> None:
    """Hide each damaged table of the current database behind a temporary view of that table of the lake `beside`."""
    for name in damaged:
        columns = ", ".join(map(identifier, TABLES[name].names))
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {columns} FROM {beside}.{name}")
