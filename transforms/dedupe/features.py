"""Features: how alike the two records of a pair are, field by field.

Every feature is between two records alone, symmetric, and NaN where a field is missing on either
side, so that what is missing speaks neither for nor against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from transforms.dedupe.authors import author_letters, author_words
from transforms.dedupe.overlap import overlap
from transforms.dedupe.places import initials
from transforms.dedupe.rarity import words_of
from transforms.dedupe.titles import is_generic, notice, title_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

FEATURES: Final = (
    "title_ratio",
    "title_set",
    "title_jaccard",
    "title_containment",
    "title_information",
    "title_unmatched",
    "title_prefix",
    "numbers",
    "notice",
    "generic",
    "author_containment",
    "author_jaccard",
    "author_letters",
    "author_ratio",
    "author_lead",
    "venue",
    "venue_kind",
    "year_gap",
    "volume",
    "number",
    "first_page",
    "last_page",
    "abstract",
    "doi",
    "arxiv_id",
    "pmid",
)

_PREPRINT_DOI: Final = r"^10\.(?:48550|1101|2139|21203|20944|31234|26434|31219|36227|22541|5281|31223|32942)/"
"""Registrants of preprint servers (arXiv, bioRxiv, SSRN, Research Square ...) and of Zenodo."""

_PREFIX_CHARS: Final = 20
_ACRONYM_CHARS: Final = 3
_ABSTRACT_CHARS: Final = 400
_GENERIC_INFORMATION: Final = 0.3
"""What is left of the information of a title that thousands of papers carry."""


def _texts(frame: pl.DataFrame, name: str) -> npt.NDArray[np.object_]:
    return frame[name].fill_null("").to_numpy().astype(object)


def _score(
    texts: npt.NDArray[np.object_], a: Places, b: Places, scorer: Callable[..., float], scale: float = 1.0
) -> Floats:
    """Score the pairs whose two sides are there; NaN for the others."""
    is_there = texts != ""
    chosen = np.flatnonzero(is_there[a] & is_there[b])
    scores = np.full(len(a), np.nan)
    scores[chosen] = 1.0
    # Most pairs that get here are equal in most fields, and equality is cheaper to see.
    differ = chosen[texts[a[chosen]] != texts[b[chosen]]]
    if len(differ):
        found = process.cpdist(texts[a[differ]], texts[b[differ]], scorer=scorer, dtype=np.float64, workers=-1)
        scores[differ] = found / scale
    return scores


def _equal(frame: pl.DataFrame, name: str, a: Places, b: Places) -> Floats:
    codes = frame[name].cast(pl.String).replace("", None)
    is_null = codes.is_null().to_numpy()
    numbers = codes.rank("dense").fill_null(0).to_numpy()
    return np.where(is_null[a] | is_null[b], np.nan, (numbers[a] == numbers[b]).astype(np.float64))


@dataclass(frozen=True)
class Sides:
    """The variants of a set of pairs, ready to be compared: `a` and `b` are rows of `variants`."""

    variants: pl.DataFrame
    a: Places
    b: Places


def title_features(sides: Sides) -> dict[str, Floats]:
    """Compare the titles of each pair: the features that begin with title_."""
    frame, a, b = sides.variants, sides.a, sides.b
    titles = _texts(frame, "title_words")
    compact = frame.select(title=pl.col("title_words").str.replace_all(" ", ""))
    words = words_of(frame["title_words"])
    shared = overlap(words, a, b)
    generic = frame.select(is_generic(pl.col("title_words"))).to_series().to_numpy()
    informed = np.where(generic[a] & generic[b], _GENERIC_INFORMATION, 1.0) * shared.common
    return {
        "title_ratio": _score(_texts(compact, "title"), a, b, Indel.normalized_similarity),
        "title_set": _score(titles, a, b, fuzz.token_set_ratio, 100),
        "title_jaccard": shared.jaccard,
        "title_containment": shared.containment,
        "title_information": np.minimum(informed, 150.0),
        "title_unmatched": np.minimum(shared.rarest_a, shared.rarest_b),
        "title_prefix": _prefix(titles, a, b),
    }


def _prefix(titles: npt.NDArray[np.object_], a: Places, b: Places) -> Floats:
    flags = [
        x[: len(y)] == y[: len(x)] and min(len(x), len(y)) >= _PREFIX_CHARS
        for x, y in zip(titles[a], titles[b], strict=True)
    ]
    return np.array(flags, dtype=np.float64)


def _marks(sides: Sides) -> dict[str, Floats]:
    """Numbers: 0 where both titles have the same, 1 where one has more, 2 where each has its own."""
    a, b = sides.a, sides.b
    title = pl.col("title_words")
    marks = sides.variants.select(numbers=title_numbers(title), notice=notice(title), generic=is_generic(title))
    generic = marks["generic"].to_numpy()
    numbers, notices = (
        overlap(words_of(marks["numbers"]), a, b, weighted=False),
        marks["notice"].rank("dense").to_numpy(),
    )
    return {
        "numbers": (numbers.only_a > 0) * 1.0 + (numbers.only_b > 0),
        "generic": (generic[a] | generic[b]).astype(np.float64),
        "notice": (notices[a] != notices[b]).astype(np.float64),
    }


def _author_features(sides: Sides) -> dict[str, Floats]:
    a, b = sides.a, sides.b
    keys = sides.variants["author_key"]
    names = author_words(keys)
    letters = author_letters(keys)
    missing = (keys == "").to_numpy()
    missing_pair = missing[a] | missing[b]
    shared = overlap(words_of(names), a, b, weighted=False)
    lead = overlap(words_of(names.str.extract(r"^(\S+(?: \S+)?)").fill_null("")), a, b, weighted=False)
    smaller = np.minimum(letters[a].sum(1, dtype=np.int64), letters[b].sum(1, dtype=np.int64))
    common = np.minimum(letters[a], letters[b]).sum(1, dtype=np.float64)
    wordless = (names == "").to_numpy()
    no_words = wordless[a] | wordless[b]
    return {
        "author_containment": np.where(no_words, np.nan, shared.containment),
        "author_jaccard": np.where(no_words, np.nan, shared.jaccard),
        "author_letters": np.where(missing_pair | (smaller == 0), np.nan, common / np.maximum(smaller, 1)),
        "author_ratio": _score(names.to_numpy().astype(object), a, b, fuzz.token_set_ratio, 100),
        "author_lead": np.where(no_words, np.nan, (lead.common > 0).astype(np.float64)),
    }


def _venue(sides: Sides) -> Floats:
    frame, a, b = sides.variants, sides.a, sides.b
    short = frame.select(initials(pl.col("venue_key")).alias("short"))
    compact = frame.select(pl.col("venue_key").str.replace_all(" ", "").alias("compact"))
    words = _score(_texts(frame, "venue_key"), a, b, fuzz.token_set_ratio, 100)
    letters, whole = _texts(short, "short"), _texts(compact, "compact")
    acronym = (letters[a] == letters[b]) | (letters[a] == whole[b]) | (whole[a] == letters[b])
    long_enough = np.array([len(x) for x in letters])
    return np.where(
        acronym & (np.maximum(long_enough[a], long_enough[b]) >= _ACRONYM_CHARS), np.fmax(words, 0.95), words
    )


def _print_features(sides: Sides) -> dict[str, Floats]:
    frame, a, b = sides.variants, sides.a, sides.b
    year = frame["year"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = {name: _equal(frame, name, a, b) for name in ("is_journal", "volume", "number", "first_page", "last_page")}
    found["venue_kind"] = found.pop("is_journal")
    return {"venue": _venue(sides), "year_gap": np.minimum(np.abs(year[a] - year[b]), 5.0), **found}


def _abstract(sides: Sides) -> Floats:
    """Compare what both abstracts have: one of them may be cut short."""
    texts = _texts(sides.variants, "abstract_key")
    a, b = texts[sides.a], texts[sides.b]
    chosen = np.flatnonzero((a != "") & (b != ""))
    scores = np.full(len(a), np.nan)
    if len(chosen):
        ends = [min(len(x), len(y), _ABSTRACT_CHARS) for x, y in zip(a[chosen], b[chosen], strict=True)]
        left, right = ([x[:end] for x, end in zip(side[chosen], ends, strict=True)] for side in (a, b))
        scores[chosen] = process.cpdist(left, right, scorer=Indel.normalized_similarity, workers=-1)
    return scores


def _doi(sides: Sides) -> Floats:
    """Compare DOIs: 1 equal, 0 different, a half where they differ and one is that of a preprint."""
    equal = _equal(sides.variants, "doi", sides.a, sides.b)
    preprint = sides.variants["doi"].fill_null("").str.contains(_PREPRINT_DOI).to_numpy()
    return np.where((equal == 0) & (preprint[sides.a] | preprint[sides.b]), 0.5, equal)


def features(sides: Sides, titles: dict[str, Floats] | None = None) -> dict[str, Floats]:
    """Compare each pair: one array per name of FEATURES; `titles` are those of `title_features`, where known."""
    frame, a, b = sides.variants, sides.a, sides.b
    found = {
        **(titles or title_features(sides)),
        **_marks(sides),
        **_author_features(sides),
        **_print_features(sides),
        "abstract": _abstract(sides),
        **{name: _equal(frame, name, a, b) for name in ("arxiv_id", "pmid")},
        "doi": _doi(sides),
    }
    return {name: found[name] for name in FEATURES}
