"""Cheap filters: which candidate pairs are worth the full comparison.

Each title becomes 256 bits, one per hash of two neighbouring letters. Two titles that share few
of their bits share few of their letters, and counting shared bits costs a few nanoseconds where
comparing the titles costs a microsecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    from transforms.dedupe.features import Sides

_BITS: Final = 256
_CHUNK: Final = 1 << 16
"""Titles per pass: 16 MB of flags."""

_SHARED: Final = 0.45
"""Share of the bits of the shorter title that the longer one must have; no true pair of the labelled sets has less
than half, unless an identifier or its place in print speaks for it."""


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


def _equal(
    frame: pl.DataFrame, names: tuple[str, ...], a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    found = np.ones(len(a), dtype=np.bool_)
    for name in names:
        codes = frame[name].cast(pl.String).replace("", None).rank("dense").fill_null(0).to_numpy()
        found &= (codes[a] == codes[b]) & (codes[a] > 0)
    return found


def can_match(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether each pair has titles that are at all alike, or another reason to be compared in full."""
    frame, a, b = sides.variants, sides.a, sides.b
    bits = title_bits(frame["title_words"])
    counts = np.bitwise_count(bits).sum(1, dtype=np.int64)
    shared = np.bitwise_count(bits[a] & bits[b]).sum(1, dtype=np.int64)
    alike: npt.NDArray[np.bool_] = shared >= _SHARED * np.minimum(counts[a], counts[b])
    for names in (("doi",), ("arxiv_id",), ("pmid",), ("volume", "first_page")):
        alike |= _equal(frame, names, a, b)
    return alike
