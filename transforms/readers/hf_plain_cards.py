"""Read a papers page of which nothing is left but its text, with the facts around each paper still in it.

    101
    Title
    Abstract, on one line or wrapped
    An Organization
    ·
    May 296

Facts are known by their looks; of the lines that are left, titles and abstracts are told apart as on
the page saved as text (`hf_entries`). A print-out has also the heads and feet of its sheets.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from transforms.readers.hf_blocks import Block
from transforms.readers.hf_cards import Card, cards_at
from transforms.readers.hf_costs import look_at
from transforms.readers.hf_entries import pair_up
from transforms.readers.hf_facts import is_fact, shown_day, submitter
from transforms.readers.hf_links import without_lynx_marks
from transforms.readers.hf_page import PageLine, is_prose, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transforms.readers.base import DumpInfo

_SHEET: Final = re.compile(
    r"https?://\S*(?:\s+\d{1,4}/\d{1,4})?|\d{1,4}/\d{1,4}|\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},?\s+\d{1,2}:\d\d.*|(?:daily|trending) papers - hugging face.*",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(r"[·•].*", re.DOTALL)
_NAME_LENGTH: Final = 80
_ADDRESS: Final = re.compile(r"https?://\S{1,2000}")
_HABIT: Final = 3
_BEHIND_ALL: Final = 2**31
"""The number of a line that no page has."""


def is_plain(blocks: Sequence[Block]) -> bool:
    """Tell a page of nothing but text: no link, no heading, no addresses that stand alone."""
    alone = sum(_ADDRESS.fullmatch(block.text) is not None for block in blocks)
    return alone < _HABIT and not any(block.level or block.link is not None for block in blocks)


def plain_cards(text: str, info: DumpInfo) -> tuple[Sequence[Block], list[Card]]:
    """Return the top of a page and its papers. Raises DamagedDumpError where titles and abstracts are out of step."""
    lines = [line for line in _lines(without_lynx_marks(text)) if not _SHEET.fullmatch(line.text)]
    units = _paragraphs(lines)
    if not _has_gaps(units):
        units = lines
    body = [line for line in open_page(units, info).lines if not is_fact(line.text)]
    names = _names(units)
    body = [line for line in body if line.number not in names]
    if not any(is_prose(line.text) or line.text.endswith(".") for line in body):
        return _built(units, {line.number: () for line in body})
    entries = {entry.title.number: tuple(line.number for line in entry.abstract) for entry in pair_up(body, info)}
    return _built(_unglued(units, body), entries)


def _lines(text: str) -> Iterator[PageLine]:
    has_gap = True
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield PageLine(number, line.strip(), has_gap)
        has_gap = not line.strip()


def _paragraphs(lines: Sequence[PageLine]) -> list[PageLine]:
    """Join the lines between two blank ones, facts left out."""
    groups: list[list[PageLine]] = []
    for line in lines:
        if groups and not line.has_gap and not is_fact(line.text) and not is_fact(groups[-1][-1].text):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [PageLine(group[0].number, " ".join(line.text for line in group), group[0].has_gap) for group in groups]


def _has_gaps(units: Sequence[PageLine]) -> bool:
    """Tell whether blank lines part title and abstract: then running text has neighbours that are no facts."""
    prose = sum(is_prose(unit.text) for unit in units)
    neighbours = sum(is_prose(unit.text) and not is_fact(before.text) for before, unit in pairwise(units))
    return 2 * neighbours >= prose


def _names(units: Sequence[PageLine]) -> set[int]:
    """Find names of people and organizations: behind `Submitted by`, and between an abstract and its date."""
    found = {
        after.number for before, after in pairwise(units) if submitter(before.text) == "" and not is_fact(after.text)
    }
    for before, unit, after in zip(units, units[1:], units[2:], strict=False):
        is_name = len(unit.text) <= _NAME_LENGTH and not unit.text.endswith((".", "!", "?")) and not is_fact(unit.text)
        is_before_date = _SEPARATOR.fullmatch(after.text) or shown_day(after.text)
        if is_name and is_before_date and look_at(before).is_complete:
            found.add(unit.number)
    return found


def _unglued(units: Sequence[PageLine], body: Sequence[PageLine]) -> list[PageLine]:
    """Put in the lines that `open_page` changed: a first title without the button that was glued to it."""
    changed = {line.number: line for line in body}
    return [changed.get(unit.number, unit) for unit in units]


def _built(units: Sequence[PageLine], entries: dict[int, tuple[int, ...]]) -> tuple[Sequence[Block], list[Card]]:
    """Make blocks of the lines, each abstract one block, and cards of the blocks."""
    texts = {unit.number: unit.text for unit in units}
    inside = {number for abstract in entries.values() for number in abstract[1:]}
    joined = {abstract[0]: "\n".join(texts[number] for number in abstract) for abstract in entries.values() if abstract}
    kept = [unit for unit in units if unit.number not in inside]
    ends = [*(unit.number for unit in kept), _BEHIND_ALL][1:]
    blocks = [
        Block(unit.number, joined.get(unit.number, unit.text), has_gap=unit.has_gap, end=end)
        for unit, end in zip(kept, ends, strict=True)
    ]
    return cards_at(blocks, [place for place, unit in enumerate(kept) if unit.number in entries])
