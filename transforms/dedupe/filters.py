"""Filters: which pairs of alike titles are worth the full comparison, once the titles are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.dedupe.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from transforms.dedupe.profiles import Sides

_LIKE_TITLES: Final = 0.7
"""Least similarity of two titles, by letters or by words, whichever is greater: no match there has less than 0.71."""


_OTHER_WORD: Final = 7.0
"""Bits of a word that both titles have and the other has not, from which they must be more alike than that ..."""

_LIKE_BUT_FOR_A_WORD: Final = 0.78
"""... by letters: of 26,400 matches on the labelled sets, 30 true ones have less."""

_OTHER_TITLES: Final = 0.95
"""Similarity of titles, by letters, below which two papers without a single name in common are two."""


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
