"""Text without case, accents and punctuation, as the comparisons see it.

Lighter than the published `title_key`: the fields folded here are compared, never stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.rows import only_where

if TYPE_CHECKING:
    import polars as pl


def fold(col: pl.Expr) -> pl.Expr:
    """Lower-case letters and digits of any script, one space between words, no accents; "" where missing."""
    lower = only_where(
        col.fill_null("").str.to_lowercase(),
        lambda text: text.str.len_bytes() != text.str.len_chars(),
        lambda text: text.str.normalize("NFKD").str.replace_all(r"\p{M}", ""),
    )
    # Spaces apart from the rest: a third of the time of both in one pattern.
    bare = lower.str.replace_all(r"[^\p{L}\p{N} ]+", " ").str.replace_all(" {2,}", " ")
    return bare.str.strip_chars(" ")
