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

from transforms.dedupe.match import MATCH_SCHEMA
from transforms.dedupe.nodes import spoken_of
from transforms.dedupe.parts import in_turn
from transforms.dedupe.variants import compared
from transforms.dedupe.verdicts import standing
from transforms.schema import RECORDS, VARIANT_KEYS
from warehouse import neighbours
from warehouse.compare import compare
from warehouse.neighbours import Stored, stored
from warehouse.regroup import Batch, Changes, Comparison, Resolution, regroup
from warehouse.settings import level_of
from warehouse.workers import side_by_side

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from warehouse.lake import Lake

__all__ = ["Resolution", "resolve", "resolve_again"]


def resolve(
    there: Stored, files: Sequence[Path], dump_ids: Sequence[str], folder: Path, *, run_id: str, now: dt.datetime
) -> Resolution:
    """Resolve the records of these dumps against the lake; write the rows to publish into `folder`.

    `files` are Parquet with the columns of RECORDS. Nothing is written where nothing changes.
    """
    records = pl.scan_parquet(list(files), glob=False).select(RECORDS.names)
    batch = _prepare(there, files, records.filter(pl.col("dump_id").is_in(dump_ids)))
    level = level_of(there.connection)
    decisions = standing(neighbours.decisions(there.connection))
    with side_by_side() as each:
        comparison = compare(there, batch, level, each)
        touched = pl.concat([_touched(batch, comparison.matches), _decided(there, batch, decisions)]).unique()
        changes = Changes(batch, comparison, touched, decisions, level)
        return regroup(there, changes, folder, each, run_id=run_id, now=now)


def resolve_again(
    records: pl.Series, decisions: pl.DataFrame, lake: Lake, folder: Path, *, run_id: str, now: dt.datetime
) -> Resolution:
    """Resolve the papers of these records of the lake anew, under all `decisions` (of schema.DECISIONS) there are.

    Writes the rows to publish into `folder`, as `resolve` does for a batch without records.
    """
    nothing = RECORDS.polars_schema.to_frame()
    members = nothing.select("record_id", "variant_id", "seen_date")
    known = nothing.select("variant_id", "record_id", paper_id="record_id")
    batch = Batch((), nothing.lazy(), members, known, nothing.select("variant_id", "record_id"))
    comparison = Comparison(
        compared(nothing), VARIANT_KEYS.polars_schema.to_frame(), MATCH_SCHEMA.to_frame(), 0, 0, pl.DataFrame()
    )
    with stored(lake) as there:
        touched = neighbours.variants_of(there, records)["variant_id"].unique()
        changes = Changes(batch, comparison, touched, standing(decisions), level_of(there.connection))
        return regroup(there, changes, folder, in_turn, run_id=run_id, now=now)


def _prepare(there: Stored, files: Sequence[Path], records: pl.LazyFrame) -> Batch:
    members = records.select("record_id", "variant_id", "seen_date").collect()
    known = neighbours.known_variants(there, members["variant_id"])
    first = members.join(known, on="variant_id", how="anti").group_by("variant_id").agg(pl.col("record_id").min())
    return Batch(files, records, members, known, first.sort("variant_id"))


def _touched(batch: Batch, matches: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a new match reaches."""
    ends = pl.concat([matches["variant_a"], matches["variant_b"]]).unique()
    return ends.filter(~ends.is_in(batch.unseen.implode()))


def _decided(there: Stored, batch: Batch, decisions: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a decision ties to a variant of the batch."""
    if decisions.is_empty():
        return pl.Series(dtype=pl.UInt64)
    ends = pl.concat([decisions["record_id_a"], decisions["record_id_b"]])
    every = pl.concat([neighbours.variants_of(there, ends), batch.members.select("record_id", "variant_id")])
    spoken = spoken_of(decisions, every)
    incoming = batch.members["variant_id"].unique().implode()
    concerned = spoken.filter(pl.col("variant_a").is_in(incoming) | pl.col("variant_b").is_in(incoming))
    variants = pl.concat([concerned["variant_a"], concerned["variant_b"]]).unique()
    return variants.filter(~variants.is_in(batch.unseen.implode()))
