"""Rows of a large table, packed a few at a time, so that some are read without the others.

    head | blocks of 32 rows, each packed (Arrow, zstd) | first row, place and checksum of each block, schema

A column of Parquet is packed by the hundred thousand values: to read one row is to unpack all of them.
"""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard

from warehouse.pages import OtherMakeError, UnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from transforms.dedupe.parts import Each

ROWS: Final = 32
"""Rows of a block: packed well already, and unpacked in less than a tenth of a millisecond."""

_LEVEL: Final = 1
_AT_ONCE: Final = 512
"""Blocks that are packed in one go, by one thread."""

_HEAD: Final = struct.Struct("<8s16sQQQI")
"""Mark of the format, what the file is made for, blocks, rows, where the blocks end, checksum of what follows them."""

_MARK: Final = b"PLBLOCK1"


class BlockWriter:
    """Writes some columns of a table, rows in their order; `made_for` has 16 bytes. Whole and flushed when left without an error."""

    def __init__(self, file: Path, made_for: bytes, columns: Sequence[str], each: Each) -> None:
        self._made_for, self._columns, self._each = made_for, list(columns), each
        self._schema = pa.schema([])
        self._rows: list[int] = []
        self._sizes: list[int] = []
        self._sums: list[int] = []
        self._out = file.open("wb")
        self._out.seek(_HEAD.size)

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a part of the table."""
        batch = batch.select(self._columns)
        self._schema = batch.schema
        blocks = [batch.slice(start, ROWS) for start in range(0, batch.num_rows, ROWS)]
        self._rows += [block.num_rows for block in blocks]
        parts = [blocks[start : start + _AT_ONCE] for start in range(0, len(blocks), _AT_ONCE)]
        for packed in itertools.chain.from_iterable(self._each(_packed, parts)):
            self._out.write(packed)
            self._sizes.append(len(packed))
            self._sums.append(zlib.crc32(packed))

    def __exit__(self, error: object, *_: object) -> None:
        with self._out:
            if error is None:
                self._finish()

    def _finish(self) -> None:
        end = self._out.tell()
        firsts = np.cumsum([0, *self._rows], dtype=np.int64)
        places = np.cumsum([_HEAD.size, *self._sizes], dtype=np.int64)
        tail = firsts.tobytes() + places.tobytes() + np.array(self._sums, np.uint32).tobytes()
        tail += self._schema.serialize().to_pybytes()
        self._out.write(tail)
        self._out.seek(0)
        self._out.write(_head(self._made_for, len(self._sizes), int(firsts[-1]), end, tail))
        self._out.flush()
        os.fsync(self._out.fileno())


def _head(made_for: bytes, blocks: int, rows: int, end: int, tail: bytes) -> bytes:
    unsummed = _HEAD.pack(_MARK, made_for, blocks, rows, end, 0)
    return _HEAD.pack(_MARK, made_for, blocks, rows, end, zlib.crc32(tail, zlib.crc32(unsummed)))


def _packed(blocks: Sequence[pa.RecordBatch]) -> list[bytes]:
    packer = zstandard.ZstdCompressor(level=_LEVEL)
    return [packer.compress(block.serialize()) for block in blocks]


class Blocks:
    """A file that `BlockWriter` wrote, open for questions. Raises UnusableError where it is not that, or is damaged."""

    def __init__(self, file: Path, made_for: bytes) -> None:
        try:
            self._file = os.open(file, os.O_RDONLY)
        except OSError as error:
            raise UnusableError(str(error)) from error
        try:
            self._read_ends(made_for)
        except UnusableError:
            os.close(self._file)
            raise
        except (OSError, struct.error, ValueError, pa.ArrowException) as error:
            os.close(self._file)
            raise UnusableError(str(error)) from error

    def _read_ends(self, made_for: bytes) -> None:
        head = os.pread(self._file, _HEAD.size, 0)
        mark, was_made_for, blocks, self.rows, end, _ = _HEAD.unpack(head)
        if mark != _MARK or was_made_for != made_for:
            raise OtherMakeError("made for something else")
        tail = os.pread(self._file, os.fstat(self._file).st_size - end, end)
        if head != _head(made_for, blocks, self.rows, end, tail):
            raise ValueError("damaged behind the blocks")
        self._firsts = np.frombuffer(tail, np.int64, blocks + 1)
        self._places = np.frombuffer(tail, np.int64, blocks + 1, 8 * (blocks + 1))
        self._sums = np.frombuffer(tail, np.uint32, blocks, 16 * (blocks + 1))
        self._schema = pa.ipc.read_schema(pa.py_buffer(tail[16 * (blocks + 1) + 4 * blocks :]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, rows: npt.NDArray[np.int64], columns: Sequence[str]) -> pl.DataFrame:
        """Read some columns of some rows, which are numbered from 0 and sorted."""
        holders = np.searchsorted(self._firsts, rows, "right") - 1
        for block in np.unique(
            holders
        ).tolist():  # have the system read them all at once, before the first is waited for
            start, end = self._places[block], self._places[block + 1]
            os.posix_fadvise(self._file, int(start), int(end - start), os.POSIX_FADV_WILLNEED)
        schema = pa.schema([self._schema.field(column) for column in columns])
        found: list[pa.RecordBatch] = []
        places = zip(holders.tolist(), (rows - self._firsts[holders]).tolist(), strict=True)
        for block, wanted in itertools.groupby(places, key=itemgetter(0)):
            unpacked = self._block(block).select(columns)
            # Without a copy: to make a frame of every row of a block takes ten times as long.
            found += [unpacked.slice(place, 1) for _, place in wanted]
        return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(found, schema).combine_chunks()))

    def check(self) -> None:
        """Read every block; raise UnusableError where one is damaged."""
        for block in range(len(self._sums)):
            self._block(block)

    def _block(self, number: int) -> pa.RecordBatch:
        start, end = int(self._places[number]), int(self._places[number + 1])
        try:
            packed = os.pread(self._file, end - start, start)
        except OSError as error:
            raise UnusableError(str(error)) from error
        if zlib.crc32(packed) != self._sums[number]:
            raise UnusableError("a block is damaged")
        unpacked = zstandard.ZstdDecompressor().decompress(packed)
        return pa.ipc.read_record_batch(pa.py_buffer(unpacked), self._schema)
