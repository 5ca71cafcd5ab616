"""Block: which variants are worth comparing.

Every variant gets a dozen keys, each a pure function of its own fields; two variants that share
a key are a candidate pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import polars_hash as plh

FAMILIES: Final = ("title", "doi", "arxiv_id", "pmid", "abstract", "title_prefix")
"""Names of the families of keys; `family` is the place in this tuple."""

_MAX_BLOCK: Final = 200


@dataclass(frozen=True)
class Candidates:
    """Pairs to compare (`variant_a` < `variant_b`, UInt64), and how many pairs were left out."""

    pairs: pl.DataFrame
    not_compared: int


def _family(variants: pl.LazyFrame, number: int, text: pl.Expr) -> pl.LazyFrame:
    salted = variants.select("variant_id", key=text).filter(pl.col("key") != "")
    keyed = salted.with_columns(key=pl.concat_str(pl.lit(f"{number}:"), "key"))
    return keyed.select(plh.col("key").nchash.xxh3_64(), pl.lit(number, pl.Int32).alias("family"), pl.col("variant_id"))


def blocking_keys(variants: pl.DataFrame) -> pl.DataFrame:
    """Give the keys of each variant: `key` UInt64, `family` Int32, `variant_id` UInt64."""
    title = pl.col("title_key")
    texts = {
        "title": title,
        "doi": pl.col("doi").fill_null(""),
        "arxiv_id": pl.col("arxiv_id").fill_null(""),
        "pmid": pl.col("pmid").fill_null(""),
        "abstract": pl.col("abstract_key").str.slice(0, 80),
        "title_prefix": pl.when(title.str.len_chars() >= 30).then(title.str.slice(0, 25)).otherwise(pl.lit("")),
    }
    lazy = variants.lazy()
    return pl.concat([_family(lazy, FAMILIES.index(name), text) for name, text in texts.items()]).collect()


def candidate_pairs(keys: pl.DataFrame, fresh: pl.Series) -> Candidates:
    """Pairs of variants that share a key, at least one of them in `fresh` (variant ids)."""
    sizes = keys.group_by("key").agg(size=pl.len())
    large = sizes.filter(pl.col("size") > _MAX_BLOCK)
    small = keys.join(sizes.filter((pl.col("size") > 1) & (pl.col("size") <= _MAX_BLOCK)).select("key"), on="key")
    left = small.filter(pl.col("variant_id").is_in(fresh.unique().implode()))
    joined = left.join(small, on="key", suffix="_b").filter(pl.col("variant_id") != pl.col("variant_id_b"))
    pairs = joined.select(
        variant_a=pl.min_horizontal("variant_id", "variant_id_b"),
        variant_b=pl.max_horizontal("variant_id", "variant_id_b"),
    ).unique()
    left_out = large["size"].cast(pl.Int64).to_numpy()
    return Candidates(pairs.sort("variant_a", "variant_b"), int(np.sum(left_out * (left_out - 1) // 2)))
