"""Cheap filters: which candidate pairs are worth the full comparison.

Each title becomes 256 bits, one per hash of two neighbouring letters. Two titles that share few
of their bits share few of their letters, and counting shared bits costs a few nanoseconds where
comparing the titles costs a microsecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.dedupe.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import polars as pl

    from transforms.dedupe.profiles import Sides

_BITS: Final = 256
_CHUNK: Final = 1 << 16
"""Titles per pass: 16 MB of flags."""

_SHARED_BITS: Final = 0.65
"""Share of the bits of the shorter title that the longer one must have: no match on the labelled sets has less than
0.7 of them."""

_NEARLY_ALL_BITS: Final = 0.7
"""Share of the bits of the longer title that nearly equal titles have in common; a word written apart costs three."""

_LIKE_TITLES: Final = 0.7
"""Least similarity of two titles, by letters or by words, whichever is greater: no match there has less than 0.71."""


_OTHER_TITLES: Final = 0.95
"""Similarity of titles, by letters, below which two papers without a single name in common are two."""


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


def share_letters(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether the titles of each pair have enough letters in common to be compared at all.

    More of them where no author is the same: `are_strangers`, seen from afar.
    """
    bits = title_bits(sides.profiles.frame["title_words"])
    counts = np.bitwise_count(bits).sum(1, dtype=np.int64)
    shared = np.zeros(len(sides.a), dtype=np.int64)
    for column in bits.T:
        shared += np.bitwise_count(column[sides.a] & column[sides.b])
    fewer, more = np.minimum(counts[sides.a], counts[sides.b]), np.maximum(counts[sides.a], counts[sides.b])
    alike: npt.NDArray[np.bool_] = (shared >= _SHARED_BITS * fewer) & (
        (shared >= _NEARLY_ALL_BITS * more) | ~_no_name_in_common(sides)
    )
    return alike


def _no_name_in_common(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether both sides have names and their bits show that none is the same."""
    bits = sides.profiles.name_bits
    common = np.zeros(len(sides.a), dtype=np.bool_)
    for column in bits.T:
        common |= (column[sides.a] & column[sides.b]) != 0
    named = (bits != 0).max(axis=1)
    disjoint: npt.NDArray[np.bool_] = named[sides.a] & named[sides.b] & ~common
    return disjoint


def share_identifier(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether each pair has an identifier or the place in print in common, so that titles need not be alike."""
    found = np.zeros(len(sides.a), dtype=np.bool_)
    for names in (("doi",), ("arxiv_id",), ("pmid",), ("volume", "first_page")):
        equal = np.ones(len(sides.a), dtype=np.bool_)
        for name in names:
            codes = sides.profiles.codes(name)
            equal &= (codes[sides.a] == codes[sides.b]) & (codes[sides.a] > 0)
        found |= equal
    return found


def like_titles(columns: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]:
    """Whether the titles, once compared, leave the rest of the records worth comparing."""
    alike: npt.NDArray[np.bool_] = np.fmax(columns["title_ratio"], columns["title_containment"]) >= _LIKE_TITLES
    return alike


def are_strangers(sides: Sides, columns: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]:
    """Whether the titles differ and not one name of the authors is the same, where both have names."""
    profiles, a, b = sides.profiles, sides.a, sides.b
    counts = np.diff(profiles.name_words.offsets)
    named = (counts[a] > 0) & (counts[b] > 0)
    found = np.zeros(len(a), dtype=np.bool_)
    asked = np.flatnonzero(named & (columns["title_ratio"] < _OTHER_TITLES))
    shared = overlap(profiles.name_words, a[asked], b[asked], weighted=False)
    found[asked] = shared.common == 0
    return found
