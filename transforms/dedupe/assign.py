"""Gives clusters their paper ids: minted once, kept for ever, the older one survives.

A paper's id is the letter p and the record_id of the record that founded it. So an id stays with
the cluster that holds its founding record; where two ids meet in one cluster, the one that was
minted first survives and the other is redirected. Where they part again, the other returns: the
id of a cluster follows from its records and from the ids that were ever minted.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Assignment:
    """Which paper each record speaks of.

    `paper_records`: record_id, paper_id of every record given; `minted`: the ids that are new;
    `redirects`: old_paper_id, paper_id of each id, of now or before, that is not in use.
    """

    paper_records: pl.DataFrame
    minted: pl.Series
    redirects: pl.DataFrame


def assign_papers(placed: pl.DataFrame, ages: pl.DataFrame) -> Assignment:
    """Assign a paper to each record.

    `placed`: record_id, seen_date, cluster; `ages`: paper_id, created_at of every id that was ever minted for
    one of the records, in use or redirected.
    Which of the new records founds a paper follows from their dates and ids, not from their order.
    """
    claims = _claims(placed, ages)
    survivors = claims.unique("cluster", keep="first", maintain_order=True).select("cluster", "paper_id")
    minted = _minted(placed, survivors)
    owners = pl.concat([survivors, minted])
    redirects = (
        claims.select("cluster", old_paper_id="paper_id")
        .join(owners, on="cluster", validate="m:1")
        .filter(pl.col("old_paper_id") != pl.col("paper_id"))
        .select("old_paper_id", "paper_id")
    )
    paper_records = placed.join(owners, on="cluster", validate="m:1").select("record_id", "paper_id")
    return Assignment(paper_records.sort("record_id"), minted["paper_id"].sort(), redirects.sort("old_paper_id"))


def _claims(placed: pl.DataFrame, ages: pl.DataFrame) -> pl.DataFrame:
    """List the ids whose founding record lies in a cluster, the oldest first."""
    return (
        placed.select("cluster", paper_id=pl.lit("p") + pl.col("record_id"))
        .join(ages, on="paper_id", validate="1:1")
        .sort("cluster", "created_at", "paper_id")
    )


def _minted(placed: pl.DataFrame, survivors: pl.DataFrame) -> pl.DataFrame:
    return (
        placed.join(survivors, on="cluster", how="anti")
        .sort("cluster", "seen_date", "record_id")
        .unique("cluster", keep="first", maintain_order=True)
        .select("cluster", paper_id=pl.lit("p") + pl.col("record_id"))
    )
