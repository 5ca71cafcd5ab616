"""How rare the words of titles are, by a static table.

Rarity must not depend on the corpus at hand: two records are compared when they meet, whatever
else has arrived by then. The table holds words by how many of the distinct titles of our
training sets have them (facts counted by benchmarks/train_match_model.py); a word that is not
there is as rare as can be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import polars_hash as plh

if TYPE_CHECKING:
    import numpy.typing as npt

RAREST: Final = 15
"""Weight of a word that the table does not know; weights are bits of surprise, 0 to 15."""

WEIGHT_MASK: Final = np.uint64(15)
"""The bits of a word's id that hold its weight."""


@dataclass(frozen=True)
class Words:
    """Words of many texts in one flat array: those of text i are `ids[offsets[i] : offsets[i + 1]]`.

    An id is 60 bits of the word's hash and 4 bits of its weight.
    """

    offsets: npt.NDArray[np.int64]
    ids: npt.NDArray[np.uint64]

    @property
    def weights(self) -> npt.NDArray[np.uint8]:
        """Weight of each word, 0 to 15."""
        return (self.ids & WEIGHT_MASK).astype(np.uint8)

    @property
    def owners(self) -> npt.NDArray[np.int64]:
        """Number of the text to which each word belongs."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@cache
def word_weights() -> dict[str, int]:
    """Give the weight of each word of the table; every other word is RAREST."""
    text = resources.files("transforms.dedupe").joinpath("word_rarity.json").read_text("utf-8")
    by_weight: dict[str, str] = json.loads(text)["words_by_weight"]
    return {word: int(weight) for weight, words in by_weight.items() for word in words.split(" ")}


@cache
def _table() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    frame = pl.DataFrame(list(word_weights().items()), schema={"word": pl.String, "weight": pl.UInt64}, orient="row")
    hashed = frame.select(plh.col("word").nchash.xxh3_64(), pl.col("weight")).sort("word")
    return hashed["word"].to_numpy(), hashed["weight"].to_numpy()


def _with_weight(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    known, weights = _table()
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    weight = np.where(known[place] == hashes, weights[place], np.uint64(RAREST))
    return (hashes & ~WEIGHT_MASK) | weight


def words_of(texts: pl.Series) -> Words:
    """Split folded texts at their spaces and weigh each word; an empty text has no words."""
    lists = texts.replace("", None).str.split(" ")
    lengths = lists.list.len().fill_null(0).to_numpy()
    flat = lists.drop_nulls().explode().alias("word").to_frame()
    hashes = flat.select(plh.col("word").nchash.xxh3_64())["word"].to_numpy()
    return Words(np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), _with_weight(hashes))
