"""Writes down why records are one paper: the rows of the table `matches`."""

from __future__ import annotations

import polars as pl

from transforms.dedupe.weights import WEIGHTS
from transforms.schema import MATCHES

SAME_VARIANT = "same-variant"
"""The rule of records that are equal in every compared field."""


def is_match() -> pl.Expr:
    """Whether the probability of a pair is that of a match; what is below is kept for people to look at."""
    return pl.col("probability") >= WEIGHTS.match_probability


def matched_rows(matches: pl.DataFrame, variants: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Make a row for each pair of variants that matched, or nearly did, in the shape of MATCHES without run_id.

    `variants`: variant_id, record_id of the record that stands for it; `placed`: record_id, cluster.
    """
    ends = variants.select("variant_id", "record_id").join(placed, on="record_id", how="left", validate="1:1")
    a, b = pl.col("record_id"), pl.col("record_id_b")
    return (
        matches.join(ends, left_on="variant_a", right_on="variant_id", validate="m:1")
        .join(ends, left_on="variant_b", right_on="variant_id", suffix="_b", validate="m:1")
        .with_columns(
            record_id_a=pl.min_horizontal(a, b),
            record_id_b=pl.max_horizontal(a, b),
            is_linked=(pl.col("cluster") == pl.col("cluster_b")).fill_null(value=False) & is_match(),
        )
        .select(_columns())
    )


def repeated_rows(members: pl.DataFrame, first: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Make a row for each new record that repeats its variant's first record word for word.

    `members`: record_id, variant_id of the new records; `first`: variant_id, record_id of the
    record that stands for each of their variants; `placed`: record_id, cluster of those records whose
    papers were made anew. The others went to the paper of their variant.
    """
    a, b = pl.col("record_id"), pl.col("first_id")
    repeats = members.join(first.select("variant_id", first_id="record_id"), on="variant_id", validate="m:1").filter(
        a != b
    )
    repeats = repeats.join(placed, on="record_id", how="left", validate="m:1").join(
        placed, left_on="first_id", right_on="record_id", how="left", suffix="_first", validate="m:1"
    )
    known = {
        "record_id_a": pl.min_horizontal(a, b),
        "record_id_b": pl.max_horizontal(a, b),
        "rule": pl.lit(SAME_VARIANT),
        "probability": pl.lit(1.0),
        "is_linked": (pl.col("cluster") == pl.col("cluster_first")).fill_null(value=True),
    }
    missing = {name: pl.lit(None, MATCHES.polars_schema[name]) for name in _columns() if name not in known}
    return repeats.select(**known, **missing).select(_columns())


def turned_rows(edges: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Find the stored matches that link now and did not, or the other way: record_id_a, record_id_b, is_linked.

    `edges` are those of a Neighbourhood; `placed`: record_id, cluster of all its records.
    """
    return (
        edges.join(placed, left_on="record_id_a", right_on="record_id", validate="m:1")
        .join(placed, left_on="record_id_b", right_on="record_id", suffix="_b", validate="m:1")
        .with_columns(links_now=pl.col("cluster") == pl.col("cluster_b"))
        .filter(pl.col("links_now") != pl.col("is_linked"))
        .select("record_id_a", "record_id_b", is_linked="links_now")
    )


def _columns() -> list[str]:
    return [name for name in MATCHES.names if name != "run_id"]
