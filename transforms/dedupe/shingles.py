"""Shingles: short windows of a text's letters, hashed a whole corpus at a time.

All texts lie in one array, a byte per letter; eight shifted views of it are all windows of eight bytes, each
one 64-bit integer, so that hashing costs two operations per byte and no loop over texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

_WINDOW: Final = 8
_CHUNK: Final = 250
"""Texts per pass: their windows stay within the processor's cache; 1,000 take twice as long."""

NONE: Final = np.uint64(2**64 - 1)
"""In place of a hash where a text is shorter than a window; greater than nearly every hash."""

_ODD: Final = np.array(
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93], dtype=np.uint64
)
"""Multipliers with well spread bits: those of splitmix64 (Steele et al. 2014) and one of its relatives."""


def _eights(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Read the eight letters from each place on as one integer."""
    out = np.empty(max(len(data) - _WINDOW + 1, 0), dtype=np.uint64)
    for shift in range(_WINDOW):
        whole = (len(data) - shift) // _WINDOW
        out[shift::_WINDOW] = data[shift : shift + whole * _WINDOW].view(np.uint64)
    return out


def _hashed(data: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint64]:
    """Hash the window that begins at each place."""
    eights = _eights(data)
    count = len(data) - length + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(length // _WINDOW):
        mixed += eights[place * _WINDOW : place * _WINDOW + count] * _ODD[place]
        mixed ^= mixed >> np.uint64(32)
    mixed *= _ODD[3]
    return mixed


def _smallest(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    has = np.flatnonzero(lengths >= length)
    found = np.full((len(texts), count), NONE)
    if not len(has):
        return found
    points = np.frombuffer("".join(texts.gather(has)).encode("utf-32-le"), dtype=np.uint32)
    sizes = lengths[has]
    hashes = np.full(len(points), NONE)
    hashes[: len(points) - length + 1] = _hashed((points ^ (points >> np.uint32(8))).astype(np.uint8), length)
    ends = np.cumsum(sizes)
    across = (ends[:, None] - np.arange(1, length)).ravel()
    for slot in range(count):
        values = hashes * _ODD[slot] if slot else hashes.copy()
        values[across] = NONE
        found[has, slot] = np.minimum.reduceat(values, ends - sizes)
    return found


def smallest_hashes(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    """Give `count` MinHash values (Broder 1997) of the windows of `length` letters (8, 16 or 24), at most 4.

    One row per text; NONE throughout where the text is shorter than a window.
    """
    chunks = [_smallest(texts[start : start + _CHUNK], length, count) for start in range(0, len(texts), _CHUNK)]
    return np.vstack(chunks) if chunks else np.empty((0, count), dtype=np.uint64)
