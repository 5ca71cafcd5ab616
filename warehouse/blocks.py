"""Rows of a large table, packed a few at a time, so that some are read without the others.

    head | blocks of 32 rows, each packed (LZ4) | first row, place and checksum of each block, schema

A column of Parquet is packed by the hundred thousand values: to read one row is to unpack all of them. A block
holds the strips of its columns one after the other, see `warehouse.strips`: it is made of a few slices of what is in
memory anyway, and where a value lies follows from how long those before it are.
"""

from __future__ import annotations

import os
import struct
import zlib
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import polars as pl
import pyarrow as pa

from warehouse.pages import OtherMakeError, UnusableError
from warehouse.strips import column_of, present, stored_as, strip_count, strips_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from transforms.dedupe.parts import Each
    from warehouse.strips import Lengths, Strip

    Rows = npt.NDArray[np.int64]

ROWS: Final = 32
"""Rows of a block: packed well already, and unpacked in less than a tenth of a millisecond."""

_CODEC: Final = "lz4_raw"
"""Half the time of zstd, and a third of it to unpack, for files that are a third larger."""

_AT_ONCE: Final = 256
"""Blocks that are packed in one go, by one thread, or unpacked in one go."""

_HEAD: Final = struct.Struct("<8s16sQQQI")
"""Mark of the format, what the file is made for, blocks, rows, where the blocks end, checksum of what follows them."""

_MARK: Final = b"PLBLOCK2"
_SIZE: Final = struct.Struct("<I")
"""Before each block: its bytes when unpacked."""


class BlockWriter:
    """Writes some columns of a table, rows in their order; `made_for` has 16 bytes. Whole and flushed when left without an error."""

    def __init__(self, file: Path, made_for: bytes, columns: Sequence[str], each: Each) -> None:
        self._made_for, self._columns, self._each = made_for, list(columns), each
        self._schema = pa.schema([])
        self._rows: list[int] = []
        self._sizes: list[int] = []
        self._sums: list[int] = []
        self._under_way: Iterable[list[bytes]] = ()
        self._out = file.open("wb")
        self._out.seek(_HEAD.size)

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the rows of a part of the table; they may be packed while the caller prepares the next ones."""
        batch = batch.select(self._columns)
        self._schema = pa.schema([(field.name, stored_as(field.type)) for field in batch.schema])
        starts = range(0, batch.num_rows, ROWS)
        self._rows += [min(ROWS, batch.num_rows - start) for start in starts]
        strips = list(chain.from_iterable(map(strips_of, batch.columns)))
        self._settle()
        parts = [starts[first : first + _AT_ONCE] for first in range(0, len(starts), _AT_ONCE)]
        self._under_way = self._each(partial(_packed, strips), parts)

    def _settle(self) -> None:
        """Write what was packed meanwhile."""
        for packed in chain.from_iterable(self._under_way):
            self._out.write(packed)
            self._sizes.append(len(packed))
            self._sums.append(zlib.crc32(packed))
        self._under_way = ()

    def __exit__(self, error: object, *_: object) -> None:
        with self._out:
            if error is None:
                self._finish()

    def _finish(self) -> None:
        self._settle()
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


def _packed(strips: Sequence[Strip], starts: Sequence[int]) -> list[bytes]:
    """Pack the blocks that begin at these rows: how long the values are, ROWS numbers a strip, and then the strips."""
    packer = pa.Codec(_CODEC)
    blocks = map(b"".join, zip(_lengths(strips, starts), *(strip.cut(starts, ROWS) for strip in strips), strict=True))
    return [_SIZE.pack(len(block)) + packer.compress(block, asbytes=True) for block in blocks]


def _lengths(strips: Sequence[Strip], starts: Sequence[int]) -> list[bytes]:
    lengths = np.zeros((len(strips), len(starts) * ROWS), np.uint32)
    for place, strip in enumerate(strips):
        some = strip.lengths[starts[0] : starts[-1] + ROWS]
        lengths[place, : len(some)] = some
    by_block = lengths.reshape(len(strips), len(starts), ROWS).swapaxes(0, 1)
    return [block.tobytes() for block in by_block]


class Blocks:
    """A file that `BlockWriter` wrote, open for questions. Raises UnusableError where it is not that, or is damaged."""

    def __init__(self, file: Path, made_for: bytes) -> None:
        self._codec = pa.Codec(_CODEC)
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

    def read(self, rows: Rows, columns: Sequence[str]) -> pl.DataFrame:
        """Read some columns of some rows, which are numbered from 0 and sorted."""
        numbers, blocks_of = np.unique(np.searchsorted(self._firsts, rows, "right") - 1, return_inverse=True)
        self._announce(numbers)
        starts = range(0, max(len(numbers), 1), _AT_ONCE)
        cuts = np.searchsorted(blocks_of, [*starts[1:]])
        parts = zip(starts, np.split(rows, cuts), np.split(blocks_of, cuts), strict=True)
        return pl.concat(
            [self._part(numbers[start : start + _AT_ONCE], some, of - start, columns) for start, some, of in parts]
        )

    def _part(self, numbers: Rows, rows: Rows, blocks_of: Rows, columns: Sequence[str]) -> pl.DataFrame:
        """Read columns of rows, each of which is in one of some blocks: that at the place `blocks_of` in `numbers`."""
        blocks = self._unpacked(numbers)
        within = rows - self._firsts[numbers[blocks_of]]
        counts = [strip_count(kind) for kind in self._schema.types]
        starts, lengths = _places_of(blocks, sum(counts))
        found = {}
        for name in columns:
            place = self._schema.get_field_index(name)
            first = sum(counts[:place])
            strips = [
                (
                    lengths[blocks_of, strip, within],
                    _cut_out(blocks, blocks_of, starts[blocks_of, strip, within], lengths[blocks_of, strip, within]),
                )
                for strip in range(first, first + counts[place])
            ]
            found[name] = pl.from_arrow(column_of(self._schema.field(place).type, strips))
        return pl.DataFrame(found)

    def check(self) -> None:
        """Read every block; raise UnusableError where one is damaged."""
        for block in range(len(self._sums)):
            self._unpacked(np.array([block]))

    def _announce(self, numbers: Rows) -> None:
        """Have the system read blocks, all at once, before the first is waited for."""
        for start, end in self._ends_of(numbers):
            os.posix_fadvise(self._file, start, end - start, os.POSIX_FADV_WILLNEED)

    def _unpacked(self, numbers: Rows) -> list[bytes]:
        try:
            packed = [os.pread(self._file, end - start, start) for start, end in self._ends_of(numbers)]
        except OSError as error:
            raise UnusableError(str(error)) from error
        if list(map(zlib.crc32, packed)) != self._sums[numbers].tolist():
            raise UnusableError("a block is damaged")
        return [
            self._codec.decompress(block[_SIZE.size :], *_SIZE.unpack_from(block), asbytes=True) for block in packed
        ]

    def _ends_of(self, numbers: Rows) -> list[tuple[int, int]]:
        return list(zip(self._places[numbers].tolist(), self._places[numbers + 1].tolist(), strict=True))


def _places_of(blocks: Sequence[bytes], strips: int) -> tuple[Rows, Lengths]:
    """Find where in its block each value begins, and how long it is: by block, strip and row."""
    size = 4 * strips * ROWS
    lengths = np.frombuffer(b"".join([block[:size] for block in blocks]), np.uint32).reshape(-1, strips * ROWS)
    there = present(lengths)
    starts = size + np.cumsum(there, axis=1) - there
    return starts.reshape(-1, strips, ROWS), lengths.reshape(-1, strips, ROWS)


def _cut_out(blocks: Sequence[bytes], blocks_of: Rows, starts: Rows, lengths: Lengths) -> bytes:
    """Cut values out of their blocks, and join them."""
    ends = starts + present(lengths)
    places = zip(blocks_of.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return b"".join([blocks[block][start:end] for block, start, end in places])
