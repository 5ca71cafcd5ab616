"""Nodes: what is clustered where people have spoken.

    records --> variants --told apart?--> nodes --cluster--> cluster of each record

Without decisions a node is a variant. Where a decision tells two records of one variant apart, one
of them becomes a node of its own, with the fields and the matches of its variant and a certain
match with the variant's other nodes: a copy that nobody spoke of stays with one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from transforms.dedupe.cluster import cluster
from transforms.dedupe.verdicts import tell_apart

if TYPE_CHECKING:
    from transforms.dedupe.weights import Level


def cluster_records(
    members: pl.DataFrame,
    variants: pl.DataFrame,
    matches: pl.DataFrame,
    decisions: pl.DataFrame,
    *,
    level: Level = "work",
) -> pl.DataFrame:
    """Cluster the records of `members` by their matches and by what people decided: record_id, cluster.

    `members`: record_id, variant_id; `variants`: what `compared` gives for at least their variants;
    `matches`: variant_a, variant_b, probability; `decisions`: those that stand, of which the ones
    with both records among the members count.
    """
    spoken = spoken_of(decisions, members)
    nodes = _nodes(members, spoken)
    clusters = cluster(
        _of_nodes(variants, nodes, spoken),
        _between_nodes(matches, nodes),
        _decided(spoken, nodes, "same"),
        _decided(spoken, nodes, "different"),
        level=level,
    )
    return nodes.join(clusters, left_on="node_id", right_on="variant_id", validate="m:1").select("record_id", "cluster")


def spoken_of(decisions: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Give the variants of both records, where both are there: record_id_a, variant_a, record_id_b, variant_b, verdict."""
    variant_of = members.select("record_id", "variant_id")
    return (
        decisions.join(variant_of, left_on="record_id_a", right_on="record_id", validate="m:1")
        .join(variant_of, left_on="record_id_b", right_on="record_id", suffix="_b", validate="m:1")
        .select("record_id_a", "record_id_b", "verdict", variant_a="variant_id", variant_b="variant_id_b")
    )


def _nodes(members: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Give each record its node: record_id, variant_id, node_id."""
    own = members.select("record_id", "variant_id").join(tell_apart(spoken), on="record_id", how="left", validate="1:1")
    return own.with_columns(node_id=pl.coalesce("node_id", "variant_id"))


def _of_nodes(variants: pl.DataFrame, nodes: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Give the compared fields of each node, in the shape of `variants`."""
    if spoken.is_empty():  # then a node is a variant; to join a million rows of texts would hold them twice
        return variants.filter(pl.col("variant_id").is_in(nodes["node_id"].unique().implode()))
    by_node = nodes.select("variant_id", "node_id").unique()
    fields = variants.join(by_node, on="variant_id", validate="1:m")
    return fields.with_columns(variant_id="node_id").select(variants.columns)


def _between_nodes(matches: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Give the matches between nodes: those of their variants, and a certain one between those of one variant."""
    by_node = nodes.select("variant_id", "node_id").unique()
    split = by_node.filter(pl.len().over("variant_id") > 1)
    if split.is_empty():
        return matches
    copies = split.join(split, on="variant_id", suffix="_b").filter(pl.col("node_id") < pl.col("node_id_b"))
    between = matches.join(by_node, left_on="variant_a", right_on="variant_id").join(
        by_node, left_on="variant_b", right_on="variant_id", suffix="_b"
    )
    a, b = pl.col("node_id"), pl.col("node_id_b")
    pairs = pl.concat([between, copies.with_columns(probability=1.0)], how="diagonal")
    return pairs.select(variant_a=pl.min_horizontal(a, b), variant_b=pl.max_horizontal(a, b), probability="probability")


def _decided(spoken: pl.DataFrame, nodes: pl.DataFrame, verdict: str) -> pl.DataFrame:
    """Give the pairs of nodes with this verdict: variant_a, variant_b, each pair once."""
    node_of = nodes.select("record_id", "node_id")
    return (
        spoken.filter(pl.col("verdict") == verdict)
        .join(node_of, left_on="record_id_a", right_on="record_id")
        .join(node_of, left_on="record_id_b", right_on="record_id", suffix="_b")
        .filter(pl.col("node_id") != pl.col("node_id_b"))
        .select(
            variant_a=pl.min_horizontal("node_id", "node_id_b"), variant_b=pl.max_horizontal("node_id", "node_id_b")
        )
        .unique()
        .sort("variant_a", "variant_b")
    )
