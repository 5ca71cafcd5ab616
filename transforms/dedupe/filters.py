"""Cheap filters: which candidate pairs are worth the full comparison.

Two titles that share few of their pairs of letters, as bits, share few of their letters, and counting
shared bits costs a few nanoseconds where comparing the titles costs a microsecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.dedupe.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from transforms.dedupe.profiles import Sides

_SHARED_BITS: Final = 0.68
"""Share of the bits of the shorter title that the longer one must have: no match on the labelled sets has less than
0.7 of them."""

_NEARLY_ALL_BITS: Final = 0.8
"""Share of the bits of the longer title that nearly equal titles have in common; a word written apart costs three."""

_LIKE_TITLES: Final = 0.7
"""Least similarity of two titles, by letters or by words, whichever is greater: no match there has less than 0.71."""


_OTHER_WORD: Final = 7.0
"""Bits of a word that both titles have and the other has not, from which they must be more alike than that ..."""

_LIKE_BUT_FOR_A_WORD: Final = 0.78
"""... by letters: of 26,400 matches on the labelled sets, 30 true ones have less."""

_OTHER_TITLES: Final = 0.95
"""Similarity of titles, by letters, below which two papers without a single name in common are two."""


def share_letters(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether the titles of each pair have enough letters in common to be compared at all.

    More of them where no author is the same: `are_strangers`, seen from afar.
    """
    counts = sides.profiles.title_bit_counts
    shared = np.zeros(len(sides.a), dtype=np.uint16)
    for column in sides.profiles.title_bits:
        shared += np.bitwise_count(column[sides.a] & column[sides.b])
    fewer, more = np.minimum(counts[sides.a], counts[sides.b]), np.maximum(counts[sides.a], counts[sides.b])
    alike: npt.NDArray[np.bool_] = shared >= np.float32(_SHARED_BITS) * fewer
    asked = np.flatnonzero(alike & (shared < np.float32(_NEARLY_ALL_BITS) * more))
    alike[asked] = ~_no_name_in_common(sides.some(asked))
    return alike


def _no_name_in_common(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether both sides have names and their bits show that none is the same."""
    bits = sides.profiles.name_bits
    common = np.zeros(len(sides.a), dtype=np.bool_)
    for column in bits:
        common |= (column[sides.a] & column[sides.b]) != 0
    named = (bits != 0).any(axis=0)
    disjoint: npt.NDArray[np.bool_] = named[sides.a] & named[sides.b] & ~common
    return disjoint


def share_identifier(sides: Sides) -> npt.NDArray[np.bool_]:
    """Whether each pair has an identifier or the place in print in common, so that titles need not be alike."""
    found = np.zeros(len(sides.a), dtype=np.bool_)
    for names in (("doi",), ("arxiv_id",), ("pmid",), ("volume", "first_page")):
        columns = [sides.profiles.codes(name) for name in names]
        # Few dumps have all identifiers, and to look up nothing for millions of pairs costs as much.
        if not all(codes.any() for codes in columns):
            continue
        equal = np.ones(len(sides.a), dtype=np.bool_)
        for codes in columns:
            equal &= (codes[sides.a] == codes[sides.b]) & (codes[sides.a] > 0)
        found |= equal
    return found


def like_titles(columns: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]:
    """Whether the titles, once compared, leave the rest of the records worth comparing."""
    ratio, unmatched = columns["title_ratio"], columns["title_unmatched"]
    alike: npt.NDArray[np.bool_] = np.fmax(ratio, columns["title_containment"]) >= _LIKE_TITLES
    return alike & ((unmatched < _OTHER_WORD) | (ratio >= _LIKE_BUT_FOR_A_WORD))


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
