"""Pairs of neighbouring letters as bits: each text becomes 256 bits, one per hash of two letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

_BITS: Final = 256
_CHUNK: Final = 1 << 12
"""Titles per pass: their flags, 1 MB, stay within the processor's cache."""


def title_bits(titles: pl.Series) -> npt.NDArray[np.uint64]:
    """Give 256 bits per title, four integers a row: one bit for each two neighbouring letters."""
    parts = [_bits(titles[start : start + _CHUNK]) for start in range(0, len(titles), _CHUNK)]
    return np.vstack(parts) if parts else np.empty((0, _BITS // 64), dtype=np.uint64)


def _bits(titles: pl.Series) -> npt.NDArray[np.uint64]:
    data = np.frombuffer("".join(titles).encode("utf-32-le"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(titles)), titles.str.len_chars().to_numpy())
    neighbours = np.flatnonzero(owner[1:] == owner[:-1])
    mixed = (data[neighbours] * np.uint32(31) + data[neighbours + 1]) * np.uint32(2654435761)
    flags = np.zeros((len(titles), _BITS), dtype=np.bool_)
    flags[owner[neighbours], mixed >> np.uint32(24)] = True
    return np.packbits(flags, axis=1).view(np.uint64)
