"""Makes the index of the lake's large files, once for each; see `warehouse.index`.

Parquet file --read once, in bounded parts--> keys, variants, ids (sorted pages), titles, rows (packed blocks)
"""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import polars as pl

from transforms.dedupe.screen import SCREEN_WIDTH
from transforms.schema import RECORDS
from warehouse import large_files as large
from warehouse.blocks import BlockWriter
from warehouse.large_files import KINDS, ROWS, hashed, large_files, screens_of
from warehouse.opening import attached
from warehouse.pages import UnusableError, write_pages
from warehouse.sqltext import literal
from warehouse.workers import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from warehouse.lake import Lake
    from warehouse.large_files import LargeFile

    Numbers = npt.NDArray[np.uint64]

_BATCH: Final = 1 << 16
"""Records that are read in one go: some 60 MB."""


def kept_screens(variants: Numbers, numbers: Numbers) -> pl.DataFrame:
    """Keep what screens the variants of a batch, where they are so many that they will be indexed; else no rows."""
    rows = len(variants) if len(variants) >= large.MANY_ROWS else 0
    return pl.DataFrame(
        {"variant_id": variants[:rows], **{str(i): column[:rows] for i, column in enumerate(numbers.T)}}
    )


def refresh_index(lake: Lake, screens: Sequence[Path] = (), *, deep: bool = False) -> None:
    """Make what is missing of the index, and remove what belongs to no file of now; the caller holds the writer's lock.

    `screens` is where `kept_screens` of the batch lie that was published; with `deep` every byte of what is
    there is checked. What cannot be written stays missing: a lake is whole without.
    """
    with suppress(OSError, UnusableError, duckdb.Error), attached(lake, read_only=True) as connection:
        files = large_files(connection, lake)
        wanted = {file.part(kind) for file in files for kind in KINDS[file.table]}
        for stray in set(lake.index.iterdir()) - wanted if lake.index.is_dir() else ():
            stray.unlink()
        for file in files:
            try:
                for kind in KINDS[file.table]:
                    file.check(kind, deep=deep)
            except UnusableError:
                lake.index.mkdir(exist_ok=True)
                _make(connection, file, screens)


def _make(connection: duckdb.DuckDBPyConnection, file: LargeFile, screens: Sequence[Path]) -> None:
    if file.table == "variant_keys":
        _make_keys(connection, file)
    else:
        _make_records(connection, file, _Screens(screens))


def _make_keys(connection: duckdb.DuckDBPyConnection, file: LargeFile) -> None:
    rows = connection.execute(f"SELECT key, variant_id FROM variant_keys WHERE filename = {literal(file.name)}").pl()
    write_pages(file.part("keys"), file.made_for, rows["key"].to_numpy(), rows.select("variant_id").to_numpy())


def _make_records(connection: duckdb.DuckDBPyConnection, file: LargeFile, screens: _Screens) -> None:
    columns = ", ".join(RECORDS.names)
    asked = f"SELECT {columns}, file_row_number FROM records WHERE filename = {literal(file.name)}"
    ids: list[pl.Series] = []
    entries: list[Numbers] = []
    with ExitStack() as opened:
        each = opened.enter_context(side_by_side())
        reader = opened.enter_context(closing(connection.execute(asked).to_arrow_reader(_BATCH)))
        writers = [
            opened.enter_context(BlockWriter(file.part(kind), file.made_for, names, each))
            for kind, names in ROWS.items()
        ]
        for batch in reader:
            for writer in writers:
                writer.write(batch)
            records = pl.DataFrame(pl.from_arrow(batch))
            _refuse_other_order(records["file_row_number"], sum(map(len, entries)))
            ids.append(hashed(records["record_id"]))
            entries.append(np.column_stack([*_numbers(records), screens.of(records)]))
    every = np.concatenate(entries)
    write_pages(file.part("variants"), file.made_for, every[:, 0], every[:, 1:])
    write_pages(file.part("ids"), file.made_for, pl.concat(ids).to_numpy(), every[:, 1:2])


def _numbers(records: pl.DataFrame) -> tuple[Numbers, Numbers]:
    return records["variant_id"].to_numpy(), records["file_row_number"].to_numpy().astype(np.uint64)


def _refuse_other_order(rows: pl.Series, first: int) -> None:
    if not np.array_equal(rows.to_numpy(), np.arange(first, first + len(rows))):
        raise UnusableError("the rows do not come in their order")


class _Screens:
    """What screens records: as a batch worked it out, or worked out here."""

    def __init__(self, kept: Sequence[Path]) -> None:
        frame = pl.read_parquet(list(kept), glob=False).sort("variant_id") if kept else None
        self._ids = frame["variant_id"].to_numpy() if frame is not None else np.empty(0, np.uint64)
        self._numbers = (
            frame.drop("variant_id").to_numpy() if frame is not None else np.empty((0, SCREEN_WIDTH), np.uint64)
        )

    def of(self, records: pl.DataFrame) -> Numbers:
        """Give SCREEN_WIDTH numbers of each record."""
        variants = records["variant_id"].to_numpy()
        numbers = np.empty((len(variants), SCREEN_WIDTH), np.uint64)
        places = np.minimum(np.searchsorted(self._ids, variants), max(len(self._ids) - 1, 0))
        is_kept = self._ids[places] == variants if len(self._ids) else np.zeros(len(variants), np.bool_)
        numbers[is_kept] = self._numbers[places[is_kept]]
        if not is_kept.all():
            made_of, made = screens_of(records.filter(~pl.Series(is_kept)))
            numbers[~is_kept] = made[np.searchsorted(made_of, variants[~is_kept])]
        return numbers
