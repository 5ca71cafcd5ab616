"""The decision: the model's log-odds, what identifiers and abstracts add to them, and the vetoes.

The labelled sets have few identifiers and abstracts, and what these mean is known beforehand;
so they are not fitted but weighed by hand, with the numbers and reasons in `Weights`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from transforms.dedupe.model import Model, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

Level = Literal["work", "publication"]


@dataclass(frozen=True)
class Weights:
    """Thresholds (similarities, 0 to 1) and weights (log-odds), each with its reason."""

    match_probability: float = 0.65
    """Above it a pair is a match: a wrong merge hides a paper, a missed one shows it twice."""
    doubt_probability: float = 0.4
    """From it up to a match, a pair is kept for people to look at; it links nothing."""
    vetoed: float = -4.0
    """Highest log-odds of a pair under a veto: 2 in 100, so that no cluster forms over it."""
    same_doi: float = 3.0
    """An equal DOI is not proof: supplements and whole proceedings share one."""
    other_doi: float = -5.0
    """Two registered DOIs nearly always are two papers: 11 of 2,117 true pairs differ."""
    same_id: float = 6.0
    """arXiv and PubMed identifiers belong to one paper alone; only typing errors share one."""
    other_id: float = -6.0
    """Two arXiv or two PubMed identifiers: two papers."""
    related_title: float = 0.6
    """Titles (or authors, or abstracts) below it do not support an equal identifier."""
    abstract_steps: tuple[float, ...] = (0.5, 0.6, 0.68, 0.8, 0.92)
    """Similarity of two abstracts: unrelated English text reaches 0.5 to 0.6."""
    abstract_weights: tuple[float, ...] = (-2.0, -1.5, 0.0, 1.5, 3.0)
    """What those similarities add: abstracts are rewritten more often than titles."""
    one_venue: float = 0.9
    """Similarity of two venues from which they are one; abbreviations reach 0.95."""
    series_title: float = 0.9
    """Titles that share less than this, in one volume but on other pages, are a series."""
    series: float = -3.0
    """Weight of that."""
    series_word: float = 8.0
    """Bits of a word that only one of the titles has, from which it is not filler."""
    same_letters: float = 0.95
    """Titles that share this many letters in order differ in spaces or spelling, not in words."""
    telling_word: float = 4.0
    """Bits of a word from which it is more than filler: another one in its place leaves equal abstracts no weight."""
    content_word: float = 7.0
    """Bits of a word from which it carries what a title is about."""
    substituted: float = -2.5
    """Weight of another content word in its place, where pages or abstracts are there and do not settle it: of 500
    such pairs in three exports of searches none is a paper. Bare citations are left to the model: a third are."""
    two_places: float = -2.0
    """Weight of other volumes and other pages together: what is printed twice is two articles, a letter and its sequel."""
    unrelated_abstract: float = 0.6
    """Similarity of abstracts below which they have nothing in common."""
    unrelated: float = -5.0
    """Weight of that where the title alone speaks for one paper."""
    strangers: float = -3.5
    """Weight of authors of whom not one shares even initials, where only the title and its place in print are the same:
    letters to an editor are printed under one title on one page."""
    generic_authors: float = 0.65
    """Share of authors that two records of a generic title must have in common."""


WEIGHTS: Final = Weights()


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
