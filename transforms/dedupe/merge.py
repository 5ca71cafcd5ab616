"""Merges the records of a paper into one row, field by field.

Each field has its own preference, so that the best of every record survives. No preference looks
at the order of arrival: the same records give the same paper, whenever they came.

    title, venue ...   the value that most records carry; of equals the longest, then the first by letters
    abstract           the longest
    authors            the longest list
    published_date     the earliest
    arxiv_version      the latest of the surviving arXiv id
    code_urls          all of them
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.schema import PAPERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LENGTH: Final = pl.col("value").cast(pl.String).str.len_chars().cast(pl.Int64)
_MOST_COMMON: Final = (pl.col("records").neg(), _LENGTH.neg(), pl.col("value"))
_LONGEST: Final = (_LENGTH.neg(), pl.col("records").neg(), pl.col("value"))
_EARLIEST: Final = (pl.col("value"),)
_MOST_COMMON_EARLIEST: Final = (pl.col("records").neg(), pl.col("value"))
_PUBLISHER_FIRST: Final = (pl.col("value").str.starts_with("10.48550/"), *_MOST_COMMON)

SURVIVORS: Final[Mapping[str, Sequence[pl.Expr]]] = {
    "title": _MOST_COMMON,
    "abstract": _LONGEST,
    "venue": _MOST_COMMON,
    "volume": _MOST_COMMON,
    "number": _MOST_COMMON,
    "pages": _MOST_COMMON,
    "year": _MOST_COMMON_EARLIEST,
    "published_date": _EARLIEST,
    "doi": _PUBLISHER_FIRST,
    "arxiv_id": _MOST_COMMON,
    "pmid": _MOST_COMMON,
    "url": _MOST_COMMON,
    "title_key": _MOST_COMMON,
}
"""For each field the order in which its values are preferred, best first."""

MERGED: Final = tuple(name for name in PAPERS.names if not name.endswith(("run_id", "created_at")))
"""The columns of papers that follow from the records alone."""


def merge_papers(records: pl.DataFrame) -> pl.DataFrame:
    """Merge records (columns of schema.RECORDS and `paper_id`) into one row per `paper_id`.

    Gives the columns MERGED, sorted by paper_id.
    """
    count = pl.len().over("paper_id")
    alone = records.filter(count == 1).with_columns(
        first_seen_date="seen_date", last_seen_date="seen_date", record_count=pl.lit(1, pl.Int64)
    )
    several = records.filter(count > 1)
    merged = [alone.select(MERGED)]
    if several.height:
        merged.append(_merge_several(several).select(MERGED))
    return pl.concat(merged).sort("paper_id")


def _merge_several(records: pl.DataFrame) -> pl.DataFrame:
    papers = records.group_by("paper_id").agg(
        first_seen_date=pl.col("seen_date").min(),
        last_seen_date=pl.col("seen_date").max(),
        record_count=pl.len().cast(pl.Int64),
    )
    parts = [_survivor(records, field, preference) for field, preference in SURVIVORS.items()]
    parts += [_longest_author_list(records), _all_code_urls(records)]
    for part in parts:
        papers = papers.join(part, on="paper_id", how="left", validate="1:1")
    return papers.join(_latest_version(records, papers), on="paper_id", how="left", validate="1:1")


def _survivor(records: pl.DataFrame, field: str, preference: Sequence[pl.Expr]) -> pl.DataFrame:
    return (
        records.select("paper_id", value=field)
        .drop_nulls("value")
        .group_by("paper_id", "value")
        .agg(records=pl.len().cast(pl.Int64))
        .sort("paper_id", *preference)
        .unique("paper_id", keep="first", maintain_order=True)
        .select("paper_id", pl.col("value").alias(field))
    )


def _longest_author_list(records: pl.DataFrame) -> pl.DataFrame:
    joined = pl.col("authors").list.join("; ")
    return (
        records.select("paper_id", "authors")
        .drop_nulls("authors")
        .sort(
            "paper_id",
            pl.col("authors").list.len().cast(pl.Int64).neg(),
            joined.str.len_chars().cast(pl.Int64).neg(),
            joined,
        )
        .unique("paper_id", keep="first", maintain_order=True)
    )


def _all_code_urls(records: pl.DataFrame) -> pl.DataFrame:
    return (
        records.select("paper_id", "code_urls")
        .explode("code_urls")
        .drop_nulls("code_urls")
        .group_by("paper_id")
        .agg(pl.col("code_urls").unique().sort())
    )


def _latest_version(records: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    return (
        records.select("paper_id", "arxiv_id", "arxiv_version")
        .join(papers.select("paper_id", "arxiv_id"), on=["paper_id", "arxiv_id"], how="semi")
        .group_by("paper_id")
        .agg(pl.col("arxiv_version").max())
    )
