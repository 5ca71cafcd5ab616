"""Makes the index of the lake's large files, once for each; see `warehouse.index`.

Parquet file --read once, in bounded parts--> keys, variants, ids (sorted pages), titles, rows (packed blocks)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import parquet as pq

from transforms.dedupe.screen import SCREEN_WIDTH
from transforms.schema import RECORDS, VARIANT_KEYS
from warehouse import large_files as large
from warehouse.blocks import BlockWriter
from warehouse.large_files import KINDS, ROWS, hashed, large_files, screens_of
from warehouse.opening import attached, current
from warehouse.pages import UnusableError, write_pages
from warehouse.sqltext import literal
from warehouse.workers import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from transforms.schema import Table
    from warehouse.lake import Lake
    from warehouse.large_files import LargeFile

    Numbers = npt.NDArray[np.uint64]

_RECORDS_AT_ONCE: Final = 1 << 16
"""Records that are read in one go: some 60 MB."""

_KEYS_AT_ONCE: Final = 1 << 20


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
        if missing := [file for file in files if not _is_whole(file, deep=deep)]:
            lake.index.mkdir(exist_ok=True)
            _make(connection, missing, screens)


def _is_whole(file: LargeFile, *, deep: bool) -> bool:
    try:
        for kind in KINDS[file.table]:
            file.check(kind, deep=deep)
    except UnusableError:
        return False
    return True


def _make(connection: duckdb.DuckDBPyConnection, files: Sequence[LargeFile], screens: Sequence[Path]) -> None:
    """Make the index of files: of those with keys beside those with records."""
    with ThreadPoolExecutor(1, thread_name_prefix="keys") as beside, connection.cursor() as another:
        another.execute(f"USE {current(connection)}")
        keys = beside.map(partial(_make_keys, another), [file for file in files if file.table == "variant_keys"])
        records = [file for file in files if file.table == "records"]
        kept = _Screens(screens if records else ())
        for file in records:
            _make_records(connection, file, kept)
        list(keys)


def _make_keys(connection: duckdb.DuckDBPyConnection, file: LargeFile) -> None:
    keys, variants = _keys_of(connection, file)
    write_pages(file.part("keys"), file.made_for, keys, variants)


def _keys_of(connection: duckdb.DuckDBPyConnection, file: LargeFile) -> tuple[Numbers, Numbers]:
    """Read keys, and the variant of each in a row of its own; what they were read into is let go."""
    with _batches(connection, file, VARIANT_KEYS, ("key", "variant_id"), _KEYS_AT_ONCE) as batches:
        rows = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches)))
    return rows["key"].to_numpy(), rows.select("variant_id").to_numpy()


def _make_records(connection: duckdb.DuckDBPyConnection, file: LargeFile, screens: _Screens) -> None:
    ids: list[pl.Series] = []
    entries: list[Numbers] = []
    with ExitStack() as opened:
        each = opened.enter_context(side_by_side())
        writers = [
            opened.enter_context(BlockWriter(file.part(kind), file.made_for, names, each))
            for kind, names in ROWS.items()
        ]
        for batch in opened.enter_context(_batches(connection, file, RECORDS, RECORDS.names, _RECORDS_AT_ONCE)):
            for writer in writers:
                writer.write(batch)
            records = pl.DataFrame(pl.from_arrow(batch))
            rows = np.arange(records.height, dtype=np.uint64) + np.uint64(sum(map(len, entries)))
            ids.append(hashed(records["record_id"]))
            entries.append(np.column_stack([records["variant_id"].to_numpy(), rows, screens.of(records)]))
    every = np.concatenate(entries)
    write_pages(file.part("variants"), file.made_for, every[:, 0], every[:, 1:])
    write_pages(file.part("ids"), file.made_for, pl.concat(ids).to_numpy(), every[:, 1:2])


@contextmanager
def _batches(
    connection: duckdb.DuckDBPyConnection, file: LargeFile, table: Table, columns: Sequence[str], at_once: int
) -> Iterator[Iterator[pa.RecordBatch]]:
    """Read columns of a file, in the order of its rows: by itself, or through the lake where its table has changed since."""
    with ExitStack() as opened:
        if pl.read_parquet_schema(file.name).items() >= table.polars_schema.items():
            parquet = opened.enter_context(pq.ParquetFile(file.name))
            yield parquet.iter_batches(at_once, columns=list(columns), use_threads=False)
            return
        asked = f"SELECT {', '.join(columns)}, file_row_number FROM {table.name} WHERE filename = {literal(file.name)}"
        yield _in_order(opened.enter_context(closing(connection.execute(asked).to_arrow_reader(at_once))))


def _in_order(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Raise UnusableError where rows do not come in the order of their file_row_number."""
    first = 0
    for batch in batches:
        if not np.array_equal(batch["file_row_number"], np.arange(first, first + batch.num_rows)):
            raise UnusableError("the rows do not come in their order")
        first += batch.num_rows
        yield batch.drop_columns(["file_row_number"])


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
