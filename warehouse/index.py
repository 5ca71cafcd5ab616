"""Finds rows of the lake's large Parquet files by key, variant or record, without scanning them.

    data/...<file>.parquet --made once--> index/<file>.keys      blocking key -> variant
                                          index/<file>.variants  variant      -> row, and what screens it
                                          index/<file>.ids       record       -> row
                                          index/<file>.titles    row          -> title and authors of the record
                                          index/<file>.rows      row          -> all else of the record

A Parquet file never changes, and so nothing that is made of one ever grows stale. What is missing,
damaged, or made by another version is not used: its Parquet file is scanned instead, and the next run that
publishes makes it anew. So an index decides how long a lookup takes, never what it finds. Small
files are scanned anyway, and files of which rows were taken out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import polars as pl

from transforms.dedupe.screen import SCREEN_WIDTH
from warehouse.large_files import ROWS, LargeFile, hashed, large_files
from warehouse.pages import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb
    import numpy.typing as npt

    from warehouse.lake import Lake

    Numbers = npt.NDArray[np.uint64]

T = TypeVar("T")

_KEYS: Final = {"key": pl.UInt64, "variant_id": pl.UInt64}

MOST_WANTED: Final = 1 / 8
"""Share of the rows of a file beyond which it is scanned: nearly every block would be read."""


@dataclass
class Index:
    """What can be found in the large files of a snapshot without scanning them."""

    files: list[LargeFile] = field(default_factory=list)

    def keys(self, wanted: pl.Series) -> tuple[pl.DataFrame, list[str]]:
        """Find blocking keys: key, variant_id; and the files that need not be looked at any more."""
        keys = wanted.unique().sort().to_numpy()

        def ask(file: LargeFile) -> pl.DataFrame:
            with file.pages("keys") as pages:
                return pl.DataFrame(pages.find(keys), schema=_KEYS)

        parts, names = self._asked("variant_keys", len(keys), ask)
        return pl.concat([pl.DataFrame(schema=_KEYS), *parts]), names

    def screens(self, variants: pl.Series) -> tuple[Numbers, Numbers]:
        """Find what screens variants: those that were found, sorted, and SCREEN_WIDTH numbers for each."""
        ids = variants.unique().sort().to_numpy()

        def ask(file: LargeFile) -> Numbers:
            with file.pages("variants") as pages:
                return pages.find(ids)

        parts, _ = self._asked("records", len(ids), ask)
        entries = np.concatenate([np.empty((0, 2 + SCREEN_WIDTH), np.uint64), *parts])
        found, firsts = np.unique(entries[:, 0], return_index=True)
        return found, np.ascontiguousarray(entries[firsts, 2:])

    def titles(self, variants: pl.Series) -> pl.DataFrame:
        """Find variants: variant_id, title, authors; no column where no file was asked."""
        found = self.records("variant_id", variants, ("variant_id", "title", "authors"))[0]
        return found.unique("variant_id") if found.height else found

    def records(self, column: str, wanted: pl.Series, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
        """Find some columns of records by variant_id or record_id; and the files that need not be looked at any more.

        No column where no file was asked.
        """
        if column == "variant_id":
            return self._rows("variants", wanted.unique().sort(), columns)
        held = tuple(dict.fromkeys((column, *columns)))  # two ids may have one hash
        found, asked = self._rows("ids", hashed(wanted).unique().sort(), held)
        return (found.filter(pl.col(column).is_in(wanted.implode())) if found.height else found), asked

    def _rows(self, by: str, keys: pl.Series, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
        def ask(file: LargeFile) -> pl.DataFrame:
            with file.pages(by) as pages:
                rows = np.sort(pages.find(keys.to_numpy())[:, 1].astype(np.int64))
            return _read(file, rows, columns)

        parts, names = self._asked("records", len(keys), ask)
        return (pl.concat(parts) if parts else pl.DataFrame()), names

    def _asked(self, table: str, wanted: int, ask: Callable[[LargeFile], T]) -> tuple[list[T], list[str]]:
        """Ask every file of a table whose index can be used, and is worth it."""
        answers, names = [], []
        for file in [file for file in self.files if file.table == table]:
            if wanted > file.rows * MOST_WANTED:
                continue
            try:
                answers.append(ask(file))
            except UnusableError:
                self.files.remove(file)
                file.remove()
            else:
                names.append(file.name)
        return answers, names


def _read(file: LargeFile, rows: npt.NDArray[np.int64], columns: Sequence[str]) -> pl.DataFrame:
    """Read some columns of rows of a file, from the parts that hold them."""
    frames = []
    for kind, held in ROWS.items():
        if some := [column for column in columns if column in held]:
            with file.blocks(kind) as blocks:
                frames.append(blocks.read(rows, some))
    return pl.concat(frames, how="horizontal").select(columns)


def open_index(connection: duckdb.DuckDBPyConnection, lake: Lake) -> Index:
    """Open the index of the lake in the snapshot of `connection`; that of a lake that is not there yet is empty."""
    return Index(large_files(connection, lake) if lake.exists and lake.index.is_dir() else [])
