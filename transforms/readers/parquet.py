"""Read Parquet with our column names or their usual aliases."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

import polars as pl
import pyarrow as pa
from pyarrow import parquet as pq

from transforms.errors import DamagedDumpError, HostileDumpError, UnknownFormatError
from transforms.readers.aliases import is_table_of_papers
from transforms.readers.arrow_columns import is_text, records_of
from transforms.readers.base import BATCH_SIZE, Batch, DumpInfo, Head, Reader, place, shown
from transforms.readers.parquet_pages import unpacked_bytes
from transforms.readers.rows import Row, Rows, to_json
from transforms.readers.sniff import PARQUET_MAGIC
from transforms.readers.table_batches import joined, part_of
from transforms.schema import RAW_REJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH_BYTES: Final = 64 * 1024 * 1024
_BUFFER_BYTES: Final = 1024 * 1024

_MAX_RATIO: Final = 1_000
_MAX_FREE_BYTES: Final = 1024**3
"""Repeated values pack well in Parquet; beyond this ratio and size nothing real is known."""


def sniff(head: Head) -> float:
    """Say how sure it is: Parquet begins with its name."""
    return 1.0 if head.data.startswith(PARQUET_MAGIC) else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows. The stream must be able to seek.

    Raises DamagedDumpError for broken Parquet, UnknownFormatError where no column holds titles,
    HostileDumpError where the file unpacks beyond measure.
    """
    return joined(_parts(stream, info))


def _parts(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    if not stream.seekable():
        raise DamagedDumpError(
            "is Parquet inside of another compression", where=place(info), hint="unpack it; Parquet is packed already"
        )
    with _translated(info), pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        names = _unique(file.schema_arrow.names)
        _check_names(names, info)
        unpacked = max(_footer_says(file.metadata), unpacked_bytes(stream, info))
        _check_size(unpacked, _size(stream), info)
        position = 1
        for batch in file.iter_batches(_batch_rows(unpacked, file.metadata.num_rows), use_threads=False):
            for part in _halved(_in_microseconds(batch.rename_columns(names))):
                yield _part(part, position)
                position += part.num_rows


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut times to what Python has of them: pandas writes nanoseconds, and wants to be imported where they are read."""
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields), safe=False)


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch of rows that are longer than most of the file into halves, until each is small enough or one row."""
    if batch.num_rows <= 1 or sum(map(_bytes_at_most, batch.columns)) <= _BATCH_BYTES:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halved(batch.slice(0, half))
    yield from _halved(batch.slice(half))


def _bytes_at_most(array: pa.Array) -> int:
    """Return what a column takes when each row has its value: texts of a dictionary stand there once, for any number of rows."""
    if pa.types.is_dictionary(array.type) and is_text(array.type.value_type):
        longest = pl.Series(array.dictionary).str.len_bytes().max()
        return len(array) * longest if isinstance(longest, int) else 0
    return int(array.nbytes)


def _part(batch: pa.RecordBatch, position: int) -> Batch:
    try:
        return Batch(records_of(batch, position), RAW_REJECT.to_frame())
    except RecursionError:  # row by row, so that the others go in
        rows = (Row(row, None, to_json(row)) for row in batch.to_pylist())
        return part_of(list(enumerate(rows, start=position)), Rows())


def _size(stream: BinaryIO) -> int:
    here = stream.tell()
    size = stream.seek(0, 2)
    stream.seek(here)
    return size


@contextmanager
def _translated(info: DumpInfo) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedDumpError(
            f"is damaged Parquet: {shown(str(error).splitlines()[0] if str(error) else type(error).__name__)}",
            where=place(info),
            hint="copy or write the file again",
        ) from error


def _unique(names: list[str]) -> list[str]:
    """Give a number to columns that have the name of an earlier one."""
    seen: set[str] = set()
    unique = []
    for number, name in enumerate(names, start=1):
        unique.append(f"{name} (column {number})" if name in seen else name)
        seen.add(name)
    return unique


def _check_names(names: list[str], info: DumpInfo) -> None:
    if not is_table_of_papers(names):
        raise UnknownFormatError(
            f"is Parquet without a column of titles; it has {shown(', '.join(names))}",
            where=place(info),
            hint="rename the column that holds the titles to title",
        )


def _check_size(unpacked: int, size: int, info: DumpInfo) -> None:
    if unpacked > max(_MAX_FREE_BYTES, _MAX_RATIO * size):
        raise HostileDumpError(
            f"unpacks to {unpacked:,} bytes, more than {_MAX_RATIO:,} times its size",
            where=place(info),
            hint="if the dump is genuine, export it as JSON lines",
        )


def _footer_says(metadata: pq.FileMetaData) -> int:
    sizes = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    return int(sum(sizes))


def _batch_rows(unpacked: int, rows: int) -> int:
    """Return how many rows to hold at once: fewer of long ones."""
    row_bytes = max(1, unpacked // max(1, rows))
    return max(1, min(BATCH_SIZE, _BATCH_BYTES // row_bytes))


READER: Final = Reader("parquet", "Parquet with a column of titles", sniff, read, (".parquet",), "bytes")
