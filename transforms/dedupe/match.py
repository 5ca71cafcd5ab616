"""Match: which candidate pairs are one paper, by which rule, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

Level = Literal["work", "publication"]

RULES: Final[Mapping[str, str]] = {
    "identifiers-agree": "The same DOI, arXiv id or PMID, and titles that are not at odds.",
    "equal-titles": "Equal titles, and nothing else at odds.",
    "near-equal": "Nearly equal titles or abstracts.",
}
"""Every rule that can join two records, in words."""

MATCH_SCHEMA: Final = pl.Schema(
    {
        "variant_a": pl.UInt64,
        "variant_b": pl.UInt64,
        "rule": pl.String,
        "title_similarity": pl.Float64,
        "abstract_similarity": pl.Float64,
        "author_similarity": pl.Float64,
        "venue_similarity": pl.Float64,
        "features": pl.String,
        "probability": pl.Float64,
    }
)


def _similarity(frame: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    a, b = frame[f"{name}_a"].to_list(), frame[f"{name}_b"].to_list()
    scores = process.cpdist(a, b, scorer=fuzz.ratio, workers=-1).astype(np.float64) / 100
    missing = ((frame[f"{name}_a"] == "") | (frame[f"{name}_b"] == "")).to_numpy()
    return np.where(missing, np.nan, scores)


def match_pairs(variants: pl.DataFrame, pairs: pl.DataFrame, level: Level = "work") -> pl.DataFrame:
    """Compare the pairs and keep those that match, with their evidence (MATCH_SCHEMA)."""
    del level  # both levels decide alike until the model is in
    if pairs.is_empty():
        return pl.DataFrame(schema=MATCH_SCHEMA)
    left, right = variants.select(pl.all().name.suffix("_a")), variants.select(pl.all().name.suffix("_b"))
    frame = pairs.join(left, left_on="variant_a", right_on="variant_id_a").join(
        right, left_on="variant_b", right_on="variant_id_b"
    )
    scored = frame.with_columns(
        pl.Series(f"{name}_similarity", _similarity(frame, f"{name}_key")).fill_nan(None)
        for name in ("title", "abstract", "author", "venue")
    )
    same_id = pl.any_horizontal(
        (pl.col(f"{name}_a") == pl.col(f"{name}_b")).fill_null(value=False) for name in ("doi", "arxiv_id", "pmid")
    )
    title, abstract = pl.col("title_similarity"), pl.col("abstract_similarity")
    rule = (
        pl.when(same_id & (title >= 0.8))
        .then(pl.lit("identifiers-agree"))
        .when((title == 1) & (abstract.is_null() | (abstract >= 0.8)))
        .then(pl.lit("equal-titles"))
        .when((title >= 0.95) & (abstract >= 0.9))
        .then(pl.lit("near-equal"))
    )
    kept = scored.with_columns(rule=rule, probability=title).filter(pl.col("rule").is_not_null())
    features = pl.struct("title_similarity", "abstract_similarity").struct.json_encode()
    return kept.with_columns(features=features).select(MATCH_SCHEMA.names()).cast(MATCH_SCHEMA)
