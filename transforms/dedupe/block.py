"""Block: which variants are worth comparing.

    variants --blocking_keys--> (key, family, variant) --candidate_pairs--> pairs

Every variant gets about seventeen keys, each a pure function of its own fields; two variants that
share a key are a candidate pair. Keys made of what thousands of papers share (a generic title,
two common words) are not made at all: such a field gets keys only together with a second one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import polars_hash as plh

from transforms.dedupe.pairing import Candidates, candidate_pairs
from transforms.dedupe.parts import Each, in_turn, parts_of
from transforms.dedupe.rarity import RAREST, WEIGHT_MASK, Words, words_of
from transforms.dedupe.shingles import NONE, smallest_hashes
from transforms.dedupe.titles import is_generic

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FAMILIES", "Candidates", "blocking_keys", "candidate_pairs"]

FAMILIES: Final = (
    "doi",
    "arxiv_id",
    "pmid",
    "title",
    "title_and_more",
    "title_prefix",
    "title_words",
    "title_shingles",
    "abstract_shingles",
    "place",
    "author_and_word",
)
"""Names of the families of keys; `family` is the place in this tuple."""

_MIN_INFORMATION: Final = 24
"""Bits of a title that may be a key alone; below, it needs a second field. "deep learning" has 13."""

_WORDS_OF_KEY: Final = 3
"""Two words leave a tenth more pairs to compare per record at 60,000 records, and far more at a million."""

_RARE_WORDS: Final = 4
_LEAD_WORDS: Final = 2
_MAX_AUTHOR_WORDS: Final = 10
_PREFIX: Final = 24
_PART: Final = 1 << 16
"""Variants whose keys are made in one go; the number of one must fit 20 bits, see `_rarest`."""

_LONG_ENOUGH: Final = 30


def _keyed(number: int, ids: pl.Series, parts: list[pl.Series]) -> pl.DataFrame:
    """Hash the parts of one key per variant; a variant with an empty or missing part has none."""
    frame = pl.DataFrame([ids.alias("variant_id"), *(part.alias(f"part{i}") for i, part in enumerate(parts))])
    names = [f"part{i}" for i in range(len(parts))]
    there = frame.filter(pl.all_horizontal(pl.col(name).cast(pl.String).fill_null("") != "" for name in names))
    text = pl.concat_str(pl.lit(str(number)), *names, separator="\x1f")
    return _table(number, there["variant_id"], there.select(key=text).select(plh.col("key").nchash.xxh3_64())["key"])


def _table(number: int, ids: pl.Series, keys: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"key": keys, "variant_id": ids}).select(
        "key", pl.lit(number, pl.Int32).alias("family"), "variant_id"
    )


def _combined(number: int, *hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Combine hashes into one key (multiply and xor, as FNV-1a does, on whole words)."""
    key = np.full(len(hashes[0]), 0xCBF29CE484222325 + number, dtype=np.uint64)
    for part in hashes:
        key = (key ^ part) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


def _rarest(words: Words, count: int) -> npt.NDArray[np.uint64]:
    """Give the `count` rarest distinct words of each text, rarest first; 0 where there are fewer.

    One integer per word says it all: 20 bits the text, 4 how common the word is, 40 the word.
    """
    table = np.zeros((len(words.offsets) - 1, count), dtype=np.uint64)
    common = np.uint64(RAREST) - (words.ids & WEIGHT_MASK)
    owners = words.owners
    packed = (owners.astype(np.uint64) << np.uint64(44)) | (common << np.uint64(40)) | (words.ids >> np.uint64(24))
    order = np.argsort(packed, kind="stable")
    owner, ids = owners[order], words.ids[order]
    fresh = np.concatenate([[True], (owner[1:] != owner[:-1]) | (ids[1:] != ids[:-1])])[: len(ids)]
    owner, ids = owner[fresh], ids[fresh]
    starts = np.searchsorted(owner, np.arange(len(table)))
    rank = np.arange(len(owner)) - starts[owner]
    chosen = rank < count
    table[owner[chosen], rank[chosen]] = ids[chosen]
    return table


def _word_triples(ids: npt.NDArray[np.uint64], rare: npt.NDArray[np.uint64]) -> list[pl.DataFrame]:
    """Key each three of the rarest words: one of them may be mistyped, and three others are left."""
    number = FAMILIES.index("title_words")
    weights = (rare & np.uint64(15)).astype(np.int64)
    tables = []
    for places in itertools.combinations(range(rare.shape[1]), _WORDS_OF_KEY):
        there = (rare[:, places] != 0).all(1) & (weights[:, places].sum(1) >= _MIN_INFORMATION)
        words = np.sort(rare[there][:, places], axis=1).T
        tables.append(_table(number, pl.Series(ids[there]), pl.Series(_combined(number, *words))))
    return tables


def _author_and_word(
    ids: npt.NDArray[np.uint64], lead: npt.NDArray[np.uint64], rare: npt.NDArray[np.uint64]
) -> list[pl.DataFrame]:
    number = FAMILIES.index("author_and_word")
    tables = []
    for i in range(lead.shape[1]):
        for j in range(_WORDS_OF_KEY):
            there = (lead[:, i] != 0) & (rare[:, j] != 0)
            tables.append(
                _table(number, pl.Series(ids[there]), pl.Series(_combined(number, lead[there, i], rare[there, j])))
            )
    return tables


def _shingle_keys(
    family: str, ids: npt.NDArray[np.uint64], texts: pl.Series, *, length: int, bands: int, rows: int
) -> list[pl.DataFrame]:
    number = FAMILIES.index(family)
    hashes = smallest_hashes(texts, length, bands * rows)
    there = hashes[:, 0] != NONE
    kept = pl.Series(ids[there])
    bands_of = [hashes[there, band * rows : (band + 1) * rows].T for band in range(bands)]
    return [_table(number, kept, pl.Series(_combined(number, *band))) for band in bands_of]


def _dull_titles(ids: pl.Series, titles: pl.Series, names: pl.Series) -> pl.DataFrame:
    """Key a title that says little with each word of its authors in turn."""
    number = FAMILIES.index("title_and_more")
    frame = pl.DataFrame({"variant_id": ids, "title": titles, "word": names}).drop_nulls("title")
    words = frame.with_columns(pl.col("word").str.split(" ").list.head(_MAX_AUTHOR_WORDS)).explode("word")
    return _keyed(number, words["variant_id"], [words["title"], words["word"]])


def _lead_words(names: pl.Series) -> npt.NDArray[np.uint64]:
    """Hash the first two words of the authors: one of them is the first author's family name."""
    firsts = names.str.splitn(" ", _LEAD_WORDS + 1).struct.unnest()
    columns = []
    for place in range(_LEAD_WORDS):
        first = firsts.to_series(place).fill_null("").alias("w")
        hashed = first.to_frame().select(plh.col("w").nchash.xxh3_64())["w"].to_numpy()
        columns.append(np.where((first == "").to_numpy(), np.uint64(0), hashed))
    return np.column_stack(columns)


def blocking_keys(variants: pl.DataFrame, each: Each = in_turn) -> pl.DataFrame:
    """Give the keys of each variant of `compared`: `key` UInt64, `family` Int32, `variant_id` UInt64."""
    return pl.concat(each(_keys_of, parts_of(variants, _PART)))


def _keys_of(variants: pl.DataFrame) -> pl.DataFrame:
    ids, title = variants["variant_id"], variants["title_words"]
    words = words_of(title)
    information = np.bincount(words.owners, words.weights, len(title))
    generic = variants.select(is_generic(pl.col("title_words"))).to_series().to_numpy()
    telling = (information >= _MIN_INFORMATION) & ~generic
    alone = pl.Series(telling)
    compact = title.str.replace_all(" ", "")
    long = alone & (compact.str.len_chars() >= _LONG_ENOUGH)
    number = {name: place for place, name in enumerate(FAMILIES)}
    rare = np.where(generic[:, None], np.uint64(0), _rarest(words, _RARE_WORDS))
    names = variants["author_names"]
    lead = _lead_words(names)
    dull_title = pl.select(pl.when(~alone).then(title)).to_series()
    tables = [
        *(_keyed(number[name], ids, [variants[name]]) for name in ("doi", "arxiv_id", "pmid")),
        _keyed(number["title"], ids, [pl.select(pl.when(alone).then(title)).to_series()]),
        _dull_titles(ids, dull_title, names),
        _keyed(number["title_and_more"], ids, [dull_title, variants["year"].cast(pl.String), variants["first_page"]]),
        _keyed(number["title_and_more"], ids, [dull_title, variants["abstract_key"].str.slice(0, 40)]),
        _keyed(number["title_prefix"], ids, [pl.select(pl.when(long).then(compact.str.slice(0, _PREFIX))).to_series()]),
        _keyed(number["place"], ids, [variants["year"].cast(pl.String), variants["volume"], variants["first_page"]]),
        *_word_triples(ids.to_numpy(), rare),
        *_author_and_word(ids.to_numpy(), lead, rare),
        *_shingle_keys(
            "title_shingles",
            ids.to_numpy(),
            pl.select(pl.when(long).then(compact).otherwise(pl.lit(""))).to_series(),
            length=8,
            bands=2,
            rows=2,
        ),
        *_shingle_keys(
            "abstract_shingles",
            ids.to_numpy(),
            variants["abstract_key"].str.replace_all(" ", ""),
            length=24,
            bands=2,
            rows=1,
        ),
    ]
    return pl.concat(tables)
