"""Shingles: short windows of a text's letters, hashed a whole corpus at a time.

All texts lie in one array, a byte per letter; eight shifted views of it are all windows of eight bytes, each
one 64-bit integer, so that hashing costs two operations per byte and no loop over texts.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

_WINDOW: Final = 8
_CHUNK: Final = 1 << 12
"""Texts whose letters are laid out in one go."""

_PASS: Final = 1 << 15
"""Letters per pass, or one text: their windows, eight bytes each, stay within the processor's cache."""

_HALF: Final = np.uint64(32)

NONE: Final = np.uint64(2**64 - 1)
"""In place of a hash where a text is shorter than a window; greater than nearly every hash."""

_ODD: Final = np.array(
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93], dtype=np.uint64
)
"""Multipliers with well spread bits: those of splitmix64 (Steele et al. 2014) and one of its relatives."""


def _letters(texts: pl.Series) -> npt.NDArray[np.uint8]:
    """Give the letters of texts one after the other, a byte for each."""
    joined = texts.str.join("").item()
    data = joined.encode()
    if len(data) == len(joined):
        return np.frombuffer(data, dtype=np.uint8)
    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    return (points ^ (points >> np.uint32(8))).astype(np.uint8)


def _hashed(data: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint64]:
    """Hash the window that begins at each place."""
    count = len(data) - length + 1
    overlapping = (len(data) - _WINDOW + 1,)
    eights: npt.NDArray[np.uint64] = np.ndarray(overlapping, "<u8", data, strides=(1,)).copy()
    mixed: npt.NDArray[np.uint64] = eights[:count] * _ODD[0]
    mixed ^= mixed >> _HALF
    for place in range(1, length // _WINDOW):
        mixed += eights[place * _WINDOW : place * _WINDOW + count] * _ODD[place]
        mixed ^= mixed >> _HALF
    mixed *= _ODD[3]
    return mixed


def _smallest(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    has = np.flatnonzero(lengths >= length)
    found = np.full((len(texts), count), NONE)
    if not len(has):
        return found
    data, ends = _letters(texts.gather(has)), np.cumsum(lengths[has])
    starts = ends - lengths[has]
    firsts = np.unique(np.searchsorted(ends, np.arange(0, ends[-1], _PASS), "right")).tolist()
    for first, last in itertools.pairwise([*firsts, len(has)]):
        begin = starts[first]
        hashes = _hashed(data[begin : ends[last - 1]], length)
        # A text's windows, and those across its end, in turn; the last text has none of those.
        bounds = np.column_stack([starts[first:last], ends[first:last] - length + 1]).ravel()[:-1] - begin
        for slot in range(count):
            values = hashes * _ODD[slot] if slot else hashes
            found[has[first:last], slot] = np.minimum.reduceat(values, bounds)[::2]
    return found


def smallest_hashes(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    """Give `count` MinHash values (Broder 1997) of the windows of `length` letters (8, 16 or 24), at most 4.

    One row per text; NONE throughout where the text is shorter than a window.
    """
    chunks = [_smallest(texts[start : start + _CHUNK], length, count) for start in range(0, len(texts), _CHUNK)]
    return np.vstack(chunks) if chunks else np.empty((0, count), dtype=np.uint64)
