"""What speaks against reading a line of a Hugging Face papers page as title or as abstract.

Costs are in the manner of log-odds: 0 for what is usual, about 3 for what is rare, 10 and more for
what is not found on a page of this layout. They were set by hand and tried on the 648 real papers,
cut, wrapped, joined and shifted in some thirty ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.readers.hf_page import is_prose

if TYPE_CHECKING:
    from transforms.readers.hf_page import PageLine


@dataclass(frozen=True)
class Costs:
    """The price of each oddity."""

    violation: float = 10  # titles without abstract before another, an abstract without title
    title_more: float = 2  # each further title without abstract in a row
    last_title_alone: float = 2  # the page was cut after its last title
    prose_title: float = 30
    sentence_title: float = 4  # ends with a full stop
    broken_title: float = 6  # ends with a comma, a colon, an address
    small_title: float = 2.5  # begins with a word in lower case
    telling_title: float = 3  # begins or speaks as sentences do: "However", "we", "our"
    dangling_title: float = 3  # ends with a word that asks for another
    after_incomplete: float = 3  # the abstract before it does not end a sentence
    after_incomplete_toy: float = 1  # the same on a page of short texts
    after_wrapped: float = 4  # it stands where a program had to break the abstract before it
    title_without_gap: float = 4  # times the page's share of blank lines
    abstract_without_gap: float = 1
    small_abstract: float = 5
    bare_abstract: float = 25  # on a page of real abstracts, one without the end of a sentence
    bare_opening: float = 12  # ... or one whose first line reads like a title
    bare_toy: float = 2  # the same on a page of short texts
    roomy_toy: float = 2  # a page of short texts whose lines had room for the next word: not wrapped
    line_more: float = 0.5
    sentence_more: float = 1  # a line goes on with a new sentence
    small_more: float = 2  # ... and that begins with a lower-case letter
    loose_line: float = 3  # a wrapped line that had room for the next word
    same_block: float = 0.5  # share by which doubts shrink on a page of blank lines, where there is none
    gap_inside: float = 3
    title_after_gap: float = 5  # on top of it for a line that reads like a title
    prose_after_gap: float = 12  # two whole paragraphs of prose: rather an abstract that lost its title
    too_long: float = 12  # several lines hold more than one abstract does
    bare_end: float = 11  # the last of several lines reads like a title
    bare_end_of_page: float = 4  # ... where the page may have been cut
    bare_inside: float = 4  # a line that reads like a title, where nothing was wrapped
    title_inside: float = 10  # prose after a line that reads like a title


COSTS: Final = Costs()

_BARE_LENGTH: Final = 200
"""Characters up to which a line without the end of a sentence is more likely a title than an abstract."""

_CLOSERS: Final = "\"'\u201d\u2019»)]}*$"
_ENDS: Final = (".", "!", "?", "。", "…")
_QUESTION_ENDS: Final = ("?", "!")
_QUESTION_TITLENESS: Final = 0.5
_ADDRESS_AT_END: Final = re.compile(r"(https?://|www\.|github\.|\.(com|org|io|net|ai|edu|dev)\b)\S*$", re.IGNORECASE)
_DANGLING: Final = re.compile(
    r"\b(an?|and|are|as|at|be|by|can|for|from|ha[sv]e?|in|into|is|its?|not|of|on|or|our|such|than|that|the|their|these"
    r"|this|to|was|we|were|which|while|with)$"
)
_TELLING: Final = re.compile(
    r"(but|yet|however|this|these|we|our|finally|moreover|furthermore|specifically|thus|additionally|hence|therefore"
    r"|nevertheless|then|here|it|in (this|our|addition|particular))\b",
    re.IGNORECASE,
)
_SPEAKER: Final = re.compile(r"\b(we|our)\b")


class Look(NamedTuple):
    """One line and what shows on it."""

    line: PageLine
    has_gap: bool
    length: int
    first_word_length: int
    is_prose: bool
    is_complete: bool  # ends a sentence
    is_small: bool  # begins with a word in lower case; "xLSTM" is a name
    is_like_title: bool  # short, and either a question or without the end of a sentence
    titleness: float  # the same as a degree: less for a question, which abstracts ask too
    title_cost: float


def look_at(line: PageLine) -> Look:
    """Note what shows on a line."""
    text = line.text
    words = text.split()
    has_address = bool(_ADDRESS_AT_END.search(text.rstrip(_CLOSERS + ".")))
    is_complete = has_address or text.rstrip(_CLOSERS).endswith(_ENDS)
    prose, small = is_prose(text), text[0].islower() and not any(char.isupper() for char in words[0])
    cost = COSTS.prose_title * prose + COSTS.small_title * small
    cost += COSTS.broken_title * (has_address or text.endswith((",", ";", ":")))
    cost += COSTS.sentence_title * text.endswith((".", "。")) + COSTS.dangling_title * bool(_DANGLING.search(text))
    is_telling = bool(_TELLING.match(text) or _SPEAKER.search(text))
    cost += COSTS.telling_title * is_telling
    is_short, is_question = len(text) <= _BARE_LENGTH, text.endswith(_QUESTION_ENDS)
    is_like_title = is_short and (is_question or not is_complete)
    titleness = is_like_title * (_QUESTION_TITLENESS * (not is_telling) if is_question else 1)
    return Look(line, line.has_gap, len(text), len(words[0]), prose, is_complete, small, is_like_title, titleness, cost)
