"""Decides which papers the new records speak of, and prepares every row that this changes.

    kept records --variants--> new variants --keys--> pairs with each other and with the lake
                 --match--> matches --cluster--> groups --assign--> papers --merge--> rows to publish

Works on what is new and on the part of the lake that it touches; writes Parquet files that
`warehouse.publish` puts into the lake in one transaction. The caller holds the writer's lock.
A decision of a person is resolved the same way, as a batch without records.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.match import MATCH_SCHEMA, match_pairs, promising_pairs
from transforms.dedupe.nodes import spoken_of
from transforms.dedupe.screen import Screen, screen_again, screen_numbers
from transforms.dedupe.variants import ABSTRACT_CHARS, COMPARED_FIELDS, compared, with_nothing_else
from transforms.dedupe.verdicts import standing
from transforms.dedupe.weights import WEIGHTS
from transforms.schema import RECORDS, VARIANT_KEYS
from warehouse import neighbours
from warehouse.index_making import kept_screens
from warehouse.neighbours import Stored, stored
from warehouse.regroup import Batch, Changes, Comparison, Resolution, regroup
from warehouse.settings import level_of
from warehouse.workers import side_by_side

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from transforms.dedupe.parts import Each
    from transforms.dedupe.weights import Level
    from warehouse.lake import Lake

    Numbers = npt.NDArray[np.uint64]

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
    with side_by_side() as each:
        comparison = _compare(there, batch, level, each)
    decisions = standing(neighbours.decisions(there.connection))
    touched = pl.concat([_touched(batch, comparison.matches), _decided(there, batch, decisions)]).unique()
    changes = Changes(batch, comparison, touched, decisions, level)
    return regroup(there, changes, folder, run_id=run_id, now=now)


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
        return regroup(there, changes, folder, run_id=run_id, now=now)


def _prepare(there: Stored, files: Sequence[Path], records: pl.LazyFrame) -> Batch:
    members = records.select("record_id", "variant_id", "seen_date").collect()
    known = neighbours.known_variants(there, members["variant_id"])
    first = members.join(known, on="variant_id", how="anti").group_by("variant_id").agg(pl.col("record_id").min())
    return Batch(files, records, members, known, first.sort("variant_id"))


def _compare(there: Stored, batch: Batch, level: Level, each: Each) -> Comparison:
    """Match the unseen variants with each other and with what the lake holds under the same keys."""
    variants = compared(_firsts(batch), each)
    keys = blocking_keys(variants, each)
    stored_keys = neighbours.shared_keys(there, keys)
    candidates = candidate_pairs(pl.concat([keys.select(stored_keys.columns), stored_keys]), batch.unseen)
    fresh = _Screened(variants, screen_numbers(variants, each))
    match = partial(match_pairs, level=level, least=WEIGHTS.doubt_probability, each=each)
    if stored_keys.is_empty():  # then no pair has a side in the lake, and to look for one takes seconds of a million
        alike, met = match(variants, candidates.pairs, screen=screen_again(fresh.ids, fresh.numbers)), variants.clear()
    else:
        pairs = _worth_reading(there, fresh, candidates.pairs)
        alike, met = _matched(there, fresh, pairs, match, each)
    known = pl.concat([variants, met]).sort("variant_id")
    screens = kept_screens(fresh.ids, fresh.numbers)
    return Comparison(known, keys, alike, candidates.pairs.height, candidates.not_compared, screens)


@dataclass(frozen=True)
class _Screened:
    """Variants of `compared`, sorted by their ids, and what screens each of them."""

    variants: pl.DataFrame
    numbers: Numbers

    @property
    def ids(self) -> Numbers:
        return self.variants["variant_id"].to_numpy()

    def those_in(self, pairs: pl.DataFrame) -> _Screened:
        """Keep the variants that are in a pair."""
        kept = self.variants["variant_id"].is_in(pl.concat([pairs["variant_a"], pairs["variant_b"]]).implode())
        return _Screened(self.variants.filter(kept), self.numbers[kept.to_numpy()])


def _matched(
    there: Stored, fresh: _Screened, pairs: pl.DataFrame, match: Callable[..., pl.DataFrame], each: Each
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Match fresh variants with each other and with those of the lake; give the matches, and those of the lake in one.

    The variants of the lake come a bounded number at a time, however many there are.
    """
    wanted = _ends(pairs, fresh.variants["variant_id"])
    rest = pairs.filter(~_reaches(wanted))
    alike, met = [MATCH_SCHEMA.to_frame()], [fresh.variants.clear()]
    for records in neighbours.partners(there, wanted):
        partners = compared(records, each)
        others = _Screened(partners, screen_numbers(partners, each))
        some = pl.concat([rest, pairs.filter(_reaches(partners["variant_id"]))])
        own = fresh if rest.height else fresh.those_in(some)
        variants = pl.concat([own.variants, partners]).sort("variant_id")
        alike.append(match(variants, some, screen=_screen_of_both(own, others.ids, others.numbers)))
        met.append(others.those_in(alike[-1]).variants)
        rest = rest.clear()
    smallest = pl.concat(met).sort("variant_id", "record_id").unique("variant_id", keep="first")
    return pl.concat(alike).unique(["variant_a", "variant_b"], maintain_order=True), smallest


def _reaches(variants: pl.Series) -> pl.Expr:
    """Whether a side of each pair is one of these variants."""
    return pl.any_horizontal(pl.col("variant_a", "variant_b").is_in(variants.implode()))


def _worth_reading(there: Stored, fresh: _Screened, pairs: pl.DataFrame) -> pl.DataFrame:
    """Leave out the pairs that the index of the lake rules out; what it does not know of is to be read.

    First by a few numbers of each variant, then by titles and names.
    """
    unseen = fresh.variants["variant_id"]
    ids, numbers = there.index.screens(_ends(pairs, unseen))
    if not len(ids):
        return pairs
    screen = _screen_of_both(fresh, ids, numbers)
    screened, unknown = _parted(pairs.with_row_index("place"), screen)
    likely = screened.filter(pl.Series(screen.may_match(screened), dtype=pl.Boolean))
    titles = there.index.titles(_ends(likely, unseen))
    if titles.height:
        variants = pl.concat([fresh.variants, compared(with_nothing_else(titles))])
        found = np.isin(ids, variants["variant_id"].to_numpy())
        screen = _screen_of_both(fresh, ids[found], numbers[found])
        titled, untitled = _parted(likely, screen)
        likely = pl.concat([promising_pairs(variants, screen, titled), untitled])
    return pl.concat([likely, unknown]).sort("place").drop("place")


def _parted(pairs: pl.DataFrame, screen: Screen) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the pairs of which both sides are in the screen from the others."""
    ids = pl.Series(screen.ids).implode()
    both = pl.col("variant_a").is_in(ids) & pl.col("variant_b").is_in(ids)
    return pairs.filter(both), pairs.filter(~both)


def _screen_of_both(some: _Screened, ids: Numbers, numbers: Numbers) -> Screen:
    """Make the screen of variants and of more of them."""
    every = np.concatenate([some.ids, ids])
    order = np.argsort(every)
    return screen_again(every[order], np.concatenate([some.numbers, numbers])[order])


def _firsts(batch: Batch) -> pl.DataFrame:
    """Read the record that stands for each unseen variant, of its abstract as much as is compared."""
    columns = ("record_id", "variant_id", *COMPARED_FIELDS)
    records = batch.records.select(columns).with_columns(pl.col("abstract").str.head(ABSTRACT_CHARS))
    return records.join(batch.first.lazy(), on="record_id", how="semi").collect()


def _touched(batch: Batch, matches: pl.DataFrame) -> pl.Series:
    """Variants of the lake that a new match reaches."""
    return _ends(matches, batch.unseen)


def _ends(pairs: pl.DataFrame, unseen: pl.Series) -> pl.Series:
    """List the variants of pairs that the lake holds."""
    ends = pl.concat([pairs["variant_a"], pairs["variant_b"]]).unique()
    return ends.filter(~ends.is_in(unseen.implode()))


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
