"""Columns as strips of bytes: what `warehouse.blocks` packs, and makes columns of again.

    a text, a number   one strip   the bytes of each value
    a list of texts    two strips  how long each text of a list is, 4 bytes each; the bytes of all its texts

A strip is a view of the memory of its column: nothing is copied to make one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from pyarrow import types

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    Lengths = npt.NDArray[np.uint32]

MISSING: Final = 0xFFFF_FFFF
"""The length of a value that is null."""

_TEXTS: Final = pa.large_list(pa.large_string())


@dataclass(frozen=True)
class Strip:
    """The bytes of the values of a column, one after the other: where each begins, and the last ends, and its length."""

    data: memoryview
    places: Places
    lengths: Lengths

    def cut(self, starts: Sequence[int], rows: int) -> list[memoryview]:
        """Cut it into blocks of at most so many rows, that begin at `starts`."""
        places = self.places[[*starts, min(starts[-1] + rows, len(self.lengths))]].tolist()
        return [self.data[start:end] for start, end in itertools.pairwise(places)]


def present(lengths: Lengths) -> Places:
    """Give how many bytes there are of each value: none of one that is null."""
    return np.where(lengths == MISSING, 0, lengths).astype(np.int64)


def stored_as(kind: pa.DataType) -> pa.DataType:
    """Give the type of a column that is made again: there is one for texts, and one for lists of them."""
    if types.is_nested(kind):
        return _TEXTS
    return kind if types.is_primitive(kind) else pa.large_string()


def strip_count(kind: pa.DataType) -> int:
    """Give the number of strips of a column."""
    return 2 if types.is_nested(kind) else 1


def strips_of(column: pa.Array) -> list[Strip]:
    """Make strips of a column: of texts, of lists of texts, or of a type whose values are all of one width."""
    kind = column.type
    valid = np.asarray(column.is_valid())
    column = column.drop_null().cast(stored_as(kind))
    if types.is_nested(kind):
        strips = _of_lists(column)
    elif types.is_primitive(kind):
        strips = [_of_width(column.cast(pa.uint8()) if types.is_boolean(kind) else column)]
    else:
        strips = [_of_texts(column)]
    return [_with_nulls(strip, valid) for strip in strips]


def _with_nulls(strip: Strip, valid: npt.NDArray[np.bool_]) -> Strip:
    if valid.all():
        return strip
    lengths = np.full(len(valid), MISSING, np.uint32)
    lengths[valid] = strip.lengths
    return Strip(strip.data, strip.places[np.concatenate([[0], np.cumsum(valid)])], lengths)


def _of_lists(column: pa.Array) -> list[Strip]:
    (texts,) = strips_of(column.values)
    places = _offsets(column)
    lengths = Strip(memoryview(texts.lengths.tobytes()), 4 * places, (4 * np.diff(places)).astype(np.uint32))
    ends = texts.places[places]
    return [lengths, Strip(texts.data, ends, np.diff(ends).astype(np.uint32))]


def _of_texts(column: pa.Array) -> Strip:
    places = _offsets(column)
    return Strip(memoryview(column.buffers()[2] or b""), places, np.diff(places).astype(np.uint32))


def _of_width(column: pa.Array) -> Strip:
    width = column.type.bit_width // 8
    places = width * np.arange(column.offset, column.offset + len(column) + 1)
    return Strip(memoryview(column.buffers()[1] or b""), places, np.full(len(column), width, np.uint32))


def _offsets(column: pa.Array) -> Places:
    if not len(column):
        return np.zeros(1, np.int64)
    return np.frombuffer(column.buffers()[1], np.int64, len(column) + 1, 8 * column.offset)


def column_of(kind: pa.DataType, strips: Sequence[tuple[Lengths, bytes]]) -> pa.Array:
    """Make a column again: of the length and the bytes of its values, for each of its strips."""
    lengths, data = strips[0]
    valid = lengths != MISSING
    nulls = pa.py_buffer(np.packbits(valid, bitorder="little"))
    if types.is_nested(kind):
        texts = column_of(pa.large_string(), [(np.frombuffer(data, np.uint32), strips[1][1])])
        return pa.Array.from_buffers(_TEXTS, len(valid), [nulls, _ends(present(lengths) // 4)], children=[texts])
    if not types.is_primitive(kind):
        return pa.Array.from_buffers(
            pa.large_string(), len(valid), [nulls, _ends(present(lengths)), pa.py_buffer(data)]
        )
    values = np.zeros((len(valid), 1 if types.is_boolean(kind) else kind.bit_width // 8), np.uint8)
    values[valid] = np.frombuffer(data, np.uint8).reshape(-1, values.shape[1])
    held = np.packbits(values, bitorder="little") if types.is_boolean(kind) else values
    return pa.Array.from_buffers(kind, len(valid), [nulls, pa.py_buffer(held)])


def _ends(lengths: Places) -> pa.Buffer:
    return pa.py_buffer(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
