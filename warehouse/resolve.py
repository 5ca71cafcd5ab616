"""Decides which papers the new records speak of, and prepares every row that this changes.

    kept records --variants--> new variants --keys--> pairs with each other and with the lake
                 --match--> matches --cluster--> groups --assign--> papers --merge--> rows to publish

Works on what is new and on the part of the lake that it touches; writes Parquet files that
`warehouse.publish` puts into the lake in one transaction. The caller holds the writer's lock.
A decision of a person is resolved the same way, as a batch without records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.match import MATCH_SCHEMA, match_pairs
from transforms.dedupe.nodes import spoken_of
from transforms.dedupe.variants import ABSTRACT_CHARS, COMPARED_FIELDS, compared
from transforms.dedupe.verdicts import standing
from transforms.dedupe.weights import WEIGHTS
from transforms.schema import RECORDS, VARIANT_KEYS
from warehouse import neighbours
from warehouse.lake import Lake, snapshot
from warehouse.regroup import Batch, Changes, Comparison, Resolution, regroup
from warehouse.settings import level_of
from warehouse.workers import side_by_side

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import duckdb

    from transforms.dedupe.parts import Each
    from transforms.dedupe.weights import Level

__all__ = ["Resolution", "resolve", "resolve_again"]


def resolve(records: pl.LazyFrame, lake: Lake, folder: Path, *, run_id: str, now: dt.datetime) -> Resolution:
    """Resolve the records of one batch against the lake; write the rows to publish into `folder`.

    `records` has the columns of RECORDS. Nothing is written where nothing changes.
    """
    with snapshot(lake) as connection:
        batch = _prepare(connection, records)
        level = level_of(connection)
        with side_by_side() as each:
            comparison = _compare(connection, batch, level, each)
        decisions = standing(neighbours.decisions(connection))
        touched = pl.concat([_touched(batch, comparison.matches), _decided(connection, batch, decisions)]).unique()
        changes = Changes(batch, comparison, touched, decisions, level)
        return regroup(connection, changes, folder, run_id=run_id, now=now)


def resolve_again(
    records: pl.Series, decisions: pl.DataFrame, lake: Lake, folder: Path, *, run_id: str, now: dt.datetime
) -> Resolution:
    """Resolve the papers of these records of the lake anew, under all `decisions` (of schema.DECISIONS) there are.

    Writes the rows to publish into `folder`, as `resolve` does for a batch without records.
    """
    nothing = RECORDS.polars_schema.to_frame()
    members = nothing.select("record_id", "variant_id", "seen_date")
    known = nothing.select("variant_id", "record_id", paper_id="record_id")
    batch = Batch(nothing.lazy(), members, known, nothing.select("variant_id", "record_id"))
    comparison = Comparison(compared(nothing), VARIANT_KEYS.polars_schema.to_frame(), MATCH_SCHEMA.to_frame(), 0, 0)
    with snapshot(lake) as connection:
        touched = neighbours.variants_of(connection, records)["variant_id"].unique()
        changes = Changes(batch, comparison, touched, standing(decisions), level_of(connection))
        return regroup(connection, changes, folder, run_id=run_id, now=now)


def _prepare(connection: duckdb.DuckDBPyConnection, records: pl.LazyFrame) -> Batch:
    members = records.select("record_id", "variant_id", "seen_date").collect()
    known = neighbours.known_variants(connection, members["variant_id"])
    first = members.join(known, on="variant_id", how="anti").group_by("variant_id").agg(pl.col("record_id").min())
    return Batch(records, members, known, first.sort("variant_id"))


def _compare(connection: duckdb.DuckDBPyConnection, batch: Batch, level: Level, each: Each) -> Comparison:
    """Match the unseen variants with each other and with what the lake holds under the same keys."""
    variants = compared(_firsts(batch), each)
    keys = blocking_keys(variants, each)
    stored_keys = neighbours.shared_keys(connection, keys)
    candidates = candidate_pairs(pl.concat([keys.select(stored_keys.columns), stored_keys]), batch.unseen)
    partners = pl.concat([candidates.pairs["variant_a"], candidates.pairs["variant_b"]]).unique()
    stored = partners.filter(~partners.is_in(batch.unseen.implode()))
    variants = pl.concat([variants, compared(neighbours.records_of_variants(connection, stored))])
    alike = match_pairs(variants, candidates.pairs, level, least=WEIGHTS.doubt_probability, each=each)
    return Comparison(variants, keys, alike, candidates.pairs.height, candidates.not_compared)


def _firsts(batch: Batch) -> pl.DataFrame:
    """Read the record that stands for each unseen variant, of its abstract as much as is compared."""
    columns = ("record_id", "variant_id", *COMPARED_FIELDS)
    records = batch.records.select(columns).with_columns(pl.col("abstract").str.head(ABSTRACT_CHARS))
    return records.join(batch.first.lazy(), on="record_id", how="semi").collect()


def _touched(batch: Batch, matches: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a new match reaches."""
    ends = pl.concat([matches["variant_a"], matches["variant_b"]]).unique()
    return ends.filter(~ends.is_in(batch.unseen.implode()))


def _decided(connection: duckdb.DuckDBPyConnection, batch: Batch, decisions: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a decision ties to a variant of the batch."""
    if decisions.is_empty():
        return pl.Series(dtype=pl.UInt64)
    ends = pl.concat([decisions["record_id_a"], decisions["record_id_b"]])
    there = pl.concat([neighbours.variants_of(connection, ends), batch.members.select("record_id", "variant_id")])
    spoken = spoken_of(decisions, there)
    incoming = batch.members["variant_id"].unique().implode()
    concerned = spoken.filter(pl.col("variant_a").is_in(incoming) | pl.col("variant_b").is_in(incoming))
    variants = pl.concat([concerned["variant_a"], concerned["variant_b"]]).unique()
    return variants.filter(~variants.is_in(batch.unseen.implode()))
