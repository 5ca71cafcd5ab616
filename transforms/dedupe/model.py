"""The match model: boosted monotone trees whose coefficients are shipped, evaluated over arrays.

The trees are fitted by benchmarks/train_match_model.py and stored in match_model.json as nested
lists: a number is a leaf, `[feature, threshold, missing_left, left, right]` a question. More
agreement never lowers the score (each feature has a direction that the fit must keep).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A sum of trees over named features; the score is in log-odds."""

    baseline: float
    features: tuple[str, ...]
    trees: tuple[Any, ...]

    def score(self, columns: Mapping[str, Floats]) -> Floats:
        """Score pairs given one array per feature (NaN where missing): log-odds of being one paper."""
        arrays = [columns[name] for name in self.features]
        missing = [np.isnan(array) for array in arrays]
        total = np.full(len(arrays[0]), self.baseline)
        for tree in self.trees:
            total += _value(tree, arrays, missing)
        return total


def _value(node: Any, arrays: list[Floats], missing: list[npt.NDArray[np.bool_]]) -> Floats | float:
    if isinstance(node, float | int):
        return float(node)
    feature, threshold, missing_left, left, right = node
    goes_left = arrays[feature] <= threshold
    if missing_left:
        goes_left |= missing[feature]
    return np.where(goes_left, _value(left, arrays, missing), _value(right, arrays, missing))


def parse(text: str) -> Model:
    """Read a model from the JSON that the training script writes."""
    parts = json.loads(text)
    return Model(float(parts["baseline"]), tuple(parts["features"]), tuple(parts["trees"]))


@cache
def shipped() -> Model:
    """Give the model that is shipped with the package."""
    return parse(resources.files("transforms.dedupe").joinpath("match_model.json").read_text("utf-8"))
