"""The decision: the model's log-odds, what identifiers and abstracts add to them, and the vetoes.

The labelled sets have few identifiers and abstracts, and what these mean is known beforehand;
so they are not fitted but weighed by hand, with the numbers and reasons in `weights.Weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transforms.dedupe.model import Model, shipped
from transforms.dedupe.weights import WEIGHTS, Level, Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]


def _is(values: Floats, wanted: float) -> Flags:
    return np.equal(values, wanted)


def _identifiers(columns: Mapping[str, Floats], weights: Weights) -> Floats:
    related = np.fmax(columns["title_containment"], columns["title_ratio"]) >= weights.related_title
    supported = related | (columns["author_containment"] >= weights.related_title) | (columns["abstract"] >= 0.8)  # noqa: PLR2004 - as abstract_steps
    total = np.where(_is(columns["doi"], 1) & related, weights.same_doi, 0.0)
    total += np.where(_is(columns["doi"], 0), weights.other_doi, 0.0)
    for name in ("arxiv_id", "pmid"):
        total += np.where(_is(columns[name], 1) & supported, weights.same_id, 0.0)
        total += np.where(_is(columns[name], 0), weights.other_id, 0.0)
    return total


def _is_substituted(columns: Mapping[str, Floats], bits: float) -> Flags:
    """Whether a word of so many bits stands in place of another, and no first page is the same."""
    return (columns["title_unmatched"] >= bits) & ~_is(columns["first_page"], 1)


def _is_lone_title(columns: Mapping[str, Floats]) -> Flags:
    """Whether no author, page or identifier is there to be compared."""
    others = ("author_letters", "first_page", "doi", "arxiv_id", "pmid")
    alone: Flags = np.all([np.isnan(columns[name]) for name in others], axis=0)
    return alone


def _abstracts(columns: Mapping[str, Floats], weights: Weights) -> Floats:
    added = np.interp(columns["abstract"], weights.abstract_steps, weights.abstract_weights)
    # Meeting abstracts are printed twice, word by word or under a new title, in two journals.
    retitled = (columns["venue"] < weights.one_venue) & (columns["title_ratio"] < weights.series_title)
    elsewhere = _is(columns["first_page"], 0) | _is(columns["volume"], 0) | retitled
    # Reviews of one series share their abstracts but for the word that their titles differ in.
    added = np.where(elsewhere | _is_substituted(columns, weights.telling_word), np.minimum(added, 0.0), added)
    unrelated = _is_lone_title(columns) & (columns["abstract"] < weights.unrelated_abstract)
    added = np.where(unrelated, weights.unrelated, added)
    return np.where(np.isnan(columns["abstract"]), 0.0, added)


def _two_papers(columns: Mapping[str, Floats], weights: Weights) -> Floats:
    """Weigh down titles that differ in what they are about, and articles that stand in two places."""
    places = _is(columns["volume"], 0) & _is(columns["first_page"], 0)
    full = _is(columns["first_page"], 0) | ~np.isnan(columns["abstract"])
    total = np.where(full & _is_substituted(columns, weights.content_word), weights.substituted, 0.0)
    total += np.where(_are_strangers(columns, weights), weights.strangers, 0.0)
    return total + np.where(places, weights.two_places, 0.0)


def _are_strangers(columns: Mapping[str, Floats], weights: Weights) -> Flags:
    """Whether the authors have nothing in common, and nothing but the title and its place in print is the same."""
    apart = _is(columns["author_containment"], 0) & _is(columns["author_letters"], 0)
    apart &= columns["author_ratio"] < weights.related_title
    tied = np.any([columns[name] == 1 for name in ("doi", "arxiv_id", "pmid")], axis=0)
    one_place = np.all([_is(columns[name], 1) for name in ("volume", "number", "first_page")], axis=0)
    strangers: Flags = apart & one_place & ~tied & np.isnan(columns["abstract"])
    return strangers


def _series(columns: Mapping[str, Floats], weights: Weights) -> Floats:
    """Weigh down two papers of one volume and year on other pages, with titles that differ in a rare word."""
    one_volume = (columns["venue"] >= weights.one_venue) & _is(columns["first_page"], 0) & _is(columns["year_gap"], 0)
    titles = (columns["title_containment"] < weights.series_title) & (columns["title_unmatched"] >= weights.series_word)
    titles &= columns["title_ratio"] < weights.same_letters
    return np.where(one_volume & titles, weights.series, 0.0)


def _lacks_second_signal(columns: Mapping[str, Floats], weights: Weights) -> Flags:
    """Whether the titles are generic and nothing else ties the two records together."""
    volume = np.nan_to_num(columns["volume"], nan=1.0)
    one_place = _is(columns["first_page"], 1) & _is(volume, 1) & ~(columns["year_gap"] > 1)
    conflict = np.any([columns[name] == 0 for name in ("first_page", "volume", "number")], axis=0)
    authors = (columns["author_jaccard"] >= weights.generic_authors) & _is(columns["year_gap"], 0) & ~conflict
    identified = np.any([columns[name] == 1 for name in ("doi", "arxiv_id", "pmid")], axis=0)
    abstracts = columns["abstract"] >= weights.abstract_steps[3]
    lacks: Flags = _is(columns["generic"], 1) & ~(one_place | authors | identified | abstracts)
    return lacks


def _other_publication(columns: Mapping[str, Floats]) -> Flags:
    """Whether two versions of perhaps one work are two publications."""
    moved = (columns["year_gap"] >= 1) & (columns["venue"] < 0.6)  # noqa: PLR2004 - another venue
    elsewhere = _is(columns["volume"], 0) & _is(columns["first_page"], 0)
    preprint = (columns["doi"] > 0) & (columns["doi"] < 1)
    return _is(columns["venue_kind"], 0) | (columns["year_gap"] >= 2) | moved | elsewhere | preprint  # noqa: PLR2004 - years


def _is_vetoed(columns: Mapping[str, Floats], level: Level, weights: Weights) -> Flags:
    # Two parts cannot begin on one page; where they seem to, a number is mistyped.
    one_page = _is(columns["first_page"], 1) & _is(columns["volume"], 1) & ~(columns["year_gap"] > 0)
    parts = _is(columns["numbers"], 2) & ~one_page
    notices = _is(columns["notice"], 1)
    vetoed = parts | notices | _lacks_second_signal(columns, weights)
    return vetoed | _other_publication(columns) if level == "publication" else vetoed


def log_odds(
    columns: Mapping[str, Floats], level: Level = "work", model: Model | None = None, weights: Weights = WEIGHTS
) -> Floats:
    """Weigh all evidence on each pair: log-odds that the two records are one paper at this level."""
    total = (model or shipped()).score(columns)
    total = total + _identifiers(columns, weights) + _abstracts(columns, weights) + _series(columns, weights)
    total = total + _two_papers(columns, weights)
    return np.where(_is_vetoed(columns, level, weights), np.minimum(total, weights.vetoed), total)


def probability(odds: Floats) -> Floats:
    """Turn log-odds into probabilities."""
    return 1.0 / (1.0 + np.exp(-odds))
