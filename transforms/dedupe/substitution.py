"""Whether two titles say another word in the same place, or the same word in another spelling.

"Exercise for improving balance" and "Exercise for improving strength" differ in one word of four, as
a typing error does, and are two papers. So the words that only one title has are held against the
other title: a word that is there in another form (mistyped, inflected, shortened, glued to its
neighbour) or that is the name of an author who slipped into the title is no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from rapidfuzz.distance import Indel

from transforms.dedupe.rarity import RAREST, word_weights

if TYPE_CHECKING:
    import numpy.typing as npt

    Texts = npt.NDArray[np.object_]
    Places = npt.NDArray[np.int64]

_SAME_WORD: Final = 0.78
"""Similarity of two forms of one word: "computing" and "computation" have 0.8, "hearing" and "breathing" 0.75."""

_STEM: Final = 3
"""Letters of a shortened form ("algo")."""

_OPPOSITES: Final = (
    ("hyper", "hypo"),
    ("pre", "post"),
    ("intra", "inter"),
    ("intra", "extra"),
    ("macro", "micro"),
    ("homo", "hetero"),
    ("endo", "exo"),
    ("in", "ex"),
    ("up", "down"),
    ("over", "under"),
    ("mono", "poly"),
    ("mono", "bi"),
    ("bi", "tri"),
    ("sub", "super"),
    ("iso", "aniso"),
    ("sym", "asym"),
    ("male", "female"),
    ("anti", "pro"),
)
"""Beginnings that make two words alike in letters and opposite in meaning."""


@dataclass(frozen=True)
class Substitution:
    """Per pair: the weight of the words that really differ (of both sides the smaller), and whether parts differ."""

    weight: npt.NDArray[np.float64]
    other_part: npt.NDArray[np.bool_]


def _are_opposites(word: str, other: str) -> bool:
    for pair in _OPPOSITES:
        for first, second in (pair, pair[::-1]):
            if word.startswith(first) and other.startswith(second) and word[len(first) :] == other[len(second) :]:
                return True
    return False


def is_same_word(word: str, other: str) -> bool:
    """Whether two words are forms of one: a typing error, an inflection, an abbreviation."""
    shorter = min(len(word), len(other))
    if shorter >= _STEM and (word.startswith(other) or other.startswith(word)):
        return True
    # Words of very different lengths can not be that similar, and most are.
    if 2 * shorter < _SAME_WORD * (len(word) + len(other)):
        return False
    return Indel.normalized_similarity(word, other) >= _SAME_WORD and not _are_opposites(word, other)


def _is_there(word: str, title: str, others: list[str], names: str) -> bool:
    """Whether a word is in the other title in some form, or is the name of an author."""
    if len(word) > _STEM and (word in title or word in names):
        return True
    return any(is_same_word(word, other) for other in others)


def _heaviest(words: list[str], title: str, others: list[str], names: str) -> int:
    """Give the weight of the rarest of the words that the other title has in no form; 0 where it has all."""
    weights, compact = word_weights(), title.replace(" ", "")
    weighed = sorted(((weights.get(word, RAREST), word) for word in words), reverse=True)
    return next((weight for weight, word in weighed if not _is_there(word, compact, others, names)), 0)


def _is_version(word: str, other: str) -> bool:
    """Whether one word is the other with a number behind it, as a successor is named ("evosplat", "evosplat4d")."""
    shorter, longer = sorted((word, other), key=len)
    tail = longer[len(shorter) :]
    return len(shorter) >= _STEM and shorter.isalpha() and longer.startswith(shorter) and any(c.isdigit() for c in tail)


def _are_parts(first: list[str], second: list[str]) -> bool:
    """Whether titles of as many words differ in single letters or versions alone ("dataset a", "dataset b")."""
    if len(first) != len(second):
        return False
    differing = [(x, y) for x, y in zip(first, second, strict=True) if x != y]
    return all(len(x) == len(y) == 1 or _is_version(x, y) for x, y in differing)


def _weigh(first: str, second: str, names: str) -> tuple[int, bool]:
    words, others = first.split(" "), second.split(" ")
    there, here = set(others), set(words)
    left, right = [w for w in words if w not in there], [w for w in others if w not in here]
    weight = _heaviest(left, second, right, names)
    weight = weight and min(weight, _heaviest(right, first, left, names))
    versions = len(left) == len(right) == 1 and _is_version(left[0], right[0])
    return weight, versions or _are_parts(words, others)


def substitutions(titles: Texts, names: Texts, a: Places, b: Places, asked: Places) -> Substitution:
    """Compare titles a[i] and b[i] word by word for each i of `asked`; `names` are the words of their authors."""
    found = Substitution(np.zeros(len(a)), np.zeros(len(a), dtype=np.bool_))
    for place in asked.tolist():
        first, second = a[place], b[place]
        weight, parts = _weigh(titles[first], titles[second], f"{names[first]} {names[second]}")
        found.weight[place], found.other_part[place] = weight, parts
    return found
