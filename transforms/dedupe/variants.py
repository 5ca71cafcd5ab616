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

from transforms.dedupe.authors import author_key, author_words
from transforms.dedupe.fold import fold
from transforms.dedupe.parts import Each, in_turn, parts_of
from transforms.dedupe.places import first_number, first_page, last_page, venue_key, venue_kind
from transforms.dedupe.titles import is_generic
from transforms.rows import once_each
from transforms.schema import RECORDS
from transforms.text import text_words

_SEPARATOR: Final = "\x1f"
"""Never part of a field: the unit separator of ASCII, folded away by normalization."""

COMPARED_FIELDS: Final = (
    "title",
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

ABSTRACT_CHARS: Final = 400
"""Characters of an abstract that are compared: enough to know it by, and a bound on memory."""

_PART: Final = 1 << 16
"""Variants whose fields are folded in one go."""

_ARXIV_DOI: Final = r"^10\.48550/arxiv\.(\S+?)(?:v\d+)?$"

_SECOND_SIGNALS: Final = ("abstract", "authors", "doi", "arxiv_id", "pmid", "pages")
"""What tells two papers of one generic title apart."""


_TITLE_WORDS: Final = "_words_of_title"


def _title_words() -> pl.Expr:
    return text_words(pl.col("title")).fill_null("")


def _as_text(name: str) -> pl.Expr:
    if name == "title":
        return pl.col(_TITLE_WORDS)
    col = pl.col(name)
    text = col.list.join(_SEPARATOR, ignore_nulls=True) if name == "authors" else col.cast(pl.String)
    return text.fill_null("")


def _is_bare() -> pl.Expr:
    generic = is_generic(pl.col(_TITLE_WORDS))
    return generic & pl.all_horizontal(_as_text(name) == "" for name in _SECOND_SIGNALS)


def with_variant_id(records: pl.LazyFrame, title_words: pl.Expr | None = None) -> pl.LazyFrame:
    """Add `variant_id` (UInt64) to records of schema.RECORDS; `title_words` gives what `text_words` made of the title.

    A record too bare to be known again (a generic title and nothing else) is a variant of its own.
    """
    own = pl.when(_is_bare()).then(pl.col("record_id")).otherwise(pl.lit(""))
    whole = pl.concat_str([*(_as_text(name) for name in COMPARED_FIELDS), own], separator=_SEPARATOR * 2)
    words = _title_words() if title_words is None else title_words.fill_null("")
    return (
        records.with_columns(words.alias(_TITLE_WORDS))
        .with_columns(variant_id=whole)
        .drop(_TITLE_WORDS)
        .with_columns(plh.col("variant_id").nchash.xxh3_64())
    )


def _as_compared() -> tuple[pl.Expr, ...]:
    return (
        _title_words().alias("title_words"),
        fold(pl.col("abstract").str.slice(0, ABSTRACT_CHARS)).alias("abstract_key"),
        author_key(pl.col("authors")).alias("author_key"),
        once_each(pl.col("venue"), venue_key).alias("venue_key"),
        once_each(pl.col("venue"), venue_kind).alias("venue_kind"),
        once_each(pl.col("volume"), first_number).alias("volume"),
        once_each(pl.col("number"), first_number).alias("number"),
        first_page(pl.col("pages")).alias("first_page"),
        last_page(pl.col("pages")).alias("last_page"),
        pl.col("year"),
        pl.col("doi"),
        pl.col("arxiv_id").fill_null(pl.col("doi").str.extract(_ARXIV_DOI)).alias("arxiv_id"),
        pl.col("pmid"),
    )


def compared(records: pl.DataFrame, each: Each = in_turn) -> pl.DataFrame:
    """One row per variant, sorted: its smallest record_id and the folded fields that matching compares."""
    kept = records.select("variant_id", "record_id", *COMPARED_FIELDS)
    # The ids alone: to sort whole records takes longer, and holds all of them twice.
    ids = kept.select("variant_id", "record_id", row=pl.int_range(pl.len()))
    first = ids.sort("variant_id", "record_id").unique("variant_id", keep="first", maintain_order=True).select("row")
    return pl.concat(each(lambda part: _folded(kept[part["row"]]), parts_of(first, _PART)))


def with_nothing_else(records: pl.DataFrame) -> pl.DataFrame:
    """Complete records of which some fields alone are asked for `compared`: the others are missing."""
    missing = [name for name in ("record_id", *COMPARED_FIELDS) if name not in records.columns]
    return records.with_columns(pl.lit(None, RECORDS.polars_schema[name]).alias(name) for name in missing)


def _folded(records: pl.DataFrame) -> pl.DataFrame:
    folded = records.select("variant_id", "record_id", *_as_compared())
    return folded.with_columns(author_words(folded["author_key"]).alias("author_names"))
