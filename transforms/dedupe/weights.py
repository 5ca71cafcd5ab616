"""The numbers that decide: thresholds and weights, each with its reason, and the levels of a lake.

Apart from the rules that use them, so that a lake can be opened without loading those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

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
