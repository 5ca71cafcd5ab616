"""Profiles: what is worked out once per variant, however many pairs it is in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from transforms.dedupe.authors import author_letters
from transforms.dedupe.pairing import Places
from transforms.dedupe.rarity import Words, words_of
from transforms.dedupe.titles import is_generic, notice, title_numbers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.int64]
    Texts = npt.NDArray[np.object_]


def _texts(values: pl.Series) -> Texts:
    return values.fill_null("").to_numpy().astype(object)


class Profiles:
    """A frame of `compared` with everything the comparisons derive from it, each on first use."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._codes: dict[str, npt.NDArray[np.uint32]] = {}
        self._texts: dict[str, Texts] = {}

    def texts(self, name: str) -> Texts:
        """Give a column as an array of strings, "" where missing."""
        if name not in self._texts:
            self._texts[name] = _texts(self.frame[name])
        return self._texts[name]

    def codes(self, name: str) -> npt.NDArray[np.uint32]:
        """Give a column as numbers that are equal where its values are; 0 where missing."""
        if name not in self._codes:
            values = self.frame[name].cast(pl.String).replace("", None)
            self._codes[name] = values.rank("dense").fill_null(0).to_numpy()
        return self._codes[name]

    def derived(self, rule: pl.Expr) -> pl.Series:
        """Work out a rule over the whole frame."""
        return self.frame.select(rule.alias("derived"))["derived"]

    def sides(self, pairs: pl.DataFrame) -> Sides:
        """Find the rows of pairs (variant_a, variant_b); the frame is sorted by variant_id and holds them all."""
        places = Places(self.frame["variant_id"].to_numpy())
        return Sides(self, *(places.of(pairs[name].to_numpy()) for name in ("variant_a", "variant_b")))

    @cached_property
    def compact_titles(self) -> Texts:
        """Titles without spaces: sources disagree on where words end."""
        return _texts(self.derived(pl.col("title_words").str.replace_all(" ", "", literal=True)))

    @cached_property
    def title_words(self) -> Words:
        """Words of the titles."""
        return words_of(self.frame["title_words"])

    @cached_property
    def numbers(self) -> Words:
        """Numbers of the titles."""
        return words_of(self.derived(title_numbers(pl.col("title_words"))))

    @cached_property
    def notices(self) -> npt.NDArray[np.uint32]:
        """Kinds of notice that the titles announce, numbered."""
        return self.derived(notice(pl.col("title_words"))).rank("dense").to_numpy()

    @cached_property
    def is_generic(self) -> npt.NDArray[np.bool_]:
        """Whether each title is generic."""
        return self.derived(is_generic(pl.col("title_words"))).to_numpy()

    @cached_property
    def name_words(self) -> Words:
        """Words of the authors as ids."""
        return words_of(self.frame["author_names"])

    @cached_property
    def lead_words(self) -> Words:
        """The first two words of the authors: one of them is the first author's family name."""
        return words_of(self.frame["author_names"].str.extract(r"^(\S+(?: \S+)?)").fill_null(""))

    @cached_property
    def letters(self) -> npt.NDArray[np.uint8]:
        """First letters of the authors' names, counted."""
        return author_letters(self.frame["author_key"])


@dataclass(frozen=True)
class Sides:
    """Pairs of variants: `a` and `b` are rows of the profiles."""

    profiles: Profiles
    a: Rows
    b: Rows

    def some(self, chosen: Rows | slice) -> Sides:
        """Keep some of the pairs."""
        return Sides(self.profiles, self.a[chosen], self.b[chosen])


def sides_of(variants: pl.DataFrame, pairs: pl.DataFrame) -> Sides:
    """Find the variants of pairs (variant_a, variant_b) and profile those that are in one."""
    wanted = pl.concat([pairs["variant_a"], pairs["variant_b"]]).unique()
    kept = variants.filter(pl.col("variant_id").is_in(wanted.implode())).sort("variant_id")
    return Profiles(kept).sides(pairs)
