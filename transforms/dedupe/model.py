"""The match model: boosted monotone trees whose coefficients are shipped, evaluated over arrays.

The trees are fitted by benchmarks/train_match_model.py and stored in match_model.json as nested
lists: a number is a leaf, `[feature, threshold, missing_left, left, right]` a question. More
agreement never lowers the score (each feature has a direction that the fit must keep).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


_PART: Final = 1 << 13
"""Pairs that are scored in one go, within the processor's cache."""

_WIDTHS: Final = (np.uint16, np.uint32, np.uint64)

Question = tuple[int, float, bool]
"""Feature, threshold, and whether a missing value goes left, as values up to the threshold do."""


@dataclass(frozen=True)
class _Trees:
    """Trees laid flat, as QuickScorer has them (Lucchese et al. 2015).

    The leaves of a tree from left to right are bits, the first one the lowest. A no to a question takes
    away the leaves on its left, and the lowest bit that stays in the end is the leaf of a pair.
    `asked` holds, for each tree, the place of each of its questions and the leaves that stay after a no.
    """

    width: type[np.unsignedinteger[Any]]
    questions: tuple[Question, ...]
    asked: tuple[tuple[tuple[int, np.unsignedinteger[Any]], ...], ...]
    leaves: tuple[Floats, ...]

    def add(self, total: Floats, arrays: list[Floats]) -> None:
        """Add what each tree says of some pairs to their `total`."""
        every, missing = self.width(np.iinfo(self.width).max), [np.isnan(array) for array in arrays]
        yes = []
        for feature, threshold, missing_left in self.questions:
            goes_left = arrays[feature] <= threshold
            yes.append((goes_left | missing[feature] if missing_left else goes_left) * every)
        for asked, leaves in zip(self.asked, self.leaves, strict=True):
            stay = np.full(len(total), every)
            for question, after_no in asked:
                stay &= yes[question] | after_no
            first = stay & (~stay + self.width(1))
            total += leaves[np.bitwise_count(first - self.width(1))]


@dataclass(frozen=True)
class Model:
    """A sum of trees over named features, each of 64 leaves at most; the score is in log-odds."""

    baseline: float
    features: tuple[str, ...]
    trees: tuple[Any, ...]

    def score(self, columns: Mapping[str, Floats]) -> Floats:
        """Score pairs given one array per feature (NaN where missing): log-odds of being one paper."""
        arrays = [columns[name] for name in self.features]
        total = np.full(len(arrays[0]), self.baseline)
        for start in range(0, len(total), _PART):
            part = slice(start, start + _PART)
            self._flat.add(total[part], [array[part] for array in arrays])
        return total

    @cached_property
    def _flat(self) -> _Trees:
        leaves = [_leaves(tree) for tree in self.trees]
        most = max(map(len, leaves), default=1)
        width = next((width for width in _WIDTHS if most <= np.iinfo(width).bits), None)
        if width is None:
            raise ValueError(f"a tree of the match model has {most} leaves, and 64 are the most that are read")
        questions: dict[Question, int] = {}
        asked = tuple(
            tuple(
                (questions.setdefault(question, len(questions)), width(~left & np.iinfo(width).max))
                for question, left in _asked(tree, 0)
            )
            for tree in self.trees
        )
        return _Trees(width, tuple(questions), asked, tuple(map(np.array, leaves)))


def _leaves(node: Any) -> list[float]:
    """List the leaves below a node from left to right."""
    return [float(node)] if isinstance(node, float | int) else [*_leaves(node[3]), *_leaves(node[4])]


def _asked(node: Any, first: int) -> Iterator[tuple[Question, int]]:
    """List the questions from a node on, whose leaves begin at `first`, each with the bits of the leaves on its left."""
    if isinstance(node, float | int):
        return
    feature, threshold, missing_left, left, right = node
    middle = first + len(_leaves(left))
    yield (feature, threshold, missing_left), (1 << middle) - (1 << first)
    yield from _asked(left, first)
    yield from _asked(right, middle)


def parse(text: str) -> Model:
    """Read a model from the JSON that the training script writes."""
    parts = json.loads(text)
    return Model(float(parts["baseline"]), tuple(parts["features"]), tuple(parts["trees"]))


@cache
def shipped() -> Model:
    """Give the model that is shipped with the package."""
    return parse(resources.files("transforms.dedupe").joinpath("match_model.json").read_text("utf-8"))
