"""Variants: records that say exactly the same are compared once.

    records --with_variant_id--> records + variant_id --compared--> one row per variant

Most records of a lake are seen again and again unchanged. Those that agree in every compared
field share a `variant_id`, are one paper without comparison, and go through blocking and
matching as one row. Both steps look at one record at a time, so that a record gets the same
variant whenever it arrives.
"""

from __future__ import annotations

from typing import Final

import polars as pl
import polars_hash as plh

from transforms.dedupe.fold import fold

_SEPARATOR: Final = "\x1f"
"""Never part of a field: the unit separator of ASCII, folded away by normalization."""

COMPARED_FIELDS: Final = (
    "title_key",
    "abstract",
    "authors",
    "venue",
    "volume",
    "number",
    "pages",
    "year",
    "doi",
    "arxiv_id",
    "pmid",
)
"""What decides: records equal in all of these are one variant."""

_SECOND_SIGNALS: Final = ("abstract", "authors", "doi", "arxiv_id", "pmid", "pages")


def _as_text(name: str) -> pl.Expr:
    col = pl.col(name)
    text = col.list.join(_SEPARATOR, ignore_nulls=True) if name == "authors" else col.cast(pl.String)
    return text.fill_null("")


def _is_bare() -> pl.Expr:
    """True where nothing beside a title of fewer than three words identifies the paper."""
    words = pl.col("title_key").fill_null("").str.count_matches(" ") + 1
    return (words < 3) & pl.all_horizontal(_as_text(name) == "" for name in _SECOND_SIGNALS)


def with_variant_id(records: pl.LazyFrame) -> pl.LazyFrame:
    """Add `variant_id` (UInt64) to records of schema.RECORDS.

    A record too bare to be known again (a generic title and nothing else) is a variant of its own.
    """
    own = pl.when(_is_bare()).then(pl.col("record_id")).otherwise(pl.lit(""))
    whole = pl.concat_str([*(_as_text(name) for name in COMPARED_FIELDS), own], separator=_SEPARATOR * 2)
    hashed = records.with_columns(variant_id=whole)
    return hashed.with_columns(plh.col("variant_id").nchash.xxh3_64())


def compared(records: pl.DataFrame) -> pl.DataFrame:
    """One row per variant: its smallest record_id and the folded fields that matching compares."""
    kept = records.select("variant_id", "record_id", *COMPARED_FIELDS)
    first = kept.sort("variant_id", "record_id").unique("variant_id", keep="first", maintain_order=True)
    return first.with_columns(
        title_key=pl.col("title_key").fill_null(""),
        abstract_key=fold(pl.col("abstract").str.slice(0, 600)),
        author_key=fold(_as_text("authors")),
        venue_key=fold(pl.col("venue")),
    ).drop("abstract", "authors", "venue")
