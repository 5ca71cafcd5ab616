"""Cluster: which variants are one paper, given the pairs that match."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_NO_PAIRS = pl.DataFrame(schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64})


def cluster(
    variants: pl.DataFrame,
    matches: pl.DataFrame,
    same: pl.DataFrame = _NO_PAIRS,
    different: pl.DataFrame = _NO_PAIRS,
) -> pl.DataFrame:
    """Give each variant its cluster: `variant_id` UInt64, `cluster` Int64 from 0, in the order of the ids.

    `same` and `different` (variant_a, variant_b) are what people decided.
    """
    ids = np.sort(variants["variant_id"].to_numpy())
    edges = pl.concat([matches.select("variant_a", "variant_b"), same.select("variant_a", "variant_b")])
    edges = edges.join(different, on=["variant_a", "variant_b"], how="anti")
    rows, cols = (np.searchsorted(ids, edges[name].to_numpy()) for name in ("variant_a", "variant_b"))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, cols)), shape=(len(ids), len(ids)))
    labels = connected_components(graph, directed=False)[1]
    return pl.DataFrame({"variant_id": ids, "cluster": labels.astype(np.int64)})
