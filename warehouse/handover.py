"""Hands tables over from Polars to DuckDB.

DuckDB imports pandas, which takes as long as a small ingest, before it looks at a table or a value
that Python hands to it. What it reads from a file costs two milliseconds.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.sqltext import parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import polars as pl


@contextmanager
def shown(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> Iterator[None]:
    """Let SQL see `frame` as the view `name` during the block."""
    with tempfile.NamedTemporaryFile(prefix=f"paperlake-{name}-", suffix=".parquet") as file:
        frame.write_parquet(file.name, compression="uncompressed")
        connection.execute(f"CREATE TEMP VIEW {name} AS FROM {parquet([Path(file.name)])}")
        yield
        connection.execute(f"DROP VIEW temp.{name}")  # where the block fails, its transaction takes the view with it
