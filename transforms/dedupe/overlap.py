"""Which words two texts share, for millions of pairs at once.

The words of both sides of a chunk of pairs go into one array of packed integers

    number of the pair | word and weight | side

and one sort brings shared words together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from transforms.dedupe.rarity import Words

    Places = npt.NDArray[np.int64]

_CHUNK: Final = 1 << 18
"""Pairs per sort: small enough for the processor's cache, and its number fits 18 bits."""

_WORD_BITS: Final = 45
_MASK: Final = np.uint64((1 << _WORD_BITS) - 1)


@dataclass(frozen=True)
class Overlap:
    """Per pair: summed weights of the words of both, of a alone, of b alone, and the rarest of each alone."""

    common: npt.NDArray[np.float64]
    only_a: npt.NDArray[np.float64]
    only_b: npt.NDArray[np.float64]
    rarest_a: npt.NDArray[np.float64]
    rarest_b: npt.NDArray[np.float64]

    @property
    def jaccard(self) -> npt.NDArray[np.float64]:
        """Shared weight by all weight; NaN where neither side has words."""
        return _ratio(self.common, self.common + self.only_a + self.only_b)

    @property
    def containment(self) -> npt.NDArray[np.float64]:
        """Shared weight by the weight of the smaller side; NaN where a side has no words."""
        return _ratio(self.common, self.common + np.minimum(self.only_a, self.only_b))


def _ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    ratio = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def gather(words: Words, rows: Places) -> tuple[Places, npt.NDArray[np.uint64]]:
    """Give the words of the texts `rows`, one after the other, with the place in `rows` of each."""
    starts, lengths = words.offsets[rows], np.diff(words.offsets)[rows]
    ends = np.cumsum(lengths)
    owner = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return owner, words.ids[np.repeat(starts, lengths) + within]


def _packed(words: Words, rows: Places, side: int) -> npt.NDArray[np.uint64]:
    owner, ids = gather(words, rows)
    return (owner.astype(np.uint64) << np.uint64(_WORD_BITS + 1)) | ((ids & _MASK) << np.uint64(1)) | np.uint64(side)


def _chunk(words: Words, a: Places, b: Places, *, weighted: bool) -> npt.NDArray[np.float64]:
    packed = np.sort(np.concatenate([_packed(words, a, 0), _packed(words, b, 1)]))
    if not len(packed):
        return np.zeros((5, len(a)))
    word = packed >> np.uint64(1)
    starts = np.flatnonzero(np.concatenate([[True], word[1:] != word[:-1]]))
    ends = np.concatenate([starts[1:], [len(word)]]) - 1
    in_a, in_b = (packed[starts] & np.uint64(1)) == 0, (packed[ends] & np.uint64(1)) == 1
    pair = (word[starts] >> np.uint64(_WORD_BITS)).astype(np.int64)
    weight = (word[starts] & np.uint64(15)).astype(np.float64) if weighted else np.ones(len(starts))
    sums = [np.bincount(pair, weight * chosen, len(a)) for chosen in (in_a & in_b, in_a & ~in_b, in_b & ~in_a)]
    rarest = np.zeros((2, len(a)))
    first = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    rarest[0, pair[first]] = np.maximum.reduceat(weight * (in_a & ~in_b), first)
    rarest[1, pair[first]] = np.maximum.reduceat(weight * (in_b & ~in_a), first)
    return np.vstack([*sums, rarest])


def overlap(words: Words, a: Places, b: Places, *, weighted: bool = True) -> Overlap:
    """Compare the words of texts `a[i]` and `b[i]`; unweighted, every word counts one."""
    chunks = [
        _chunk(words, a[start : start + _CHUNK], b[start : start + _CHUNK], weighted=weighted)
        for start in range(0, len(a), _CHUNK)
    ]
    return Overlap(*np.hstack(chunks)) if chunks else Overlap(*np.zeros((5, 0)))
