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
    from collections.abc import Iterator

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
    small_title: float = 2.5  # begins with a lower-case letter: rare, but "xLSTM" does
    dangling_title: float = 3  # ends with a word that asks for another
    after_incomplete: float = 3  # the abstract before it does not end a sentence
    after_wrapped: float = 4  # it stands where a program had to break the abstract before it
    title_without_gap: float = 4  # times the page's share of blank lines
    abstract_without_gap: float = 1
    small_abstract: float = 5
    bare_abstract: float = 25  # on a page of real abstracts, one without the end of a sentence
    bare_opening: float = 12  # ... or one whose first line reads like a title
    bare_toy: float = 3  # the same on a page of short texts
    line_more: float = 0.5
    sentence_more: float = 1  # a line goes on with a new sentence
    loose_line: float = 3  # a wrapped line that had room for the next word
    gap_inside: float = 3
    title_after_gap: float = 5  # on top of it for a line that reads like a title
    prose_after_gap: float = 12  # two whole paragraphs of prose: rather an abstract that lost its title
    too_long: float = 12  # several lines hold more than one abstract does
    bare_end: float = 8  # the last of several lines reads like a title
    bare_end_of_page: float = 4  # ... where the page may have been cut
    title_inside: float = 10  # prose after a line that reads like a title


COSTS: Final = Costs()

MAX_ABSTRACT: Final = 2_000
"""Characters from which several lines are hardly one abstract: arXiv takes 1,920."""

_MAX_SPAN_LINES: Final = 100
_MAX_TITLES_IN_A_ROW: Final = 5
_MAX_SPAN_LENGTH: Final = 3 * MAX_ABSTRACT

_WRAP_WIDTH: Final = 250
"""Columns up to which lines may have been wrapped by a program."""

_BARE_LENGTH: Final = 200
"""Characters up to which a line without the end of a sentence is more likely a title than an abstract."""

_PROSE_SHARE: Final = 0.15
"""Share of lines from which a page is one of real abstracts; half of them where nothing is wrapped."""

_FULL_GAP_SHARE: Final = 0.3
"""Share of lines after a blank one from which a missing blank line counts in full."""

_CLOSERS: Final = "\"'\u201d\u2019»)]}*$"
_ENDS: Final = (".", "!", "?", "。", "…")
_ADDRESS_AT_END: Final = re.compile(r"(https?://|www\.|github\.|\.(com|org|io|net|ai|edu|dev)\b)\S*$", re.IGNORECASE)
_DANGLING: Final = re.compile(
    r"\b(an?|and|are|as|at|be|by|can|for|from|ha[sv]e?|in|into|is|its?|not|of|on|or|our|such|than|that|the|their|these"
    r"|this|to|was|we|were|which|while|with)$"
)


class Look(NamedTuple):
    """One line and what shows on it."""

    line: PageLine
    length: int
    first_word_length: int
    is_prose: bool
    is_complete: bool  # ends a sentence
    is_small: bool  # begins with a lower-case letter
    is_bare: bool  # could be a title by its length and its end
    title_cost: float


class Span(NamedTuple):
    """Lines start to end (excluded) are one entry, its title first, or something that does not belong.

    `is_orphan` is an abstract without a title, `is_list` several titles without abstracts.
    """

    start: int
    end: int
    is_orphan: bool = False
    is_list: bool = False


def look_at(line: PageLine) -> Look:
    """Note what shows on a line."""
    text = line.text
    words = text.split()
    has_address = bool(_ADDRESS_AT_END.search(text.rstrip(_CLOSERS + ".")))
    is_complete = has_address or text.rstrip(_CLOSERS).endswith(_ENDS)
    prose, small = is_prose(text), text[0].islower()
    cost = COSTS.prose_title * prose + COSTS.small_title * small
    cost += COSTS.broken_title * (has_address or text.endswith((",", ";", ":")))
    cost += COSTS.sentence_title * text.endswith((".", "。")) + COSTS.dangling_title * bool(_DANGLING.search(text))
    is_bare = len(text) <= _BARE_LENGTH and not is_complete
    return Look(line, len(text), len(words[0]), prose, is_complete, small, is_bare, cost)


class Segmenter:
    """Finds the cheapest way to cut lines into entries."""

    def __init__(self, looks: list[Look]) -> None:
        self.looks = looks
        count = max(1, len(looks))
        self.has_prose = sum(look.is_prose for look in looks) >= _PROSE_SHARE * count
        self.gap_weight = min(1.0, sum(look.line.has_gap for look in looks[1:]) / count / _FULL_GAP_SHARE)

    def spans(self) -> list[Span]:
        """Return the entries of the cheapest cut, in order."""
        count = len(self.looks)
        best: list[tuple[float, Span | None]] = [(0.0, None), *[(float("inf"), None)] * count]
        for start in range(count):
            for span, cost in self._choices(start):
                total = best[start][0] + cost
                if total < best[span.end][0]:
                    best[span.end] = (total, span)
        return _trace(best)

    def _choices(self, start: int) -> Iterator[tuple[Span, float]]:
        """Yield every entry that may begin at a line, with its cost."""
        cost = self._title_cost(start)
        if start + 1 == len(self.looks):
            yield Span(start, start + 1), cost + COSTS.last_title_alone
        for end, abstract_cost in self._abstracts(start + 1):
            yield Span(start, end), cost + abstract_cost
        for end in range(start + 1, min(start + _MAX_TITLES_IN_A_ROW, len(self.looks)) + 1):
            yield Span(start, end, is_list=True), COSTS.violation + cost
            cost += COSTS.title_more + (self._title_cost(end) if end < len(self.looks) else 0)
        if not self.looks[start].is_bare:
            for end, abstract_cost in self._abstracts(start):
                yield Span(start, end, is_orphan=True), COSTS.violation + abstract_cost

    def _title_cost(self, at: int) -> float:
        look = self.looks[at]
        return look.title_cost + COSTS.title_without_gap * self.gap_weight * (not look.line.has_gap)

    def _abstracts(self, start: int) -> Iterator[tuple[int, float]]:
        """Yield the end and the cost of every abstract that may begin at a line."""
        looks = self.looks[start : start + _MAX_SPAN_LINES]
        if not looks:
            return
        cost, length, width = self._opening_cost(start), looks[0].length, looks[0].length
        yield start + 1, cost + self._single_cost(start) + self._closing_cost(start + 1, length, 0)
        for end, look in enumerate(looks[1:], start + 2):
            width, length = max(width, look.length), length + 1 + look.length
            if length > _MAX_SPAN_LENGTH:
                return
            cost += self._line_cost(end - 1, width, is_second=end == start + 2)
            yield end, cost + self._closing_cost(end, length, width)

    def _opening_cost(self, at: int) -> float:
        look = self.looks[at]
        missing_gap = COSTS.abstract_without_gap * self.gap_weight * (not look.line.has_gap)
        return missing_gap + COSTS.small_abstract * look.is_small

    def _single_cost(self, at: int) -> float:
        if not self.looks[at].is_bare:
            return 0
        is_last = at + 1 == len(self.looks)
        return COSTS.bare_abstract if self.has_prose and not is_last else COSTS.bare_toy

    def _line_cost(self, at: int, width: int, *, is_second: bool) -> float:
        """Return the cost of a line that goes on with the abstract of the line before it."""
        before, look = self.looks[at - 1], self.looks[at]
        had_room = width <= _WRAP_WIDTH and before.length + 1 + look.first_word_length <= width
        cost = COSTS.line_more + COSTS.sentence_more * (before.is_complete and not look.is_small)
        cost += COSTS.gap_inside * self.gap_weight * look.line.has_gap
        cost += COSTS.prose_after_gap * (look.line.has_gap and look.is_prose and before.is_complete)
        if look.is_small:
            return cost
        cost += COSTS.title_after_gap * (look.line.has_gap and look.is_bare and before.is_complete)
        cost += COSTS.loose_line * (had_room and not before.is_complete)
        cost += COSTS.title_inside * (not is_second and before.is_bare and look.is_prose)
        if is_second and before.is_bare and (had_room or width > _WRAP_WIDTH) and not self._is_one_block(before, look):
            cost += COSTS.bare_opening if self.has_prose else COSTS.bare_toy
        return cost

    @staticmethod
    def _is_one_block(before: Look, look: Look) -> bool:
        return before.line.has_gap and not look.line.has_gap

    def _closing_cost(self, end: int, length: int, width: int) -> float:
        """Return the cost of an abstract that ends before line `end`; width 0: it stands on one line."""
        last, is_last = self.looks[end - 1], end == len(self.looks)
        cost = COSTS.too_long * (width > 0 and length > MAX_ABSTRACT)
        if width and last.is_bare:
            cost += COSTS.bare_end_of_page if is_last else COSTS.bare_end
        if is_last:
            return cost
        title = self.looks[end]
        cost += COSTS.after_incomplete * (not last.is_complete and not title.line.has_gap)
        is_full = 0 < width <= _WRAP_WIDTH and last.length + 1 + title.first_word_length > width
        return cost + COSTS.after_wrapped * (is_full and not title.line.has_gap)


def _trace(best: list[tuple[float, Span | None]]) -> list[Span]:
    spans: list[Span] = []
    span = best[-1][1]
    while span is not None:
        spans.append(span)
        span = best[span.start][1]
    return spans[::-1]
