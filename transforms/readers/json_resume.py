r"""Find where the next item of damaged JSON begins.

    {"id": 1, "title": "a "b" c"}, {"id": 2 ...        a quote too many: all that follows is taken for text
    {"id": 1, "author": {"name": "x"}, {"id": 2 ...    a bracket too few: the next item is taken for a part

An item may begin at a comma and an object that opens with the key with which the items of this dump
open, a document at a new line and an object that opens as documents do. In JSON without damage no
such thing stands within a string (its quote would have a backslash), nor straight within an object
(a key would have to come first), so that there it is a sure sign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.readers.json_marks import Marks

    View = tuple[Marks, int, int]
    Place = tuple[int, int]

_MOST_KEYS: Final = 16
"""First keys that are remembered; the items of one program have one or two."""

_FIRST_KEY: Final = re.compile(rb'\{\s*("(?:[^"\\]|\\.){1,64}")\s*:')
_KEY_ROOM: Final = 256
_GOES_ON: Final = re.compile(rb"\s*[,\]]")
_COMMA_AND_BRACE: Final = re.compile(rb",\s{0,100}(\{)\s{0,100}$")
_COLON: Final = re.compile(rb"\s{0,100}:")
_NOTHING: Final = re.compile(rb"(?!)")


class Resume:
    """Remembers how items and documents open; says where the next one does.

    Answers are a place and the level at which to go on: that of the list, or 0 where a document begins.
    A view is the marks of the block last looked at, the place where it begins, and what to add to its depths.
    """

    def __init__(self) -> None:
        self._items: set[bytes] = set()
        self._documents: set[bytes] = set()
        self._outside = _NOTHING

    def learn(self, data: bytes, *, is_document: bool) -> None:
        """Remember the key with which an item or a document opens."""
        keys = self._documents if is_document else self._items
        if len(keys) < _MOST_KEYS and (found := _FIRST_KEY.match(data, 0, _KEY_ROOM)) and found[1] not in keys:
            keys.add(found[1])
            self._outside = re.compile(rb"\n[ \t]*(?=\{\s*(?:" + _any_of(self._documents) + rb")\s*:)")

    def places(self, held: bytes, low: int, level: int) -> list[Place]:
        """Return the places from `low` on where items may begin, as far as the first new document."""
        found: list[Place] = []
        for candidate in self._candidates(held, low, len(held), level):
            found.append(candidate)
            if level > candidate[1]:
                break
        return found

    def inside_open(self, held: bytes, low: int, level: int, view: View) -> Place | None:
        """Return the first place from `low` on that shows, in the last block, that the open item is damaged."""
        candidates = self._candidates(held, low, len(held), level)
        return next((found for found in candidates if _is_sure(held, found, level, view)), None)

    def after_broken(self, held: bytes, start: int, end: int, level: int, view: View) -> Place | None:
        """Return where to go on within an item that did not parse; None where its end can be trusted."""
        self.learn(held[start : start + _KEY_ROOM], is_document=level == 0)
        candidates = self._candidates(held, start + 1, end, level)
        sure = next((found for found in candidates if _is_sure(held, found, level, view)), None)
        if sure or not candidates or (level and _GOES_ON.match(held, end)):
            return sure
        return candidates[0]

    def _candidates(self, held: bytes, low: int, high: int, level: int) -> list[Place]:
        found = [(document.end(), 0) for document in self._outside.finditer(held, low, high)]
        if level:
            found += [(at, level) for key in self._items for at in _openings(held, key, low, high)]
        return sorted(found)


def _openings(held: bytes, key: bytes, low: int, high: int) -> Iterator[int]:
    """Yield the places after a comma where an object opens with a key: to look for the key takes the least time."""
    at = held.find(key, low, high)
    while at >= 0:
        before = _COMMA_AND_BRACE.search(held, max(low, at - _KEY_ROOM), at)
        if before and _COLON.match(held, at + len(key)):
            yield before.start(1)
        at = held.find(key, at + 1, high)


def _any_of(keys: set[bytes]) -> bytes:
    return b"|".join(map(re.escape, sorted(keys))) or b"(?!)"


def _is_sure(held: bytes, found: Place, level: int, view: View) -> bool:
    marks, block_start, shift = view
    at = found[0] - block_start
    if at > 0:
        is_string, depth = marks.is_string(at), marks.depth(at)
    elif b":" in held[found[0] : block_start]:  # the block before has seen to it
        return False
    else:  # the key goes on into this block
        is_string = marks.begin.is_string ^ bool(held.count(b'"', found[0], block_start) & 1)
        depth = marks.begin.depth - (at < 0 and not is_string)
    return is_string or found[1] < level or (level > 0 and depth + shift == level + 1)
