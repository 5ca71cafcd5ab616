"""Quality of the dedupe engine on the labelled sets, without a lake: the quick look while one works on it.

    .venv/bin/python benchmarks/dedupe_sets.py ../shared/dedupe [--level publication]

Prints, per set: pair completeness of blocking, then pairwise precision, recall and F1 and B-cubed
F1 of the clusters. `dedupe.py` measures the same through the whole pipeline and beside the peers. In the sets that link two clean sources only pairs across the sources are
labelled, and only those are counted.
"""

from __future__ import annotations

import argparse
import html
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.cluster import cluster
from transforms.dedupe.match import Level, match_pairs
from transforms.dedupe.variants import compared, with_variant_id
from transforms.schema import RECORDS
from transforms.text import title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETS: Final = ("asysd-diabetes", "bd-cytology_screening", "bd-stroke", "cora", "dblp-acm", "dblp-scholar")
LINKED: Final = ("dblp-acm", "dblp-scholar")
"""Sets whose labels speak of pairs across two sources only."""

Pairs = set[tuple[str, str]]


@dataclass(frozen=True)
class Labels:
    """Records of one set (`record_id` and `source` at least), and the pairs of ids that are labelled as one paper."""

    name: str
    records: pl.DataFrame
    true_pairs: Pairs

    @property
    def is_linked(self) -> bool:
        """Whether only pairs across two sources are labelled."""
        return self.name in LINKED


@dataclass(frozen=True)
class LabelledSet(Labels):
    """The same with whole records, and the variants among them."""

    variants: pl.DataFrame


@dataclass(frozen=True)
class Scores:
    """How well the clusters of one set agree with its labels; each from 0 to 1."""

    precision: float
    recall: float
    f1: float
    b_cubed: float


def _normalized(table: pl.DataFrame) -> pl.DataFrame:
    """Bring a set's CSV into the shape of normalized records."""
    unescaped = table.with_columns(
        pl.col(name).map_elements(html.unescape, return_dtype=pl.String) for name in ("title", "authors", "venue")
    )
    doi = pl.col("doi").str.to_lowercase().str.replace(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "")
    filled = unescaped.with_columns(
        authors=pl.concat_list("authors"),
        year=pl.col("year").str.extract(r"(\d{4})").cast(pl.Int32),
        doi=doi,
        title_key=title_key(pl.col("title")),
    )
    missing = [
        pl.lit(None, dtype).alias(name) for name, dtype in RECORDS.polars_schema.items() if name not in filled.columns
    ]
    return filled.with_columns(missing).drop("variant_id")


def load_labels(folder: Path, name: str) -> Labels:
    """Read who is who in one labelled set (records.csv, truth_pairs.csv)."""
    table = pl.read_csv(folder / name / "records.csv", infer_schema=False)
    truth = pl.read_csv(folder / name / "truth_pairs.csv", infer_schema=False)
    pairs = {_ordered(a, b) for a, b in truth.iter_rows()}
    return Labels(name, table.rename({"id": "record_id"}), pairs)


def load(folder: Path, name: str) -> LabelledSet:
    """Read one labelled set as normalized records with their variants."""
    labels = load_labels(folder, name)
    records = _normalized(labels.records).lazy().pipe(with_variant_id).collect()
    return LabelledSet(name, records, labels.true_pairs, compared(records))


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def found_pairs(labels: Labels, clusters: pl.DataFrame) -> Pairs:
    """Give the pairs of records that share a cluster (record_id, cluster) and whose label is known."""
    rows = labels.records.select("record_id", "source").join(clusters, on="record_id")
    joined = rows.join(rows, on="cluster", suffix="_b").filter(pl.col("record_id") < pl.col("record_id_b"))
    known = joined.filter(pl.col("source") != pl.col("source_b")) if labels.is_linked else joined
    return set(zip(known["record_id"], known["record_id_b"], strict=True))


def record_pairs(labelled: LabelledSet, clusters: pl.DataFrame) -> Pairs:
    """Give the pairs of records whose variants share a cluster (variant_id, cluster) and whose label is known."""
    rows = labelled.records.select("record_id", "variant_id").join(clusters, on="variant_id")
    return found_pairs(labelled, rows.select("record_id", "cluster"))


def completeness(labels: Labels, stands_for: Mapping[str, object], pairs: set[tuple[object, object]]) -> float:
    """Give the share of true pairs among the candidate pairs, which hold the lesser of the two first.

    `stands_for` leads from a record to what was compared in its place; a pair of equals needs no comparison.
    """
    known = ((stands_for.get(a, a), stands_for.get(b, b)) for a, b in labels.true_pairs)
    wanted = {(a, b) if a < b else (b, a) for a, b in known if a != b}  # type: ignore[operator] # ids of one kind
    return len(wanted & pairs) / len(wanted)


def pairwise(found: Pairs, true: Pairs) -> tuple[float, float, float]:
    """Give precision, recall and F1 over pairs."""
    hit = len(found & true)
    precision, recall = hit / max(1, len(found)), hit / max(1, len(true))
    return precision, recall, 2 * precision * recall / max(1e-12, precision + recall)


def scores(labels: Labels, clusters: pl.DataFrame) -> Scores:
    """Measure clusters (record_id, cluster); a record without one stands alone."""
    found = found_pairs(labels, clusters)
    return Scores(*pairwise(found, labels.true_pairs), b_cubed(found, labels.true_pairs, labels.records["record_id"]))


def b_cubed(found: Pairs, true: Pairs, ids: Iterable[str]) -> float:
    """Give B-cubed F1 (Bagga and Baldwin 1998): precision and recall averaged over records."""
    neighbours: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})
    for side, pairs in zip(neighbours, (found, true), strict=True):
        for a, b in pairs:
            side.setdefault(a, {a}).add(b)
            side.setdefault(b, {b}).add(a)
    precision = recall = count = 0.0
    for record in ids:
        mine, right = (side.get(record, {record}) for side in neighbours)
        precision += len(mine & right) / len(mine)
        recall += len(mine & right) / len(right)
        count += 1
    return 2 * precision * recall / count / (precision + recall)


def evaluate(labelled: LabelledSet, level: Level = "work") -> dict[str, float | str]:
    """Run the engine over one set and measure it."""
    start = time.perf_counter()
    candidates = candidate_pairs(blocking_keys(labelled.variants), labelled.variants["variant_id"])
    matches = match_pairs(labelled.variants, candidates.pairs, level)
    clusters = cluster(labelled.variants, matches, level=level)
    seconds = time.perf_counter() - start
    found = labelled.records.select("record_id", "variant_id").join(clusters, on="variant_id")
    scored = scores(labelled, found.select("record_id", "cluster"))
    variant = dict(zip(labelled.records["record_id"], labelled.records["variant_id"], strict=True))
    compared_pairs = set(candidates.pairs.select("variant_a", "variant_b").iter_rows())
    return {
        "set": labelled.name,
        "complete": completeness(labelled, variant, compared_pairs),
        "precision": scored.precision,
        "recall": scored.recall,
        "F1": scored.f1,
        "B-cubed": scored.b_cubed,
        "seconds": seconds,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Quality of the dedupe engine on the labelled sets.")
    parser.add_argument("folder", type=Path, help="the folder with one folder per labelled set")
    parser.add_argument("--level", choices=("work", "publication"), default="work")
    given = parser.parse_args()
    print("| set | pairs blocked | precision | recall | F1 | B-cubed | s |\n|---|---|---|---|---|---|---|")
    for name in SETS:
        row = evaluate(load(given.folder, name), given.level)
        cells = [f"{value:.3f}" if isinstance(value, float) else value for value in row.values()]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
