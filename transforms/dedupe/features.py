"""Features: how alike the two records of a pair are, field by field.

Every feature is between two records alone, symmetric, and NaN where a field is missing on either
side, so that what is missing speaks neither for nor against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from transforms.dedupe.overlap import overlap
from transforms.dedupe.substitution import substitutions
from transforms.dedupe.venues import venue_similarities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from transforms.dedupe.profiles import Sides, Texts

    Floats = npt.NDArray[np.float64]

FEATURES: Final = (
    "title_ratio",
    "title_set",
    "title_jaccard",
    "title_containment",
    "title_information",
    "title_unmatched",
    "title_prefix",
    "title_reach",
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
_MOST_INFORMATION: Final = 150.0
_MOST_YEARS: Final = 5.0
_ABSTRACT_CHARS: Final = 400
_GENERIC_INFORMATION: Final = 0.3
"""What is left of the information of a title that thousands of papers carry."""


def _score(texts: Texts, sides: Sides, scorer: Callable[..., float], scale: float = 1.0) -> Floats:
    """Score the pairs whose two sides are there; NaN for the others."""
    left, right = texts[sides.a], texts[sides.b]
    chosen = np.flatnonzero((left != "") & (right != ""))
    scores = np.full(len(left), np.nan)
    scores[chosen] = 1.0
    # Most pairs that get here are equal in most fields, and equality is cheaper to see.
    differ = chosen[left[chosen] != right[chosen]]
    if len(differ):
        found = process.cpdist(left[differ], right[differ], scorer=scorer, dtype=np.float64, workers=-1)
        scores[differ] = found / scale
    return scores


def _equal(sides: Sides, name: str) -> Floats:
    codes = sides.profiles.codes(name)
    a, b = codes[sides.a], codes[sides.b]
    return np.where((a == 0) | (b == 0), np.nan, (a == b).astype(np.float64))


def title_features(sides: Sides) -> dict[str, Floats]:
    """Compare the titles of each pair: the features that begin with title_."""
    profiles, a, b = sides.profiles, sides.a, sides.b
    shared = overlap(profiles.title_words, a, b)
    return {
        "title_ratio": _score(profiles.compact_titles, sides, Indel.normalized_similarity),
        "title_jaccard": shared.jaccard,
        "title_containment": shared.containment,
        "title_information": np.minimum(shared.common, _MOST_INFORMATION),
        "title_unmatched": np.minimum(shared.rarest_a, shared.rarest_b),
    }


def _if_there(texts: Texts, sides: Sides) -> Floats:
    """Give the best score to the pairs whose two sides are there; NaN to the others."""
    return np.where((texts[sides.a] != "") & (texts[sides.b] != ""), 1.0, np.nan)


def _titles_at_best(sides: Sides, titles: Mapping[str, Floats]) -> dict[str, Floats]:
    """Compare what only pairs of like titles are asked for."""
    profiles, a, b = sides.profiles, sides.a, sides.b
    texts = profiles.texts("title_words")
    numbers = overlap(profiles.numbers, a, b, weighted=False)
    generic, notices = profiles.is_generic, profiles.notices
    known = np.where(generic[a] & generic[b], _GENERIC_INFORMATION, 1.0)
    return {
        **titles,
        "title_information": known * titles["title_information"],
        "title_set": _if_there(texts, sides),
        "title_prefix": _prefix(texts[a], texts[b]),
        "title_reach": _reach(profiles.compact_titles, titles["title_ratio"], a, b),
        "title_unmatched": np.zeros(len(a)),
        # 0 where both titles have the same numbers, 1 where one has more, 2 where each has its own
        "numbers": (numbers.only_a > 0) * 1.0 + (numbers.only_b > 0),
        "generic": (generic[a] | generic[b]).astype(np.float64),
        "notice": (notices[a] != notices[b]).astype(np.float64),
    }


def _reach(texts: Texts, ratio: Floats, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Floats:
    """Give the share of the letters of the shorter title that the longer one has, in their order."""
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    shorter = np.minimum(lengths[a], lengths[b])
    return np.minimum(ratio * (lengths[a] + lengths[b]) / 2 / np.maximum(shorter, 1), 1.0)


def _prefix(left: Texts, right: Texts) -> Floats:
    flags = [
        x[: len(y)] == y[: len(x)] and min(len(x), len(y)) >= _PREFIX_CHARS for x, y in zip(left, right, strict=True)
    ]
    return np.array(flags, dtype=np.float64)


def _author_features(sides: Sides) -> dict[str, Floats]:
    profiles, a, b = sides.profiles, sides.a, sides.b
    letters = profiles.letters
    shared = overlap(profiles.name_words, a, b, weighted=False)
    lead = overlap(profiles.lead_words, a, b, weighted=False)
    fewest = np.minimum(letters[a].sum(1, dtype=np.int64), letters[b].sum(1, dtype=np.int64))
    common = np.minimum(letters[a], letters[b]).sum(1, dtype=np.float64)
    counts = np.diff(profiles.name_words.offsets)
    wordless = (counts[a] == 0) | (counts[b] == 0)
    return {
        "author_containment": np.where(wordless, np.nan, shared.containment),
        "author_jaccard": np.where(wordless, np.nan, shared.jaccard),
        "author_letters": np.where(fewest == 0, np.nan, common / np.maximum(fewest, 1)),
        "author_ratio": _if_there(profiles.texts("author_names"), sides),
        "author_lead": np.where(wordless, np.nan, (lead.common > 0).astype(np.float64)),
    }


def _venue(sides: Sides) -> Floats:
    profiles = sides.profiles
    return venue_similarities(profiles.texts("venue_key"), profiles.codes("venue_key"), sides.a, sides.b)


def _venue_kind(sides: Sides) -> Floats:
    """Compare the kinds of venues: 1 the same, 0 others, a half where one is a journal and the other does not say."""
    equal = _equal(sides, "venue_kind")
    journal = sides.profiles.derived((pl.col("venue_kind") == "journal").fill_null(value=False)).to_numpy()
    named = sides.profiles.codes("venue_key") > 0
    a, b = sides.a, sides.b
    unsaid = np.isnan(equal) & named[a] & named[b] & (journal[a] | journal[b])
    return np.where(unsaid, 0.5, equal)


def _print_features(sides: Sides) -> dict[str, Floats]:
    year = sides.profiles.frame["year"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = {name: _equal(sides, name) for name in ("volume", "number", "first_page", "last_page")}
    gap = np.minimum(np.abs(year[sides.a] - year[sides.b]), _MOST_YEARS)
    return {"venue": _venue(sides), "venue_kind": _venue_kind(sides), "year_gap": gap, **found}


def _abstract(sides: Sides) -> Floats:
    """Compare what both abstracts have: one of them may be cut short."""
    texts = sides.profiles.texts("abstract_key")
    a, b = texts[sides.a], texts[sides.b]
    scores = np.where((a == "") | (b == ""), np.nan, 1.0)
    chosen = np.flatnonzero((a != b) & ~np.isnan(scores))
    if len(chosen):
        ends = [min(len(x), len(y), _ABSTRACT_CHARS) for x, y in zip(a[chosen], b[chosen], strict=True)]
        left, right = ([x[:end] for x, end in zip(side[chosen], ends, strict=True)] for side in (a, b))
        scores[chosen] = process.cpdist(left, right, scorer=Indel.normalized_similarity, dtype=np.float64, workers=-1)
    return scores


def _doi(sides: Sides) -> Floats:
    """Compare DOIs: 1 equal, 0 different, a half where they differ and one is that of a preprint."""
    equal = _equal(sides, "doi")
    preprint = sides.profiles.derived(pl.col("doi").fill_null("").str.contains(_PREPRINT_DOI)).to_numpy()
    return np.where((equal == 0) & (preprint[sides.a] | preprint[sides.b]), 0.5, equal)


def features_at_best(sides: Sides, titles: Mapping[str, Floats]) -> dict[str, Floats]:
    """Compare each pair, given its `title_features`, but for what costs most: words held against words, letter by letter.

    Of that, features that speak for one paper are as high as they can be, and those against it as low. So a
    pair that even these do not join is not worth the rest.
    """
    found = {
        **_titles_at_best(sides, titles),
        **_author_features(sides),
        **_print_features(sides),
        "abstract": _abstract(sides),
        "doi": _doi(sides),
        **{name: _equal(sides, name) for name in ("arxiv_id", "pmid")},
    }
    return {name: found[name] for name in FEATURES}


def completed(sides: Sides, best: Mapping[str, Floats], unmatched: Floats) -> dict[str, Floats]:
    """Put in what `features_at_best` left out; `unmatched` is the title_unmatched of `title_features`."""
    texts, names = sides.profiles.texts("title_words"), sides.profiles.texts("author_names")
    substituted = substitutions(texts, names, sides.a, sides.b, np.flatnonzero(unmatched))
    return {
        **best,
        "title_set": _score(texts, sides, fuzz.token_set_ratio, 100),
        "title_unmatched": substituted.weight,
        "numbers": np.where(substituted.other_part, 2.0, best["numbers"]),
        "author_ratio": _score(names, sides, fuzz.token_set_ratio, 100),
    }


def features(sides: Sides) -> dict[str, Floats]:
    """Compare each pair: one array per name of FEATURES."""
    titles = title_features(sides)
    return completed(sides, features_at_best(sides, titles), titles["title_unmatched"])
