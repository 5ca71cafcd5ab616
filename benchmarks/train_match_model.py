"""Fit the match model and count the words of titles; write both beside the engine.

    .venv/bin/python benchmarks/train_match_model.py words ../shared    transforms/dedupe/word_rarity.json
    .venv/bin/python benchmarks/train_match_model.py fit   ../shared    transforms/dedupe/match_model.json
    .venv/bin/python benchmarks/train_match_model.py held-out ../shared nothing written, one set held out at a time

Nothing is trained at run time; the two JSON files are all that the engine needs. Fields of the
training pairs are blanked at random, so that a missing field is learned as no evidence.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from dedupe_sets import SETS, LabelledSet, load, pairwise, record_pairs
from sklearn.ensemble import HistGradientBoostingClassifier

from transforms.dedupe import model as match_model
from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.cluster import cluster
from transforms.dedupe.features import features
from transforms.dedupe.match import match_pairs
from transforms.dedupe.profiles import sides_of
from transforms.text import text_words

if TYPE_CHECKING:
    import numpy.typing as npt

DIRECTIONS: Final = {
    "title_ratio": 1,
    "title_set": 1,
    "title_jaccard": 1,
    "title_containment": 1,
    "title_information": 1,
    "title_unmatched": -1,
    "title_prefix": 1,
    "title_reach": 1,
    "numbers": -1,
    "notice": -1,
    "author_containment": 1,
    "author_jaccard": 1,
    "author_letters": 1,
    "author_ratio": 1,
    "author_lead": 1,
    "venue": 1,
    "venue_kind": 1,
    "year_gap": -1,
    "volume": 1,
    "number": 1,
    "first_page": 1,
    "last_page": 1,
}
"""Features of the model, and whether more of them speaks for (1) or against (-1) one paper."""

_AUTHORS: Final = ("author_containment", "author_jaccard", "author_letters", "author_ratio", "author_lead")
_PLACE: Final = ("volume", "number", "first_page", "last_page")

BLANKED: Final = (
    (("venue_kind",), 0.2),
    (_PLACE, 0.4),
    (("first_page", "last_page"), 0.3),
    (("number",), 0.3),
    (("venue", "venue_kind"), 0.3),
    (("year_gap",), 0.3),
    (_AUTHORS, 0.15),
)
"""Groups of fields that a copy of each training pair loses, with the probability of that."""

NAMESAKE: Final = (0.95, 0.8)
"""Similarity of titles and share of authors from which two papers differ in nothing but what a copy may lose."""

COPIES: Final = 2
FILLER: Final = (
    "abstract extended panel session tutorial demo demonstration book review reviews guest editor editors editorial "
    "introduction foreword preface special issue section proposal talk slides chinese german french spanish japanese "
    "russian polish italian portuguese reply comment comments note short paper invited keynote preliminary report "
    "technical draft revised version"
)
"""Words that titles carry or leave out at will: weighed as hardly informative, however rare."""

Table = dict[str, "npt.NDArray[np.float64]"]


def training_pairs(labelled: LabelledSet) -> tuple[Table, npt.NDArray[np.bool_]]:
    """Give features and labels of the candidate pairs whose label is known."""
    variants = labelled.variants
    pairs = candidate_pairs(blocking_keys(variants), variants["variant_id"]).pairs
    variant = dict(zip(labelled.records["record_id"], labelled.records["variant_id"], strict=True))
    true = {tuple(sorted((variant[a], variant[b]))) for a, b in labelled.true_pairs}
    source = dict(zip(labelled.records["variant_id"], labelled.records["source"], strict=True))
    if labelled.is_linked:
        across = [source[a] != source[b] for a, b in pairs.iter_rows()]
        pairs = pairs.filter(pl.Series(across))
    return features(sides_of(variants, pairs)), np.array([pair in true for pair in pairs.iter_rows()])


def _blanked(table: Table, random: np.random.Generator) -> Table:
    copy = {name: values.copy() for name, values in table.items()}
    for names, chance in BLANKED:
        lost = random.random(len(copy["title_ratio"])) < chance
        for name in names:
            copy[name][lost] = np.nan
    return copy


def _is_namesake(table: Table, label: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Mark two papers that carry one title and one list of authors: blanked, nothing would tell them apart."""
    title, authors = NAMESAKE
    return (table["title_ratio"] >= title) & (table["author_containment"] >= authors) & ~label


def _matrix(table: Table) -> npt.NDArray[np.float64]:
    return np.column_stack([table[name] for name in DIRECTIONS])


def _as_nested(nodes: Any, place: int = 0) -> Any:
    node = nodes[place]
    if node["is_leaf"]:
        return round(float(node["value"]), 5)
    left, right = (_as_nested(nodes, int(node[side])) for side in ("left", "right"))
    threshold = float(node["num_threshold"])
    finite = threshold if math.isfinite(threshold) else 1e300
    return [int(node["feature_idx"]), round(finite, 5), bool(node["missing_go_to_left"]), left, right]


def fit(sets: list[tuple[Table, npt.NDArray[np.bool_]]]) -> str:
    """Fit the model on some sets, each of the same weight, and give it as JSON."""
    random = np.random.default_rng(0)
    blocks, labels, weights = [], [], []
    for table, label in sets:
        for copy in range(COPIES + 1):
            blocks.append(_matrix(_blanked(table, random) if copy else table))
            labels.append(label)
            share = np.where(_is_namesake(table, label), 0.15, 0.5) if copy else np.ones(len(label))
            weights.append(share / len(label))
    weight = np.concatenate(weights)
    booster = HistGradientBoostingClassifier(
        max_iter=120,
        learning_rate=0.1,
        max_depth=4,
        min_samples_leaf=40,
        l2_regularization=5,
        max_bins=64,
        early_stopping=False,
        monotonic_cst=list(DIRECTIONS.values()),
        random_state=0,
    )
    booster.fit(np.vstack(blocks), np.concatenate(labels), sample_weight=weight * len(weight) / weight.sum())
    trees = [_as_nested(predictor[0].nodes) for predictor in booster._predictors]  # noqa: SLF001 - scikit-learn has no public way to its trees
    baseline = float(np.ravel(booster._baseline_prediction)[0])  # noqa: SLF001 - as above
    return json.dumps({"baseline": round(baseline, 6), "features": list(DIRECTIONS), "trees": trees}).replace(
        "], [", "],\n["
    )


def held_out(sets: list[LabelledSet]) -> None:
    """Print the quality on each set of a model that was fitted on the others."""
    pairs = [training_pairs(labelled) for labelled in sets]
    print("| held out | precision | recall | F1 |\n|---|---|---|---|")
    for place, labelled in enumerate(sets):
        model = match_model.parse(fit([*pairs[:place], *pairs[place + 1 :]]))
        variants = labelled.variants
        candidates = candidate_pairs(blocking_keys(variants), variants["variant_id"]).pairs
        clusters = cluster(variants, match_pairs(variants, candidates, model=model), model=model)
        scores = pairwise(record_pairs(labelled, clusters), labelled.true_pairs)
        print(f"| {labelled.name} | " + " | ".join(f"{score:.3f}" for score in scores) + " |", flush=True)


def _distinct_titles(shared: Path) -> set[str]:
    listed: dict[str, str] = {}
    for path in sorted((shared / "corpus" / "arxiv_daily_jsonl").glob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            row = json.loads(line)
            listed[row["id"]] = re.sub(r"\s+", " ", row["title"])
    titles = pl.DataFrame({"title": list(listed.values())}).select(text_words(pl.col("title")))["title"].drop_nulls()
    return set(titles).union(*(set(load(shared / "dedupe", name).variants["title_words"]) for name in SETS))


def count_words(shared: Path) -> str:
    """Count in how many distinct titles each word stands; weights are bits of surprise."""
    titles = _distinct_titles(shared)
    counts = collections.Counter(word for title in titles for word in set(title.split(" ")))
    by_weight: dict[int, list[str]] = collections.defaultdict(list)
    filler = set(FILLER.split())
    for word, count in counts.items():
        if word in filler:
            by_weight[2].append(word)
        elif count >= 4 and word:
            by_weight[min(14, max(1, round(math.log2(len(titles) / count))))].append(word)
    table = {str(weight): " ".join(sorted(words)) for weight, words in sorted(by_weight.items())}
    return json.dumps({"distinct_titles": len(titles), "words_by_weight": table}, ensure_ascii=False, indent=0)


def main() -> None:
    """Run one of the three steps."""
    parser = argparse.ArgumentParser(description="Fit the match model and count the words of titles.")
    parser.add_argument("step", choices=("words", "fit", "held-out"))
    parser.add_argument("shared", type=Path, help="the folder that holds dedupe/ and corpus/")
    parser.add_argument("output", type=Path, nargs="?")
    given = parser.parse_args()
    if given.step == "words":
        given.output.write_text(count_words(given.shared) + "\n", "utf-8")
        return
    sets = [load(given.shared / "dedupe", name) for name in SETS]
    if given.step == "fit":
        given.output.write_text(fit([training_pairs(labelled) for labelled in sets]) + "\n", "utf-8")
    else:
        held_out(sets)


if __name__ == "__main__":
    main()
