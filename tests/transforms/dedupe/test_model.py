from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from transforms.dedupe.model import parse, shipped


def test_the_shipped_model_never_falls_where_agreement_rises() -> None:
    model = shipped()
    random = np.random.default_rng(7)
    rises = {
        "title_ratio": (0, 1),
        "title_containment": (0, 1),
        "author_jaccard": (0, 1),
        "title_unmatched": (15, 0),
        "venue": (0, 1),
        "year_gap": (5, 0),
    }
    for name, (low, high) in rises.items():
        rest = {feature: np.repeat(random.random(40), 9) for feature in model.features}
        rest[name] = np.tile(np.linspace(low, high, 9), 40)
        assert (np.diff(model.score(rest).reshape(40, 9), axis=1) >= -1e-9).all(), name


def test_a_model_asks_its_questions_and_knows_where_missing_values_go() -> None:
    model = parse('{"baseline": 1, "features": ["x"], "trees": [[0, 0.5, true, -2, 3]]}')
    assert model.score({"x": np.array([0.5, 0.6, np.nan])}).tolist() == [-1, 4, -1]


def grown(random: np.random.Generator, depth: int) -> Any:
    if depth == 0 or random.random() < 0.1:
        return float(random.integers(-9, 9))
    question = [int(random.integers(3)), float(random.integers(4)), bool(random.integers(2))]
    return [*question, grown(random, depth - 1), grown(random, depth - 1)]


def answered(node: Any, row: tuple[float, ...]) -> float:
    while isinstance(node, list):
        feature, threshold, missing_left, left, right = node
        goes_left = missing_left if np.isnan(row[feature]) else row[feature] <= threshold
        node = left if goes_left else right
    return float(node)


@pytest.mark.parametrize("depth", [1, 4, 5, 6])
def test_a_model_says_what_its_trees_say_one_by_one(depth: int) -> None:
    random = np.random.default_rng(depth)
    trees = [grown(random, depth) for _ in range(20)]
    model = parse(json.dumps({"baseline": 2, "features": ["x", "y", "z"], "trees": trees}))
    table = random.choice([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, np.nan], size=(200, 3))
    scores = model.score(dict(zip("xyz", table.T, strict=True)))
    assert scores.tolist() == [2 + sum(answered(tree, tuple(row)) for tree in trees) for row in table.tolist()]


def test_a_tree_with_too_many_leaves_is_refused() -> None:
    tree: Any = 1.0
    for _ in range(64):
        tree = [0, 0.5, False, 0.0, tree]
    with pytest.raises(ValueError, match="65 leaves"):
        parse(json.dumps({"baseline": 0, "features": ["x"], "trees": [tree]})).score({"x": np.zeros(1)})
