"""Decides which papers the new records speak of, and prepares every row that this changes.

    kept records --variants--> new variants --keys--> pairs with each other and with the lake
                 --match--> matches --cluster--> groups --assign--> papers --merge--> rows to publish

Works on what is new and on the part of the lake that it touches; writes Parquet files that
`warehouse.publish` puts into the lake in one transaction. The caller holds the writer's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from transforms.dedupe.assign import Assignment, assign_papers
from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.cluster import cluster
from transforms.dedupe.evidence import matched_rows, repeated_rows, turned_rows
from transforms.dedupe.match import match_pairs
from transforms.dedupe.merge import merge_papers
from transforms.dedupe.variants import COMPARED_FIELDS, compared, with_variant_id
from transforms.schema import PAPERS, RECORDS
from warehouse import neighbours
from warehouse.lake import Lake, attached

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from warehouse.neighbours import Neighbourhood


@dataclass(frozen=True)
class Resolution:
    """Where the rows to publish lie, and what was decided, in numbers."""

    folder: Path
    new_papers: int
    known_papers: int
    merged_papers: int
    pairs_compared: int
    pairs_not_compared: int


@dataclass(frozen=True)
class _Batch:
    """The new records, and which of their variants the lake holds already."""

    records_file: Path
    members: pl.DataFrame  # record_id, variant_id, seen_date of each new record
    known: pl.DataFrame  # variant_id, record_id, paper_id of each of their variants that the lake holds
    first: pl.DataFrame  # variant_id, record_id: the record that stands for each unseen variant

    @property
    def unseen(self) -> pl.Series:
        """Variants that the lake has not met."""
        return self.first["variant_id"]


@dataclass(frozen=True)
class _Comparison:
    """What came of comparing the unseen variants with each other and with the lake."""

    variants: pl.DataFrame
    keys: pl.DataFrame
    matches: pl.DataFrame
    pairs_compared: int
    pairs_not_compared: int


def resolve(kept: Sequence[Path], lake: Lake, folder: Path, *, run_id: str, now: dt.datetime) -> Resolution:
    """Resolve the kept records of one batch against the lake; write the rows to publish into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with attached(lake, read_only=True) as connection:
        batch = _prepare(connection, kept, folder / "records.parquet")
        comparison = _compare(connection, batch)
        around = neighbours.neighbourhood(connection, _touched(batch, comparison.matches))
        clusters = _cluster(connection, batch, comparison, around)
        assignment = _assign(connection, batch, around, clusters)
        merged = _merge(connection, batch, assignment)
        papers_of_now = neighbours.papers(connection, merged["paper_id"])
    run = pl.lit(run_id)
    changes = {
        "variant_keys": comparison.keys,
        "matches": _evidence(batch, comparison, clusters).with_columns(run_id=run),
        "turned_matches": turned_rows(around.edges, around.members, clusters),
        "paper_records": assignment.paper_records,
        "paper_redirects": assignment.redirects.with_columns(run_id=run, redirected_at=pl.lit(now)),
        "papers": _dated(merged, papers_of_now, run_id, now),
    }
    for name, rows in changes.items():
        rows.write_parquet(folder / f"{name}.parquet", compression="lz4")
    return Resolution(
        folder,
        new_papers=assignment.minted.len(),
        known_papers=papers_of_now.height,
        merged_papers=assignment.redirects.height,
        pairs_compared=comparison.pairs_compared,
        pairs_not_compared=comparison.pairs_not_compared,
    )


def _prepare(connection: duckdb.DuckDBPyConnection, kept: Sequence[Path], records_file: Path) -> _Batch:
    pl.scan_parquet(list(kept), glob=False).pipe(with_variant_id).select(RECORDS.names).sink_parquet(
        records_file, compression="lz4"
    )
    members = pl.read_parquet(records_file, glob=False, columns=["record_id", "variant_id", "seen_date"])
    known = neighbours.known_variants(connection, members["variant_id"])
    first = members.join(known, on="variant_id", how="anti").group_by("variant_id").agg(pl.col("record_id").min())
    return _Batch(records_file, members, known, first.sort("variant_id"))


def _compare(connection: duckdb.DuckDBPyConnection, batch: _Batch) -> _Comparison:
    """Match the unseen variants with each other and with what the lake holds under the same keys."""
    columns = ("record_id", "variant_id", *COMPARED_FIELDS)
    firsts = (
        pl.scan_parquet(batch.records_file, glob=False)
        .select(columns)
        .join(batch.first.lazy(), on="record_id", how="semi")
    )
    variants = compared(firsts.collect())
    keys = blocking_keys(variants)
    stored_keys = neighbours.shared_keys(connection, keys)
    candidates = candidate_pairs(pl.concat([keys, stored_keys]), batch.unseen)
    partners = pl.concat([candidates.pairs["variant_a"], candidates.pairs["variant_b"]]).unique()
    stored = partners.filter(~partners.is_in(batch.unseen.implode()))
    variants = pl.concat([variants, compared(neighbours.records_of_variants(connection, stored))])
    matches = match_pairs(variants, candidates.pairs)
    return _Comparison(variants, keys, matches, candidates.pairs.height, candidates.not_compared)


def _touched(batch: _Batch, matches: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a new match reaches."""
    ends = pl.concat([matches["variant_a"], matches["variant_b"]]).unique()
    return ends.filter(~ends.is_in(batch.unseen.implode()))


def _cluster(
    connection: duckdb.DuckDBPyConnection, batch: _Batch, comparison: _Comparison, around: Neighbourhood
) -> pl.DataFrame:
    """Cluster the unseen variants together with the neighbourhood: variant_id, cluster."""
    there = comparison.variants["variant_id"]
    members = around.members["variant_id"].unique()
    missing = members.filter(~members.is_in(there.implode()))
    variants = pl.concat([comparison.variants, compared(neighbours.records_of_variants(connection, missing))])
    matches = pl.concat([comparison.matches.select("variant_a", "variant_b", "probability"), _stored_matches(around)])
    # also a variant without any key, which nothing can be compared with, is a paper
    concerned = pl.concat([batch.unseen, matches["variant_a"], matches["variant_b"], members]).unique()
    return cluster(variants.filter(pl.col("variant_id").is_in(concerned.implode())), matches)


def _stored_matches(around: Neighbourhood) -> pl.DataFrame:
    """Turn stored matches of records into matches of their variants: variant_a < variant_b, probability."""
    variant_of = around.members.select("record_id", "variant_id")
    a, b = pl.col("variant_id"), pl.col("variant_id_b")
    return (
        around.edges.join(variant_of, left_on="record_id_a", right_on="record_id", validate="m:1")
        .join(variant_of, left_on="record_id_b", right_on="record_id", suffix="_b", validate="m:1")
        .filter(a != b)
        .select(variant_a=pl.min_horizontal(a, b), variant_b=pl.max_horizontal(a, b), probability="probability")
        .group_by("variant_a", "variant_b")
        .agg(pl.col("probability").max())
    )


def _assign(
    connection: duckdb.DuckDBPyConnection, batch: _Batch, around: Neighbourhood, clusters: pl.DataFrame
) -> Assignment:
    """Assign papers to the new records, and to the records of the neighbourhood that move."""
    now_there = around.members.select("record_id", "variant_id", "seen_date", "paper_id")
    incoming = batch.members.with_columns(paper_id=pl.lit(None, pl.String))
    clustered = pl.concat([incoming.join(clusters, on="variant_id", how="semi"), now_there])
    ages = neighbours.papers(connection, now_there["paper_id"]).select("paper_id", "created_at")
    decided = assign_papers(clustered, clusters, ages)
    settled = (
        batch.members.join(clusters, on="variant_id", how="anti")
        .join(batch.known.select("variant_id", "paper_id"), on="variant_id", validate="m:1")
        .select("record_id", "paper_id")
    )
    stays = now_there.select("record_id", "paper_id")
    moved = decided.paper_records.join(stays, on=["record_id", "paper_id"], how="anti")
    return Assignment(pl.concat([moved, settled]).sort("record_id"), decided.minted, decided.redirects)


def _merge(connection: duckdb.DuckDBPyConnection, batch: _Batch, assignment: Assignment) -> pl.DataFrame:
    """Merge anew each paper that gained or lost a record."""
    new = pl.read_parquet(batch.records_file, glob=False).join(assignment.paper_records, on="record_id", validate="1:1")
    if new.height != batch.members.height:
        raise AssertionError(f"{batch.members.height} records came in, {new.height} have a paper")
    losing = neighbours.papers_of_records(connection, assignment.paper_records["record_id"])
    changed = pl.concat([assignment.paper_records["paper_id"], losing]).unique()
    stored = neighbours.records_of_papers(connection, changed)
    moved = assignment.paper_records.rename({"paper_id": "moved_to"})
    stored = stored.join(moved, on="record_id", how="left", validate="1:1").with_columns(
        paper_id=pl.coalesce("moved_to", "paper_id")
    )
    return merge_papers(pl.concat([new, stored.select(new.columns)]))


def _dated(merged: pl.DataFrame, papers_of_now: pl.DataFrame, run_id: str, now: dt.datetime) -> pl.DataFrame:
    """Complete the merged papers: who minted them and when, who changed them last."""
    return (
        merged.join(papers_of_now, on="paper_id", how="left", validate="1:1")
        .with_columns(
            run_id=pl.coalesce("run_id", pl.lit(run_id)),
            created_at=pl.coalesce("created_at", pl.lit(now)),
            updated_run_id=pl.lit(run_id),
        )
        .select(PAPERS.names)
    )


def _evidence(batch: _Batch, comparison: _Comparison, clusters: pl.DataFrame) -> pl.DataFrame:
    """List the pairs that matched now, and each new record with the one that it repeats."""
    first = pl.concat([batch.first.select("variant_id", "record_id"), batch.known.select("variant_id", "record_id")])
    matched = matched_rows(comparison.matches, comparison.variants, clusters)
    return pl.concat([matched, repeated_rows(batch.members, first)])
