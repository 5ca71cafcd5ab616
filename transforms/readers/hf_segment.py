"""Find the cheapest way to cut the lines of a Hugging Face papers page into entries."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.readers.hf_costs import COSTS, Look

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ABSTRACT: Final = 2_000
"""Characters from which several lines are hardly one abstract: arXiv takes 1,920."""

_MAX_SPAN_LENGTH: Final = 3 * MAX_ABSTRACT
_MAX_SPAN_LINES: Final = 100
_FEW_LINES: Final = 4
_MAX_TITLES_IN_A_ROW: Final = 5

_ROUNDING: Final = 1e-6
"""More than sums of costs differ by the order in which they are added up."""

_LEAST_WRAP_WIDTH: Final = 40
_WRAP_WIDTH: Final = 250
"""Columns from and to which lines may have been wrapped by a program."""

_TOY_LENGTH: Final = 40
"""Characters below which a line on a page of short texts is more likely whole than broken off."""

_PROSE_SHARE: Final = 0.15
"""Share of lines from which a page is one of real abstracts; half of them where nothing is wrapped."""

_FULL_GAP_SHARE: Final = 0.3
"""Share of lines after a blank one from which a blank line, there or missing, counts in full."""


class Span(NamedTuple):
    """Lines start to end (excluded) are one entry, its title first, or something that does not belong.

    `is_orphan` is an abstract without a title, `is_list` several titles without abstracts.
    """

    start: int
    end: int
    is_orphan: bool = False
    is_list: bool = False


_Step = tuple[float, Span | None]


def cut(looks: list[Look]) -> list[Span]:
    """Return the entries of the cheapest cut, in order: a shortest path through the lines.

    A first look at entries of a few lines says how little any cut need cost; longer ones are then
    followed no further than that. Costs only ever grow, so that nothing cheaper is missed.
    """
    page = _Page(looks)
    unbounded = [float("inf")] * (len(looks) + 1)
    bounds = [cost for cost, _ in _cheapest(page, unbounded, _FEW_LINES)]
    return _trace(_cheapest(page, bounds, _MAX_SPAN_LINES))


def _cheapest(page: _Page, bounds: list[float], most_lines: int) -> list[_Step]:
    """Return, for each place between lines, the least cost up to it and the last span; `bounds` are costs known before."""
    count = len(page.looks)
    best: list[_Step] = [(0.0, None), *[(float("inf"), None)] * count]
    for start in range(count):
        before = best[start][0]
        limit = max(bounds[start + 1 : start + most_lines + 2]) - before + _ROUNDING
        for span, cost in page.choices(start, most_lines, limit):
            if before + cost < best[span.end][0]:
                best[span.end] = (before + cost, span)
    return best


def _trace(best: list[_Step]) -> list[Span]:
    spans: list[Span] = []
    span = best[-1][1]
    while span is not None:
        spans.append(span)
        span = best[span.start][1]
    return spans[::-1]


class _Page:
    """The lines that are weighed together, and what is usual among them."""

    def __init__(self, looks: list[Look]) -> None:
        self.looks = looks
        count = max(1, len(looks))
        self.has_prose = sum(look.is_prose for look in looks) >= _PROSE_SHARE * count
        self.gap_weight = min(1.0, sum(look.has_gap for look in looks[1:]) / count / _FULL_GAP_SHARE)

    def choices(self, start: int, most_lines: int, limit: float) -> Iterator[tuple[Span, float]]:
        """Yield every entry that may begin at a line, with its cost; those above the limit may be missing."""
        cost = self._title_cost(start)
        if start + 1 == len(self.looks):
            yield Span(start, start + 1), cost + COSTS.last_title_alone
        for end, abstract_cost in self._abstracts(start + 1, most_lines, limit - cost):
            yield Span(start, end), cost + abstract_cost
        for end in range(start + 1, min(start + _MAX_TITLES_IN_A_ROW, len(self.looks)) + 1):
            yield Span(start, end, is_list=True), COSTS.violation + cost
            cost += COSTS.title_more + (self._title_cost(end) if end < len(self.looks) else 0)
        if not self.looks[start].is_like_title:
            for end, abstract_cost in self._abstracts(start, most_lines, limit - COSTS.violation):
                yield Span(start, end, is_orphan=True), COSTS.violation + abstract_cost

    def _title_cost(self, at: int) -> float:
        look = self.looks[at]
        return look.title_cost + COSTS.title_without_gap * self.gap_weight * (not look.has_gap)

    def _abstracts(self, start: int, most_lines: int, limit: float) -> Iterator[tuple[int, float]]:
        """Yield the end and the cost of every abstract that may begin at a line."""
        looks = self.looks[start : start + most_lines]
        if not looks:
            return
        abstract = _Abstract(self, looks[0])
        yield start + 1, abstract.cost_alone(self._at(start + 1))
        for end, (before, look) in enumerate(pairwise(looks), start + 2):
            abstract.add(before, look)
            if abstract.length > _MAX_SPAN_LENGTH or abstract.cost > limit:
                return
            yield end, abstract.cost_on_lines(before, look, self._at(end))

    def _at(self, position: int) -> Look | None:
        return self.looks[position] if position < len(self.looks) else None


class _Abstract:
    """An abstract that grows line by line, and its cost so far."""

    def __init__(self, page: _Page, first: Look) -> None:
        self._page = page
        self._first = first
        self.cost = COSTS.abstract_without_gap * page.gap_weight * (not first.has_gap)
        self.cost += COSTS.small_abstract * first.is_small
        self._is_bare_start = first.is_like_title
        self._width = first.length
        self._least_needed = float("inf")
        self.length = first.length

    def add(self, before: Look, look: Look) -> None:
        """Take in a line that goes on with the text of the line before it."""
        needed = before.length + 1 + look.first_word_length
        self._width = max(self._width, look.length)
        self._least_needed = min(self._least_needed, needed)
        self.length += 1 + look.length
        self.cost += COSTS.line_more
        if before.is_complete:
            self.cost += COSTS.small_more if look.is_small else COSTS.sentence_more
        if look.has_gap:
            self.cost += self._gap_cost(before, look)
        if not look.is_small:
            self.cost += self._expected(look) * self._doubt(
                before, look, had_room=needed <= max(self._width, _LEAST_WRAP_WIDTH)
            )
        self._is_bare_start = self._is_bare_start and look.is_like_title

    def _expected(self, look: Look) -> float:
        """Return the share of doubt about a line: less where the page uses blank lines, and there is none."""
        return 1 - COSTS.same_block * self._page.gap_weight * (not look.has_gap)

    def _gap_cost(self, before: Look, look: Look) -> float:
        cost = COSTS.gap_inside * self._page.gap_weight
        return cost + before.is_complete * (
            COSTS.prose_after_gap * look.is_prose + COSTS.title_after_gap * look.titleness
        )

    def _doubt(self, before: Look, look: Look, *, had_room: bool) -> float:
        """Return what speaks against a line that begins with a capital as part of the abstract."""
        may_be_wrapped = self._width <= _WRAP_WIDTH
        cost = COSTS.roomy_toy * (had_room and not self._page.has_prose and before.length < _TOY_LENGTH)
        cost += COSTS.loose_line * (had_room and may_be_wrapped and not before.is_complete)
        cost += COSTS.bare_inside * look.titleness * (not may_be_wrapped)
        if self._is_bare_start and (had_room or not may_be_wrapped):
            return cost + (COSTS.bare_opening if self._page.has_prose else COSTS.bare_toy)
        return cost + COSTS.title_inside * before.titleness * look.is_prose

    def cost_alone(self, title: Look | None) -> float:
        """Return the cost of an abstract on one line, before a title or the end of the page."""
        cost = self.cost
        if self._first.is_like_title:
            cost += COSTS.bare_abstract if self._page.has_prose and title else COSTS.bare_toy
        return cost + self._closing_cost(self._first, title)

    def cost_on_lines(self, before: Look, last: Look, title: Look | None) -> float:
        """Return the cost of an abstract on several lines, `before` and `last` at its end, before a title or nothing."""
        cost = self.cost + COSTS.too_long * (self.length > MAX_ABSTRACT)
        if last.is_like_title and (before.is_complete or self._width > _WRAP_WIDTH):
            cost += self._expected(last) * (COSTS.bare_end if title else COSTS.bare_end_of_page)
        if title and not title.has_gap:
            is_wrapped = _LEAST_WRAP_WIDTH <= self._width <= _WRAP_WIDTH and self._least_needed > self._width
            cost += COSTS.after_wrapped * (is_wrapped and last.length + 1 + title.first_word_length > self._width)
        return cost + self._closing_cost(last, title)

    def _closing_cost(self, last: Look, title: Look | None) -> float:
        if title is None or title.has_gap or last.is_complete:
            return 0
        return COSTS.after_incomplete if self._page.has_prose else COSTS.after_incomplete_toy
