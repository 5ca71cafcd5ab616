"""The Parquet files of the lake that are large enough for an index, and where the parts of it lie; see `warehouse.index`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import polars_hash as plh

from transforms.dedupe.screen import screen_numbers
from transforms.dedupe.variants import compared, with_nothing_else
from transforms.schema import RECORDS, SCHEMA_VERSION
from warehouse.blocks import Blocks
from warehouse.opening import current, metadata
from warehouse.pages import OtherMakeError, Pages, UnusableError
from warehouse.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import numpy as np
    import numpy.typing as npt

    from warehouse.lake import Lake

    Numbers = npt.NDArray[np.uint64]

MANY_RECORDS: Final = 200_000
"""Records of a lake from which it has an index: to scan fewer takes less than an index of them would cost."""

MANY_ROWS: Final = 50_000
"""Rows from which a file is indexed: to scan fewer takes some milliseconds."""

KINDS: Final = {"variant_keys": ("keys",), "records": ("variants", "ids", "titles", "rows")}
"""What is made of a large file, by its table."""

_TITLES: Final = ("record_id", "variant_id", "seen_date", "title", "authors")
ROWS: Final = {"titles": _TITLES, "rows": tuple(name for name in RECORDS.names if name not in _TITLES)}
"""The columns of the parts with rows: titles alone rule most candidates out, and are quickly unpacked."""

_FORMAT: Final = 2
_SCREENED: Final = ("title", "authors", "volume", "pages", "doi", "arxiv_id", "pmid")
"""What of a record screens it."""


@dataclass(frozen=True)
class LargeFile:
    """A large Parquet file of a table: its name as DuckDB shows it, its size, and where its index lies."""

    table: str
    name: str
    byte_count: int
    rows: int
    folder: Path

    @property
    def made_for(self) -> bytes:
        """What its index is marked with: 16 bytes that change with the file and with how an index is made."""
        said = (_FORMAT, SCHEMA_VERSION, _screen_mark(), self.name.rpartition("/")[2], self.byte_count, self.rows)
        return hashlib.sha256(repr(said).encode()).digest()[:16]

    def part(self, kind: str) -> Path:
        """Give the place of one part of its index."""
        return self.folder / f"{self.name.rpartition('/')[2].removesuffix('.parquet')}.{kind}"

    def pages(self, kind: str) -> Pages:
        """Open one of the sorted parts; raise UnusableError where it cannot be used."""
        return Pages(self.part(kind), self.made_for)

    def blocks(self, kind: str) -> Blocks:
        """Open one of the parts with rows; raise UnusableError where it cannot be used."""
        return Blocks(self.part(kind), self.made_for)

    def check(self, kind: str, *, deep: bool) -> None:
        """Raise UnusableError where a part of its index is missing or unusable; with `deep` all of it is read."""
        with self.blocks(kind) if kind in ROWS else self.pages(kind) as part:
            if deep:
                part.check()

    def remove(self) -> None:
        """Remove its index, so that it is made anew."""
        for kind in KINDS[self.table]:
            with suppress(OSError):
                self.part(kind).unlink(missing_ok=True)


@cache
def _screen_mark() -> str:
    """Tell what screens a record of every field: other code, or another library, may make other numbers of it."""
    said = dict.fromkeys(("title", "pages", "doi", "arxiv_id"), "10.48550/arXiv.2003.01234 Über Æ-Tides, v2: 12-19")
    record = {
        **said,
        "record_id": "a",
        "variant_id": 1,
        "authors": ["Ahn, B.-C.", "Zoë Ng"],
        "volume": "4",
        "pmid": "7",
    }
    made = screens_of(pl.DataFrame([record], schema_overrides={"variant_id": pl.UInt64}))[1]
    return hashlib.sha256(made.tobytes()).hexdigest()


def screens_of(records: pl.DataFrame) -> tuple[Numbers, Numbers]:
    """Work out what screens each record, from its `_SCREENED` fields alone: its variant, and SCREEN_WIDTH numbers."""
    variants = compared(with_nothing_else(records.select("record_id", "variant_id", *_SCREENED)))
    return variants["variant_id"].to_numpy(), screen_numbers(variants)


def large_files(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[LargeFile]:
    """List the large files of the tables that have an index, of which no row was taken out.

    `connection` is that of the lake, in the snapshot that is meant. A shared lake has none: to make an index of its
    files would be to fetch all of them.
    """
    if not isinstance(lake.data, Path):
        return []
    name = current(connection)
    catalog = metadata(connection, lake)
    rows = connection.execute(f"""
        SELECT tables.table_name, schemas.path || tables.path || files.path, files.file_size_bytes, files.record_count,
            coalesce(sum(gone.delete_count), 0)::BIGINT
        FROM {catalog}.ducklake_data_file AS files
        JOIN {catalog}.ducklake_table AS tables USING (table_id)
        JOIN {catalog}.ducklake_schema AS schemas USING (schema_id)
        LEFT JOIN {catalog}.ducklake_delete_file AS gone
            ON gone.data_file_id = files.data_file_id AND gone.end_snapshot IS NULL
        WHERE files.end_snapshot IS NULL AND tables.table_name IN ({", ".join(map(literal, KINDS))})
        GROUP BY ALL
    """).fetchall()
    found: list[LargeFile] = []
    if sum(count - gone for table, _, _, count, gone in rows if table == "records") < MANY_RECORDS:
        return found
    for table in KINDS:
        files = [row[1:] for row in rows if row[0] == table]
        if not any(count >= MANY_ROWS for _, _, count, _ in files):
            continue
        there = {row[0] for row in connection.execute(f"FROM ducklake_list_files('{name}', '{table}')").fetchall()}
        (live,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        if live != sum(count - gone for _, _, count, gone in files):  # DuckLake may note what is gone elsewhere too
            continue
        found += [
            LargeFile(table, lake.data_url + place, size, count, lake.index)
            for place, size, count, gone in files
            if count >= MANY_ROWS and not gone and lake.data_url + place in there
        ]
    return found


def hashed(texts: pl.Series) -> pl.Series:
    """Hash texts as `ids` has them."""
    return texts.alias("text").to_frame().select(plh.col("text").nchash.xxh3_64())["text"]


def damaged_parts(connection: duckdb.DuckDBPyConnection, lake: Lake) -> Iterator[tuple[Path, str]]:
    """Read all of the index; yield the parts that are damaged, and in what way.

    What is missing, or was made by another version, is no damage: it is not used.
    """
    for file in large_files(connection, lake):
        for kind in KINDS[file.table]:
            try:
                file.check(kind, deep=True)
            except OtherMakeError:
                continue
            except UnusableError as error:
                if file.part(kind).exists():
                    yield file.part(kind), str(error)
