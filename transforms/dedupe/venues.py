"""How alike the names of two venues are: in full, abbreviated, as an acronym, or cut short.

Sources name one venue in many ways ("VLDB", "Proc. Int. Conf. on Very Large & hellip ;", "Very Large Data
Bases"), and a comparison of letters takes most of these for different venues. Names come folded by
`places.venue_key`; each two different names are compared once, however many pairs of records have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from rapidfuzz import fuzz

if TYPE_CHECKING:
    import numpy.typing as npt

    Texts = npt.NDArray[np.object_]
    Codes = npt.NDArray[np.uint32]
    Places = npt.NDArray[np.int64]

ACRONYM: Final = 0.95
"""Similarity of a name and its acronym, or its abbreviation word by word."""

CUT_ACRONYM: Final = 0.8
"""Similarity of an acronym and a name that was cut short before its end ("vldb", "very large")."""

_ACRONYM_CHARS: Final = 3
_ABBREVIATED_WORDS: Final = 2


def _initials(words: list[str]) -> str:
    return "".join(word[0] for word in words)


def _is_acronym(words: list[str], others: list[str]) -> bool:
    letters = _initials(others)
    return any(len(word) >= _ACRONYM_CHARS and word in letters for word in words)


def _is_cut(words: list[str], others: list[str]) -> bool:
    letters = _initials(others)
    return len(words) == 1 and len(others) > 1 and len(letters) < len(words[0]) and words[0].startswith(letters)


def _abbreviates(words: list[str], others: list[str]) -> bool:
    """Whether each of some words begins a word of the others, in their order."""
    rest = iter(others)
    return len(words) >= _ABBREVIATED_WORDS and all(any(other.startswith(word) for other in rest) for word in words)


def venue_similarity(first: str, second: str) -> float:
    """Compare two folded names of venues: 0 to 1."""
    words, others = first.split(" "), second.split(" ")
    if first == second or _initials(words) == second or _initials(others) == first:
        return 1.0 if first == second else ACRONYM
    alike = fuzz.token_set_ratio(first, second) / 100
    if alike < ACRONYM and (_abbreviates(words, others) or _abbreviates(others, words)):
        return ACRONYM
    if alike < ACRONYM and (_is_acronym(words, others) or _is_acronym(others, words)):
        return ACRONYM
    return max(alike, CUT_ACRONYM) if _is_cut(words, others) or _is_cut(others, words) else alike


def venue_similarities(texts: Texts, codes: Codes, a: Places, b: Places) -> npt.NDArray[np.float64]:
    """Compare the venues of rows a and b; `codes` number the texts, 0 where missing; NaN where one is missing."""
    low, high = np.minimum(codes[a], codes[b]).astype(np.uint64), np.maximum(codes[a], codes[b]).astype(np.uint64)
    _, first, inverse = np.unique((low << np.uint64(32)) | high, return_index=True, return_inverse=True)
    pairs = zip(texts[a[first]], texts[b[first]], strict=True)
    scores = np.array([venue_similarity(x, y) if x and y else np.nan for x, y in pairs], dtype=np.float64)
    every: npt.NDArray[np.float64] = scores[inverse]
    return every
