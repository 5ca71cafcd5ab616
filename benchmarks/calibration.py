"""How often pairs of a probability really are one paper, on sets that the model has not seen.

    .venv/bin/python benchmarks/calibration.py ../shared

Each labelled set is judged by a model fitted on the others. Prints, per range of probability, how many
candidate pairs fell into it, their mean probability, and the share of them that are one paper: over
all sets, each with the same weight, and the lowest and highest share of one set of 20 pairs or more.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from dedupe_sets import SETS, load
from train_match_model import fit, training_pairs

from transforms.dedupe import model as match_model
from transforms.dedupe.decision import log_odds, probability

if TYPE_CHECKING:
    import numpy.typing as npt

    Judged = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]

EDGES: Final = (0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.0)
FEWEST: Final = 20
"""Pairs of a set in a range, below which their share says nothing."""


def judged(shared: Path) -> list[Judged]:
    """Give the probabilities of each set's candidate pairs, by a model without the set, and their labels."""
    pairs = [training_pairs(load(shared / "dedupe", name)) for name in SETS]
    found = []
    for place, (table, label) in enumerate(pairs):
        model = match_model.parse(fit([*pairs[:place], *pairs[place + 1 :]]))
        found.append((probability(log_odds(table, model=model)), label))
    return found


def row(sets: list[Judged], low: float, high: float) -> str:
    """Write the row of one range of probability."""
    inside = [(p, label, (p >= low) & ((p < high) | (high == 1))) for p, label in sets]
    weight = [chosen.sum() / len(chosen) for _, _, chosen in inside]
    means = [p[chosen].mean() if chosen.any() else 0.0 for p, _, chosen in inside]
    shares = [label[chosen].mean() if chosen.any() else 0.0 for _, label, chosen in inside]
    known = [share for share, (_, _, chosen) in zip(shares, inside, strict=True) if chosen.sum() >= FEWEST]
    total = sum(int(chosen.sum()) for _, _, chosen in inside)
    span = f"{min(known):.2f} to {max(known):.2f}" if known else "-"
    mean, share = np.average(means, weights=weight), np.average(shares, weights=weight)
    return f"| {low:.2f} to {high:.2f} | {total} | {mean:.2f} | {share:.2f} | {span} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path, help="the folder that holds dedupe/")
    sets = judged(parser.parse_args().shared)
    print("| probability | pairs | mean | one paper | by set |\n|---|---:|---:|---:|---|")
    for low, high in itertools.pairwise(EDGES):
        print(row(sets, low, high), flush=True)


if __name__ == "__main__":
    main()
