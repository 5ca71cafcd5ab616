"""Authors as the comparison sees them, whatever order, separators and initials a source uses.

Names are not cut into family and given: sources disagree on where to cut ("Adeli K.Lewis G. F.",
"m kearns , l pitt", "Kearns, Michael and Pitt, Leonard"). Each list of authors becomes

    words    family names and given names that are spelled out, in their order
    letters  how often each letter begins a name, initials included

so that "Michael J. Kearns" agrees with "Kearns MJ" in every word of the shorter form and in all
of its letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from transforms.dedupe.fold import fold
from transforms.rows import only_where

if TYPE_CHECKING:
    import numpy.typing as npt

_PARTICLES: Final = (
    "and et al others the de del della der den des di da do dos du el la le ten ter van von vom zu zur bin ibn al "
    "jr sr md phd msc prof dr eds ed editor editors"
)
"""Written or left out at will, and so never evidence."""

_SHORT_NAMES: Final = (
    "ai an ao ba bo cao do du fu ge gu ha he ho hu ji ke ko le li lu lv ma mo mu na ng ni oh ou qi qu ro su ta to tu "
    "vo vu wu xi xu ya ye yi yo yu"
)
"""Family names of two letters; any other word of two letters is taken as two initials ("ja bargh")."""

_ALTERNATIVES: Final = _PARTICLES.replace(" ", "|")
_ALTERNATIVES_OF_TWO: Final = _SHORT_NAMES.replace(" ", "|")
_SHORT_WORD: Final = r"\b\p{L}{1,2}\b"


def author_key(authors: pl.Expr) -> pl.Expr:
    """Fold a list of names into words and single initials, in their order; "" where missing."""
    text = authors.list.join(" , ", ignore_nulls=True).fill_null("")
    # Without lower case anywhere, capitals do not tell initials from names.
    split = (
        text.str.replace_all("['\u2019`]", "")
        .str.replace_all(r"\b([A-Z])([A-Z])([A-Z])\b", "$1 $2 $3")
        .str.replace_all(r"\b([A-Z])([A-Z])\b", "$1 $2")
    )
    folded = fold(pl.when(text.str.contains(r"\p{Ll}")).then(split).otherwise(text))
    return (
        folded.str.replace_all(rf"\b(?:{_ALTERNATIVES}|\d+)\b", "").str.replace_all(" {2,}", " ").str.strip_chars(" ")
    )


def author_words(keys: pl.Series) -> pl.Series:
    """Give the words of author keys, initials left out."""
    words = only_where(pl.col("key"), lambda key: key.str.contains(_SHORT_WORD), _without_initials)
    return keys.alias("key").to_frame().select(words).to_series()


def _without_initials(keys: pl.Expr) -> pl.Expr:
    marked = keys.str.replace_all(rf"\b({_ALTERNATIVES_OF_TWO})\b", "_${1}_")
    bare = marked.str.replace_all(_SHORT_WORD, "").str.replace_all("_", "", literal=True)
    return bare.str.replace_all(" {2,}", " ").str.strip_chars()


def author_letters(keys: pl.Series) -> npt.NDArray[np.uint8]:
    """Count the first letters a to z of all names and initials: one row of 26 counts per key."""
    marked = keys.str.replace_all(rf"\b({_ALTERNATIVES_OF_TWO})\b", "_${1}")
    # What is left of two letters is two initials.
    split = marked.str.replace_all(r"\b([a-z])([a-z])\b", "$1 $2").str.replace_all("_", "")
    lists = split.replace("", None).str.split(" ")
    owner = np.repeat(np.arange(len(keys)), lists.list.len().fill_null(0).to_numpy())
    first = lists.drop_nulls().explode().str.head(1)
    number = first.replace_strict({chr(97 + i): i for i in range(26)}, default=26, return_dtype=pl.Int64).to_numpy()
    counts = np.bincount(owner * 27 + number, minlength=len(keys) * 27).reshape(-1, 27)[:, :26]
    return np.minimum(counts, 255).astype(np.uint8)
