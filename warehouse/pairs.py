"""Shows two records beside each other: what each says, how the two compare, and what was decided on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from transforms.dedupe.evidence import SAME_VARIANT
from transforms.dedupe.features import FEATURES, features
from transforms.dedupe.match import score_pairs
from transforms.dedupe.profiles import sides_of
from transforms.dedupe.variants import compared
from transforms.dedupe.verdicts import contradicted, standing
from transforms.dedupe.weights import WEIGHTS
from transforms.schema import RECORDS
from warehouse import neighbours
from warehouse.opening import attached
from warehouse.overview import Row, find_record, rows
from warehouse.settings import level_of
from warehouse.sqltext import script

if TYPE_CHECKING:
    import duckdb

    from transforms.dedupe.weights import Level
    from warehouse.lake import Lake

_PAIR: Final = pl.DataFrame(
    {"variant_a": [0], "variant_b": [1]}, schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64}
)


@dataclass(frozen=True)
class Pair:
    """Two records, each with its dump and its paper of now; how alike they are; what people said of them."""

    records: tuple[Row, Row]
    features: dict[str, float]
    probability: float
    level: Level
    decisions: list[Row]

    @property
    def is_one_paper(self) -> bool:
        """Whether the two are one paper now."""
        return bool(self.records[0]["paper_id"] == self.records[1]["paper_id"])

    @property
    def is_match(self) -> bool:
        """Whether what the two say is enough for a match."""
        return self.probability >= WEIGHTS.match_probability


def compare(lake: Lake, a: str, b: str) -> Pair:
    """Compare two records, named as `find_record` takes them, by the rules of now.

    `decisions` are those that settle whether the two are one paper, straight or through third ones.
    Raises UsageError where a name is unknown.
    """
    with attached(lake, read_only=True) as connection:
        ids = (find_record(connection, a), find_record(connection, b))
        records = tuple(_record(connection, record_id) for record_id in ids)
        decisions = settling(standing(neighbours.decisions(connection)), *ids).to_dicts()
        level = level_of(connection)
    variants = _as_variants(records)
    found = {name: values[0] for name, values in features(sides_of(variants, _PAIR)).items() if name in FEATURES}
    known = {name: float(value) for name, value in found.items() if not np.isnan(value)}
    probability = float(score_pairs(variants, _PAIR, level)[0])
    return Pair((records[0], records[1]), known, probability, level, decisions)


def settling(decisions: pl.DataFrame, a: str, b: str) -> pl.DataFrame:
    """Find the standing decisions that make the two one paper, or keep them apart; none where neither holds."""
    joined = contradicted(a, b, "different", decisions)
    return contradicted(a, b, "same", decisions) if joined.is_empty() else joined


def doubtful_pairs(lake: Lake, limit: int) -> list[tuple[str, str]]:
    """List the pairs of records whose probability is nearest to that of a match and that nobody decided on."""
    asked = {"copies": SAME_VARIANT, "threshold": WEIGHTS.match_probability, "limit": limit}
    with attached(lake, read_only=True) as connection:
        return [(row["record_id_a"], row["record_id_b"]) for row in rows(connection, script("doubtful_pairs"), asked)]


def _record(connection: duckdb.DuckDBPyConnection, record_id: str) -> Row:
    return rows(connection, script("find_entry"), [record_id])[0]


def _as_variants(records: tuple[Row, ...]) -> pl.DataFrame:
    """Give each record a variant of its own, also where the two say the same."""
    entries: list[dict[str, Any]] = [
        {name: record[name] for name in RECORDS.names} | {"variant_id": number} for number, record in enumerate(records)
    ]
    return compared(pl.DataFrame(entries, schema=RECORDS.polars_schema))
