"""Regroups what a batch or a decision touches, and prepares every row that this changes.

    changes + neighbourhood --cluster--> groups --assign--> papers --merge--> rows to publish

All records that matches tie to what changed are clustered anew, under everything that people
decided. So the grouping is that of one run over all records, whatever came first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.dedupe.assign import Assignment, assign_papers
from transforms.dedupe.evidence import is_match, matched_rows, repeated_rows, turned_rows
from transforms.dedupe.merge import merge_papers
from transforms.dedupe.nodes import cluster_records
from transforms.schema import PAPER_REDIRECTS, PAPERS
from warehouse import neighbours
from warehouse.durable import write_whole

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from transforms.dedupe.parts import Each
    from transforms.dedupe.weights import Level
    from warehouse.neighbours import Neighbourhood, Stored

MERGED_AT_ONCE: Final = 100_000
"""Papers that are merged in one go: to merge a million takes a gigabyte more."""


@dataclass(frozen=True)
class Part:
    """What one part of a batch adds: files of its records, and the rows that follow, by the name of their change.

    All are Parquet; `records` may hold records of dumps that are held back too.
    """

    records: Sequence[Path]
    changes: Mapping[str, Sequence[Path]]

    @property
    def screens(self) -> Sequence[Path]:
        """The files of what screens its variants, where there are many of them."""
        return self.changes.get("screens", ())


@dataclass(frozen=True)
class Resolution:
    """Where the rows to publish lie, part by part in the order of publishing, and what was decided, in numbers."""

    parts: tuple[Part, ...]
    new_papers: int
    known_papers: int
    merged_papers: int
    pairs_compared: int
    pairs_not_compared: int


@dataclass(frozen=True)
class Batch:
    """The new records, the files that hold them, and which of their variants the lake holds already."""

    files: Sequence[Path]
    records: pl.LazyFrame
    members: pl.DataFrame  # record_id, variant_id, seen_date of each new record
    known: pl.DataFrame  # variant_id, record_id, paper_id of each of their variants that the lake holds
    first: pl.DataFrame  # variant_id, record_id: the record that stands for each unseen variant

    @property
    def unseen(self) -> pl.Series:
        """Variants that the lake has not met."""
        return self.first["variant_id"]


@dataclass
class Comparison:
    """What came of comparing the unseen variants with each other and with the lake."""

    variants: pl.DataFrame
    keys: pl.DataFrame
    alike: pl.DataFrame  # of MATCH_SCHEMA: matches, and the pairs that nearly are
    pairs_compared: int
    pairs_not_compared: int
    screens: pl.DataFrame  # what screens each variant, for the index, where there are many

    @property
    def matches(self) -> pl.DataFrame:
        """The pairs that match."""
        return self.alike.filter(is_match())

    def let_go(self) -> None:
        """Let go of what is needed no longer when the variants are clustered, and the keys written: most of it."""
        self.variants = self.variants.select("variant_id", "record_id")
        self.keys, self.screens = self.keys.clear(), self.screens.clear()


@dataclass(frozen=True)
class Changes:
    """What may regroup records: a batch, what it matches, the variants of the lake it touches, every decision that stands."""

    batch: Batch
    comparison: Comparison
    touched: pl.Series
    decisions: pl.DataFrame
    level: Level


def regroup(there: Stored, changes: Changes, folder: Path, each: Each, *, run_id: str, now: dt.datetime) -> Resolution:
    """Group anew what the changes touch; write the rows that follow into `folder`, Parquet files for each change.

    Nothing is written where nothing changes.
    """
    batch, comparison = changes.batch, changes.comparison
    ties = changes.decisions.filter(pl.col("verdict") == "same")
    around = neighbours.neighbourhood(there, changes.touched, ties)
    members = _members(batch, around)
    placed = _cluster(there, changes, around, members)
    written = _written({"variant_keys": comparison.keys, "screens": comparison.screens}, folder, each)
    comparison.let_go()
    ids = neighbours.minted(there.connection, "p" + around.members["record_id"])
    assignment = _assign(batch, around, members.join(placed, on="record_id", validate="1:1"), ids)
    records = _to_merge(there, batch, assignment)
    papers = records["paper_id"].unique()
    ids = pl.concat([ids, neighbours.minted(there.connection, _unasked(papers, assignment, around))]).unique("paper_id")
    redirects = _redirects(assignment.redirects, ids, run_id, now)
    joined = redirects.join(_in_use(ids), left_on="old_paper_id", right_on="paper_id", how="semi")
    known = _in_use(ids).filter(pl.col("paper_id").is_in(papers.implode()))
    rows_of = {
        "matches": _evidence(batch, comparison, placed).with_columns(run_id=pl.lit(run_id)),
        "turned_matches": turned_rows(around.edges, placed),
        "paper_records": assignment.paper_records,
        "paper_redirects": redirects,
        "replaced_papers": pl.concat([known.select("paper_id"), joined.select(paper_id="old_paper_id")]),
        "moved_records": assignment.paper_records.join(batch.members, on="record_id", how="anti"),
        "moved_redirects": _led_elsewhere(ids, papers, redirects),
    }
    written |= _written(rows_of, folder, each)
    if records.height:
        written["papers"] = _merged(records, lambda merged: _dated(merged, ids, run_id, now), folder, each)
    return Resolution(
        (Part(batch.files, written),),
        new_papers=assignment.minted.len(),
        known_papers=known.height,
        merged_papers=joined.height,
        pairs_compared=comparison.pairs_compared,
        pairs_not_compared=comparison.pairs_not_compared,
    )


def _unasked(papers: pl.Series, assignment: Assignment, around: Neighbourhood) -> pl.Series:
    """List the ids of papers that may have been minted before and were not asked for yet."""
    asked = pl.concat(["p" + around.members["record_id"], assignment.minted])
    return papers.filter(~papers.is_in(asked.implode()))


def _in_use(ids: pl.DataFrame) -> pl.DataFrame:
    return ids.filter(pl.col("redirected_to").is_null())


def _led_elsewhere(ids: pl.DataFrame, papers: pl.Series, redirects: pl.DataFrame) -> pl.DataFrame:
    """List the redirects of the lake that lead to another paper now, or whose paper returned: old_paper_id."""
    changed = pl.concat([papers, redirects["old_paper_id"]]).implode()
    redirected = ids.filter(pl.col("redirected_to").is_not_null(), pl.col("paper_id").is_in(changed))
    return redirected.select(old_paper_id="paper_id")


def _written(changes: Mapping[str, pl.DataFrame], folder: Path, each: Each) -> dict[str, list[Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: [folder / f"{name}.parquet"] for name, rows in changes.items() if rows.height}
    list(each(lambda name: write_whole(changes[name], *files[name]), files))
    return files


def _members(batch: Batch, around: Neighbourhood) -> pl.DataFrame:
    """List every record whose paper is made anew: record_id, variant_id, seen_date."""
    now_there = around.members.select(batch.members.columns)
    grouped = pl.concat([batch.unseen, now_there["variant_id"]]).unique().implode()
    return pl.concat([batch.members.filter(pl.col("variant_id").is_in(grouped)), now_there])


def _cluster(there: Stored, changes: Changes, around: Neighbourhood, members: pl.DataFrame) -> pl.DataFrame:
    """Cluster the unseen variants together with the neighbourhood: record_id, cluster."""
    found = changes.comparison
    missing = around.members["variant_id"].unique()
    missing = missing.filter(~missing.is_in(found.variants["variant_id"].implode()))
    variants = pl.concat([found.variants, neighbours.compared_of(there, missing)])
    matches = pl.concat([found.matches.select("variant_a", "variant_b", "probability"), _stored_matches(around)])
    return cluster_records(members, variants, matches, changes.decisions, level=changes.level)


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


def _assign(batch: Batch, around: Neighbourhood, placed: pl.DataFrame, ids: pl.DataFrame) -> Assignment:
    """Assign papers to the new records, and to the records of the neighbourhood that move."""
    decided = assign_papers(placed, ids)
    settled = (
        batch.members.join(placed, on="record_id", how="anti")
        .join(batch.known.select("variant_id", "paper_id"), on="variant_id", validate="m:1")
        .select("record_id", "paper_id")
    )
    stays = around.members.select("record_id", "paper_id")
    moved = decided.paper_records.join(stays, on=["record_id", "paper_id"], how="anti")
    return Assignment(pl.concat([moved, settled]).sort("record_id"), decided.minted, decided.redirects)


def _to_merge(there: Stored, batch: Batch, assignment: Assignment) -> pl.DataFrame:
    """Gather the records of each paper that gained or lost one, whole, each with its paper_id."""
    new = batch.records.collect()
    # The ids alone: to join whole records would hold all of them twice.
    spoken_of = new.select("record_id").join(
        assignment.paper_records, on="record_id", how="left", validate="1:1", maintain_order="left"
    )
    new = new.with_columns(spoken_of["paper_id"])
    if new.height != batch.members.height or spoken_of["paper_id"].has_nulls():
        raise AssertionError(f"{batch.members.height} records came in, {spoken_of['paper_id'].count()} have a paper")
    placed = assignment.paper_records.join(batch.members, on="record_id", how="anti")
    losing = neighbours.papers_of_records(there, placed["record_id"])
    changed = pl.concat([assignment.paper_records["paper_id"], losing]).unique()
    stored = neighbours.records_of_papers(there, changed)
    moved = assignment.paper_records.rename({"paper_id": "moved_to"})
    stored = stored.join(moved, on="record_id", how="left", validate="1:1").with_columns(
        paper_id=pl.coalesce("moved_to", "paper_id")
    )
    return pl.concat([new, stored.select(new.columns)])


def _merged(
    records: pl.DataFrame, dated: Callable[[pl.DataFrame], pl.DataFrame], folder: Path, each: Each
) -> list[Path]:
    """Merge records into papers and write them, sorted by paper_id, a bounded number to a file."""
    rows = records.select("paper_id", row=pl.int_range(pl.len())).sort("paper_id")
    part = pl.col("paper_id").rank("dense") // MERGED_AT_ONCE
    parts = rows.with_columns(part=part).partition_by("part", maintain_order=True)
    files = [folder / f"papers-{number:06d}.parquet" for number in range(len(parts))]

    def merge(number: int) -> None:
        write_whole(dated(merge_papers(records[parts[number]["row"]])), files[number])

    list(each(merge, range(len(parts))))
    return files


def _dated(merged: pl.DataFrame, ids: pl.DataFrame, run_id: str, now: dt.datetime) -> pl.DataFrame:
    """Complete the merged papers: who minted them and when, who changed them last."""
    return (
        merged.join(ids, on="paper_id", how="left", validate="1:1")
        .with_columns(
            run_id=pl.coalesce("run_id", pl.lit(run_id)),
            created_at=pl.coalesce("created_at", pl.lit(now)),
            updated_run_id=pl.lit(run_id),
        )
        .select(PAPERS.names)
    )


def _redirects(unused: pl.DataFrame, ids: pl.DataFrame, run_id: str, now: dt.datetime) -> pl.DataFrame:
    """Make the rows of the ids that lead elsewhere than before, in the shape of PAPER_REDIRECTS."""
    return (
        unused.join(ids, left_on="old_paper_id", right_on="paper_id", validate="1:1")
        .filter(pl.col("paper_id").ne_missing(pl.col("redirected_to")))
        .with_columns(old_run_id="run_id", old_created_at="created_at")
        .with_columns(
            run_id=pl.coalesce("redirect_run_id", pl.lit(run_id)),
            redirected_at=pl.coalesce("redirected_at", pl.lit(now)),
        )
        .select(PAPER_REDIRECTS.names)
    )


def _evidence(batch: Batch, comparison: Comparison, placed: pl.DataFrame) -> pl.DataFrame:
    """List the pairs that matched now or nearly did, and each new record with the one that it repeats."""
    first = pl.concat([batch.first.select("variant_id", "record_id"), batch.known.select("variant_id", "record_id")])
    matched = matched_rows(comparison.alike, comparison.variants, placed)
    return pl.concat([matched, repeated_rows(batch.members, first, placed)])
