r"""Find the brackets of JSON that stand outside of its strings, a block of bytes at a time.

    {"a": "x}", "b": [1]}      places  0 17 19 20
                               depths  1  2  1  0     how many brackets are open after each

With arrays instead of a loop over the characters, after the idea of simdjson (Langdale and Lemire,
"Parsing Gigabytes of JSON per Second", 2019): what is inside of a string follows from counting
the quotes before it, how deep a bracket stands from counting those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")


DEEPEST_LIST: Final = 3
"""Depth of a list of items that stands in an object in a page."""

_FEW: Final = 4
"""So few marks are looked at before an array is made of them."""


def _table(marks: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(marks)] = True
    return table


_IS_MARK: Final = _table(rb'"\{}[]')
_IS_OPENING: Final = _table(b"{[")
_IS_BRACKET: Final = _table(b"{[]}")


class Inside(NamedTuple):
    """Where a block begins: how deep, in a string or not, after a backslash that escapes its first byte or not."""

    depth: int = 0
    is_string: bool = False
    is_escaped: bool = False


class Marks(NamedTuple):
    """The brackets of one block outside of strings, the quotes of its strings, and where the next block begins."""

    places: Places
    depths: Places
    opens: NDArray[np.bool_]
    quotes: Places
    begin: Inside
    end: Inside

    def is_string(self, place: int) -> bool:
        """Tell whether a place of the block is inside of a string."""
        return bool((np.searchsorted(self.quotes, place) + self.begin.is_string) & 1)

    def depth(self, place: int) -> int:
        """Count the brackets that are open before a place."""
        before = int(np.searchsorted(self.places, place))
        return int(self.depths[before - 1]) if before else self.begin.depth

    def due(self, start: int, end: int, level: int, shift: int) -> list[int]:
        """Choose, of the brackets from `start` to `end`, those that begin or end an item, or may begin a list of items.

        `level` is the depth of the list that is open, 0 outside of lists; `shift` is added to the depths.
        """
        last, open_last = (level - shift, level + 1 - shift) if level else (-shift, DEEPEST_LIST - shift)
        depths, opens = self.depths[start:end], self.opens[start:end]
        if len(depths) <= _FEW:
            pairs = enumerate(zip(depths.tolist(), opens.tolist(), strict=True), start)
            return [at for at, (depth, is_open) in pairs if depth <= last or (is_open and depth <= open_last)]
        is_due = (depths <= last) | (opens & (depths <= open_last))
        found: list[int] = (np.flatnonzero(is_due) + start).tolist()
        return found


def find_marks(block: bytes, begin: Inside) -> Marks:
    """Return the marks of a block that begins as the block before it ended."""
    codes = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero(_IS_MARK[codes])
    kinds = codes[marks]
    is_quote = kinds == _QUOTE
    escaped = _escaped(marks[kinds == _BACKSLASH], is_escaped=begin.is_escaped)
    if escaped.size:
        is_free = np.ones(len(block) + 1, np.bool_)
        is_free[escaped] = False
        is_quote &= is_free[marks]
    opened = np.cumsum(is_quote, dtype=np.int32) + begin.is_string
    is_bracket = ((opened & 1) == 0) & _IS_BRACKET[kinds]
    opens = _IS_OPENING[kinds[is_bracket]]
    depths = np.cumsum(np.where(opens, 1, -1)) + begin.depth
    end = Inside(
        int(depths[-1]) if depths.size else begin.depth,
        bool(opened[-1] & 1) if opened.size else begin.is_string,
        bool(escaped.size) and int(escaped[-1]) == len(block),
    )
    return Marks(marks[is_bracket], depths, opens, marks[is_quote], begin, end)


def _escaped(slashes: Places, *, is_escaped: bool) -> Places:
    """Return the places that a backslash escapes: those after a run of backslashes of odd length."""
    leading = np.zeros(int(is_escaped), np.int64)
    if not slashes.size:
        return leading
    firsts = np.concatenate([[0], np.flatnonzero(slashes[1:] - slashes[:-1] != 1) + 1])
    lengths = np.concatenate([firsts[1:], [slashes.size]]) - firsts
    ends = slashes[firsts] + lengths
    if is_escaped and slashes[0] == 0:
        lengths[0] -= 1
        leading = leading[:0]
    return np.concatenate([leading, ends[lengths % 2 == 1]])
