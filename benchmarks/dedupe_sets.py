"""Quality of the dedupe engine on the labelled sets.

    .venv/bin/python benchmarks/dedupe_sets.py ../shared/dedupe [--level publication]

Prints, per set: pair completeness of blocking, then pairwise precision, recall and F1 and B-cubed
F1 of the clusters. In the sets that link two clean sources only pairs across the sources are
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
    from collections.abc import Iterable

SETS: Final = ("asysd-diabetes", "bd-cytology_screening", "bd-stroke", "cora", "dblp-acm", "dblp-scholar")
LINKED: Final = ("dblp-acm", "dblp-scholar")
"""Sets whose labels speak of pairs across two sources only."""

Pairs = set[tuple[str, str]]


@dataclass(frozen=True)
class LabelledSet:
    """Records of one set with their variants, and the pairs of record ids that are labelled as one paper."""

    name: str
    records: pl.DataFrame
    variants: pl.DataFrame
    true_pairs: Pairs

    @property
    def is_linked(self) -> bool:
        """Whether only pairs across two sources are labelled."""
        return self.name in LINKED


def _normalized(table: pl.DataFrame) -> pl.DataFrame:
    """Bring a set's CSV into the shape of normalized records."""
    unescaped = table.with_columns(
        pl.col(name).map_elements(html.unescape, return_dtype=pl.String) for name in ("title", "authors", "venue")
    )
    doi = pl.col("doi").str.to_lowercase().str.replace(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "")
    filled = unescaped.with_columns(
        record_id="id",
        authors=pl.concat_list("authors"),
        year=pl.col("year").str.extract(r"(\d{4})").cast(pl.Int32),
        doi=doi,
        title_key=title_key(pl.col("title")),
    )
    missing = [
        pl.lit(None, dtype).alias(name) for name, dtype in RECORDS.polars_schema.items() if name not in filled.columns
    ]
    return filled.with_columns(missing).drop("variant_id")


def load(folder: Path, name: str) -> LabelledSet:
    """Read one labelled set (records.csv, truth_pairs.csv)."""
    table = pl.read_csv(folder / name / "records.csv", infer_schema=False)
    truth = pl.read_csv(folder / name / "truth_pairs.csv", infer_schema=False)
    records = _normalized(table).lazy().pipe(with_variant_id).collect()
    return LabelledSet(name, records, compared(records), {_ordered(a, b) for a, b in truth.iter_rows()})


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def record_pairs(labelled: LabelledSet, clusters: pl.DataFrame, column: str = "cluster") -> Pairs:
    """Give the pairs of records that share a cluster (variant_id, cluster) and whose label is known."""
    rows = labelled.records.select("record_id", "source", "variant_id").join(clusters, on="variant_id")
    joined = rows.join(rows, on=column, suffix="_b").filter(pl.col("record_id") < pl.col("record_id_b"))
    known = joined.filter(pl.col("source") != pl.col("source_b")) if labelled.is_linked else joined
    return set(zip(known["record_id"], known["record_id_b"], strict=True))


def completeness(labelled: LabelledSet, pairs: pl.DataFrame) -> float:
    """Give the share of true pairs of variants that blocking found."""
    variant = dict(zip(labelled.records["record_id"], labelled.records["variant_id"], strict=True))
    ordered = (sorted((variant[a], variant[b])) for a, b in labelled.true_pairs)
    wanted = {(a, b) for a, b in ordered if a != b}
    return len(wanted & set(pairs.select("variant_a", "variant_b").iter_rows())) / len(wanted)


def pairwise(found: Pairs, true: Pairs) -> tuple[float, float, float]:
    """Give precision, recall and F1 over pairs."""
    hit = len(found & true)
    precision, recall = hit / max(1, len(found)), hit / max(1, len(true))
    return precision, recall, 2 * precision * recall / max(1e-12, precision + recall)


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
    found = record_pairs(labelled, clusters)
    precision, recall, f1 = pairwise(found, labelled.true_pairs)
    return {
        "set": labelled.name,
        "complete": completeness(labelled, candidates.pairs),
        "precision": precision,
        "recall": recall,
        "F1": f1,
        "B-cubed": b_cubed(found, labelled.true_pairs, labelled.records["record_id"]),
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
