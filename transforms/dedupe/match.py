"""Match: which candidate pairs are one paper, by which rule, and how sure that is.

    pairs --screen--> pairs --titles?--> pairs --all fields--> features --model, weights--> probability

Most candidates are ruled out by their titles alone: first by pairs of letters as bit patterns, then
by the titles themselves. What is left is compared in every field, and words are held against words
only where the best that could come of it makes a match: more agreement never lowers a probability.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from transforms.dedupe.decision import log_odds, probability
from transforms.dedupe.features import FEATURES, completed, features, features_at_best, title_features
from transforms.dedupe.filters import are_strangers, like_titles
from transforms.dedupe.parts import Each, in_turn, parts_of
from transforms.dedupe.profiles import Profiles, Sides, sides_of
from transforms.dedupe.screen import Screen, screen_of
from transforms.dedupe.weights import WEIGHTS, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from transforms.dedupe.model import Model

    Columns = Mapping[str, npt.NDArray[np.float64]]
    Flags = npt.NDArray[np.bool_]

__all__ = ["MATCH_SCHEMA", "RULES", "Level", "are_promising", "match_pairs", "score_pairs"]

RULES: Final[Mapping[str, str]] = {
    "identifiers-agree": "The same DOI, arXiv identifier or PMID, and records that are otherwise alike.",
    "equal-titles-and-abstracts": "Equal titles and nearly equal abstracts.",
    "equal-titles-and-authors": "Equal titles, and the authors of one are among those of the other.",
    "equal-titles": "Equal titles that say enough, and nothing against it.",
    "near-equal-titles-and-abstracts": "Nearly equal titles and nearly equal abstracts.",
    "near-equal-titles-and-authors": "Nearly equal titles, and the authors of one are among those of the other.",
    "same-place": "The same volume and first page, and titles or authors that support it.",
    "weighed-evidence": "No field settles it alone, all together do.",
}
"""Every rule that can join two records, in words; a pair is filed under the first that holds."""

_CONDITIONS: Final[Mapping[str, Callable[[Columns], Flags]]] = {
    "identifiers-agree": lambda c: (c["doi"] == 1) | (c["arxiv_id"] == 1) | (c["pmid"] == 1),
    "equal-titles-and-abstracts": lambda c: (c["title_ratio"] == 1) & (c["abstract"] >= 0.9),  # noqa: PLR2004 - files, does not decide
    "equal-titles-and-authors": lambda c: (c["title_ratio"] == 1) & (c["author_containment"] >= 0.8),  # noqa: PLR2004 - as above
    "equal-titles": lambda c: c["title_ratio"] == 1,
    "near-equal-titles-and-abstracts": lambda c: (c["title_ratio"] >= 0.9) & (c["abstract"] >= 0.9),  # noqa: PLR2004 - as above
    "near-equal-titles-and-authors": lambda c: (c["title_ratio"] >= 0.9) & (c["author_containment"] >= 0.8),  # noqa: PLR2004 - as above
    "same-place": lambda c: (c["volume"] == 1) & (c["first_page"] == 1),
    "weighed-evidence": lambda c: c["title_ratio"] >= 0,
}

MATCH_SCHEMA: Final = pl.Schema(
    {
        "variant_a": pl.UInt64,
        "variant_b": pl.UInt64,
        "rule": pl.String,
        "title_similarity": pl.Float64,
        "abstract_similarity": pl.Float64,
        "author_similarity": pl.Float64,
        "venue_similarity": pl.Float64,
        "features": pl.String,
        "probability": pl.Float64,
    }
)

_PART: Final = 1 << 18
"""Pairs that are screened in one go: what is held of them stays small."""

_LIKELY_PART: Final = 1 << 16
"""Pairs that are compared in every field in one go: each takes ten times the memory."""


def score_pairs(
    variants: pl.DataFrame, pairs: pl.DataFrame, level: Level = "work", model: Model | None = None
) -> npt.NDArray[np.float64]:
    """Give the probability that each pair (variant_a, variant_b) is one paper, in the order of the pairs."""
    sides = sides_of(variants, pairs)
    parts = [
        probability(log_odds(features(sides.some(slice(start, start + _LIKELY_PART))), level, model))
        for start in range(0, len(pairs), _LIKELY_PART)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _rule(columns: Columns) -> pl.Series:
    names = list(_CONDITIONS)
    held = np.column_stack([condition(columns) for condition in _CONDITIONS.values()])
    return pl.Series("rule", np.array(names)[held.argmax(1)], dtype=pl.String)


def _evidence(pairs: pl.DataFrame, columns: Columns, odds: npt.NDArray[np.float64]) -> pl.DataFrame:
    rounded = pl.DataFrame({name: columns[name] for name in FEATURES}).fill_nan(None).select(pl.all().round(3))
    texts = rounded.select(pl.struct(pl.all()).struct.json_encode().alias("features"))
    return pairs.select(
        "variant_a",
        "variant_b",
        _rule(columns),
        rounded["title_ratio"].alias("title_similarity"),
        rounded["abstract"].alias("abstract_similarity"),
        rounded["author_containment"].alias("author_similarity"),
        rounded["venue"].alias("venue_similarity"),
        texts["features"],
        pl.Series("probability", probability(odds)),
    )


def _matches(pairs: pl.DataFrame, columns: Columns, odds: npt.NDArray[np.float64], least: float) -> pl.DataFrame:
    kept = np.flatnonzero(probability(odds) >= least)
    return _evidence(pairs[kept], _at(columns, kept), odds[kept])


def _at(columns: Columns, places: npt.NDArray[np.int64]) -> Columns:
    return {name: values[places] for name, values in columns.items()}


def _promising(profiles: Profiles, screen: Screen, pairs: pl.DataFrame) -> Flags:
    """Whether the titles of each pair, or identifiers, leave the rest worth comparing."""
    a, b = screen.places(pairs)
    kept = screen.share_identifier(a, b)
    asked = np.flatnonzero(~kept & screen.share_letters(a, b))
    some = Sides(profiles, a[asked], b[asked])
    titles = title_features(some)
    like = np.flatnonzero(like_titles(titles))
    kept[asked[like]] = ~are_strangers(some.some(like), _at(titles, like))
    return kept


def are_promising(variants: pl.DataFrame, screen: Screen, pairs: pl.DataFrame) -> Flags:
    """Whether each pair (variant_a, variant_b) is one that `match_pairs` compares in more than titles and names.

    `variants` are those of the screen, of `compared`; of them `title_words` and `author_names` are looked at.
    """
    return _promising(Profiles(variants.sort("variant_id")), screen, pairs)


def match_pairs(
    variants: pl.DataFrame,
    pairs: pl.DataFrame,
    level: Level = "work",
    *,
    model: Model | None = None,
    least: float = WEIGHTS.match_probability,
    each: Each = in_turn,
    screen: Screen | None = None,
) -> pl.DataFrame:
    """Compare candidate pairs (variant_a, variant_b) and keep those that match, with their evidence.

    Pairs are kept from the probability `least`: that of a match, or less where near misses are wanted.

    `variants` is what `compared` gives and holds at least the variants of the pairs; the result has
    MATCH_SCHEMA, in the order of the pairs. `screen` is that of `variants`, where it was made already.
    """
    variants = variants.sort("variant_id")
    screen, profiles = screen or screen_of(variants, each), Profiles(variants)
    list(each(partial(getattr, profiles), ("title_words", "name_words", "compact_titles")))  # once, for all threads
    likely = pairs.filter(
        pl.Series(np.concatenate(list(each(partial(_promising, profiles, screen), parts_of(pairs, _PART)))))
    )

    def compare(part: pl.DataFrame) -> pl.DataFrame:
        # Few variants are left, so that what is costly is worked out for them alone.
        sides = sides_of(variants, part)
        titles = title_features(sides)
        best = features_at_best(sides, titles)
        kept = np.flatnonzero(probability(log_odds(best, level, model)) >= least)
        columns = completed(sides.some(kept), _at(best, kept), titles["title_unmatched"][kept])
        return _matches(part[kept], columns, log_odds(columns, level, model), least)

    return pl.concat(each(compare, parts_of(likely, _LIKELY_PART)))
