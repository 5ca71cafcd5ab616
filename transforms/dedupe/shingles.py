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
_CHUNK: Final = 50_000
"""Texts per pass: bounds memory to some hundred megabytes."""

_NONE: Final = np.uint64(2**64 - 1)
"""Greater than every hash that is kept."""


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread the bits (the finalizer of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _windows(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    count = len(data) - _WINDOW + 1
    out = np.empty(max(count, 0), dtype=np.uint64)
    for shift in range(_WINDOW):
        whole = (len(data) - shift) // _WINDOW
        out[shift::_WINDOW] = data[shift : shift + whole * _WINDOW].view(np.uint64)
    return out


def _smallest(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    data = (points ^ (points >> np.uint32(8))).astype(np.uint8)
    sizes = texts.str.len_chars().to_numpy().astype(np.int64)
    ends = np.cumsum(sizes)
    found = np.full((len(texts), count), _NONE)
    if len(data) < length:
        return found
    eights = _mixed(_windows(data))
    hashes = eights[: len(data) - length + 1].copy()
    for shift in range(_WINDOW, length - _WINDOW + 1, _WINDOW):
        hashes = _mixed(hashes * np.uint64(31) + eights[shift : shift + len(hashes)])
    owner = np.repeat(np.arange(len(texts)), np.maximum(sizes - length + 1, 0))
    starts = np.repeat(ends - sizes, np.maximum(sizes - length + 1, 0))
    order = np.cumsum(np.maximum(sizes - length + 1, 0))
    within = np.arange(len(owner)) - np.repeat(
        order - np.maximum(sizes - length + 1, 0), np.maximum(sizes - length + 1, 0)
    )
    values = hashes[starts + within]
    has = np.flatnonzero(sizes >= length)
    first = (order - np.maximum(sizes - length + 1, 0))[has]
    for slot in range(count):
        salted = values if slot == 0 else _mixed(values ^ np.uint64(0x9E3779B97F4A7C15 * slot & (2**64 - 1)))
        found[has, slot] = np.minimum.reduceat(salted, first)
    return found


def smallest_hashes(texts: pl.Series, length: int, count: int) -> npt.NDArray[np.uint64]:
    """Give `count` MinHash values (Broder 1997) of the windows of `length` letters (a multiple of 8).

    One row per text; all bits set where the text is shorter than a window.
    """
    chunks = [_smallest(texts[start : start + _CHUNK], length, count) for start in range(0, len(texts), _CHUNK)]
    return np.vstack(chunks) if chunks else np.empty((0, count), dtype=np.uint64)
