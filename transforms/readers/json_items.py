r"""Cut JSON of any size and layout into its items, in bounded memory.

    {"meta": ..., "results": [item, item ...]}     a page of an API, in one line or in many
    {"message": {"items": [item, item ...]}}       the same, one level further in
    [item, item ...]                               an array
    item item ...                                  objects one after another
    page page ...                                  pages one after another

    bytes --blocks--> marks (brackets outside of strings) --walk--> the bytes of each item --parse--> Item, Broken

Where an item does not parse, or never ends, the next one is looked for; see `json_resume`.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from transforms.errors import HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, Broken, DumpInfo, place
from transforms.readers.json_marks import Inside, Marks, find_marks
from transforms.readers.json_resume import Resume
from transforms.readers.json_values import Item, parse, shown_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Found = Item | Broken

_BLOCK_BYTES: Final = 64 * 1024
_FIRST_BLOCK_BYTES: Final = 2 * 1024
"""Bytes looked at together, few at first after damage, so that a thousand faults do not cost a thousand blocks."""

_FIRST_WINDOW: Final = 4
_LARGEST_WINDOW: Final = 8192
"""Marks looked at together: few at first, so that a thousand small arrays do not cost a thousand blocks."""

_KEPT_BYTES: Final = 256
"""What is kept of a page outside of its list: the key of a list stands there."""

_LIST_DEPTH: Final = 2
"""A list of items stands in a page; one level deeper, in an object in a page."""

_KEY: Final = re.compile(rb'"([^"\\]{1,64})"\s*:\s*$')
_BETWEEN: Final = b" \t\r\n,\x1e"
_SCALAR: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[^\s,"\x1e][^,\n"]*', re.DOTALL)
_CUT_OFF: Final = "is cut off: the dump ends within this entry"
_NOT_CLOSED: Final = "the dump ends within a list: what came after the entry before is missing"


def read_items(chunks: Iterable[bytes], paths: Iterable[str], info: DumpInfo) -> Iterator[Found]:
    """Yield the items of JSON, in order; `paths` say where pages hold their lists: `results`, `message.items`.

    Values in a list that are no objects are yielded too. A list that is not closed ends with a `Broken`, so
    that a dump that breaks off never looks whole. Raises HostileDumpError for an item without end.
    """
    return _Cutter(paths, info).items(chunks)


class _Cutter:
    """Walks over the marks. `_held` are the bytes from the oldest that is still of use.

    `_level` is the depth of the list whose items are cut, 0 outside of lists; `_start` the place of the
    item that is open, `_gap` the end of the one before.
    """

    def __init__(self, paths: Iterable[str], info: DumpInfo) -> None:
        self._paths, self._info = frozenset(paths), info
        self._wrapper = ""
        self._todo: deque[bytes] = deque()
        self._resume = Resume()
        self._line, self._block_bytes = 1, _BLOCK_BYTES
        self._begin(Inside())

    def items(self, chunks: Iterable[bytes]) -> Iterator[Found]:
        for chunk in chunks:
            self._todo.extend(_blocks(chunk))
            yield from self._work()
        while self._held or self._level:
            yield from self._end()
            yield from self._work()

    def _begin(self, inside: Inside) -> None:
        self._held, self._counted, self._block_start = b"", 0, 0
        self._inside, self._level, self._shift = inside, inside.depth, 0
        self._start: int | None = None
        self._gap = 0
        self._is_page = inside.depth > 1

    def _next_block(self) -> bytes:
        block, size = self._todo.popleft(), self._block_bytes
        if len(block) > size:
            self._todo.appendleft(block[size:])
        self._block_bytes = min(2 * size, _BLOCK_BYTES)
        return block[:size]

    def _work(self) -> Iterator[Found]:
        while self._todo:
            block = self._next_block()
            self._block_start = len(self._held)
            self._held += block
            marks = find_marks(block, self._inside)
            self._inside = marks.end
            held = self._held
            yield from self._walk(marks)
            if self._held is held:
                yield from self._look_back(marks)

    def _walk(self, marks: Marks) -> Iterator[Found]:
        at, width, count, held = 0, _FIRST_WINDOW, len(marks.places), self._held
        while at < count:
            state = self._level, self._shift
            for index in marks.due(at, at + width, self._level, self._shift):
                depth = int(marks.depths[index]) + self._shift
                place = int(marks.places[index]) + self._block_start
                step = self._in_list if self._level else self._outside
                yield from step(place, depth, marks)
                if self._held is not held:  # begun again
                    return
                if (self._level, self._shift) != state:
                    at, width = index + 1 + self._stray(marks, index, state[1]), _FIRST_WINDOW
                    break
            else:
                at, width = at + width, min(2 * width, _LARGEST_WINDOW)

    def _stray(self, marks: Marks, index: int, shift: int) -> int:
        """Count the brackets that follow one which closes nothing, and close nothing either."""
        if self._shift == shift:
            return 0
        others = marks.opens[index + 1 :]
        count = int(others.argmax()) if others.any() else len(others)
        self._shift += count
        return count

    def _outside(self, place: int, depth: int, marks: Marks) -> Iterable[Found]:
        is_list = self._held[place] == ord("[")
        if depth < 0:
            self._shift += 1
        elif depth == 0 and self._is_page:
            self._is_page, self._gap = False, place + 1
        elif depth == 0:
            return self._closed(place + 1, marks)
        elif depth == 1 and not self._is_page:
            found = self._between(place)
            self._start = place
            if is_list:
                self._open_list(place, depth)
            return found
        elif depth == _LIST_DEPTH and not is_list:
            self._wrapper = self._key_before(place) + "."
        elif is_list and self._path_of(place, depth) in self._paths:
            if self._start is not None:
                self._resume.learn(self._held[self._start : place], is_document=True)
            self._is_page = True
            self._open_list(place, depth)
        return ()

    def _open_list(self, place: int, depth: int) -> None:
        self._level, self._start, self._gap = depth, None, place + 1

    def _path_of(self, place: int, depth: int) -> str:
        return ("" if depth == _LIST_DEPTH else self._wrapper) + self._key_before(place)

    def _key_before(self, place: int) -> str:
        key = _KEY.search(self._held, max(0, place - _KEPT_BYTES), place)
        return key[1].decode(errors="replace") if key else ""

    def _in_list(self, place: int, depth: int, marks: Marks) -> Iterable[Found]:
        if depth == self._level:
            return self._closed(place + 1, marks)
        found = self._between(place)
        if depth > self._level:
            self._start = place
        else:
            self._level, self._gap = 0, place + 1
        return found

    def _closed(self, end: int, marks: Marks) -> Iterable[Found]:
        start = self._start if self._start is not None else self._gap
        data = self._held[start:end]
        item = parse(data, self._line_of(start), self._info)
        if isinstance(item, Item):
            self._resume.learn(data, is_document=self._level == 0)
        elif (found := self._resume.after_broken(self._held, start, end, self._level, self._view(marks))) is not None:
            return self._give_up(start, *found, item.reason)
        self._start, self._gap = None, end
        return (item,)

    def _view(self, marks: Marks) -> tuple[Marks, int, int]:
        return marks, self._block_start, self._shift

    def _between(self, place: int) -> list[Found]:
        """Return what stands between two items beside commas: `null`, numbers, text, or what is no JSON."""
        if not self._held[self._gap : place].strip(_BETWEEN):
            return []
        scalars = _SCALAR.finditer(self._held, self._gap, place)
        return [parse(found[0].rstrip(), self._line_of(found.start()), self._info) for found in scalars]

    def _line_of(self, place: int) -> int:
        self._line += self._held.count(b"\n", self._counted, place)
        self._counted = place
        return self._line

    def _look_back(self, marks: Marks) -> Iterator[Found]:
        """See, at the end of a block, whether the item that is open can still end well; let go of what is used up."""
        if self._start is not None:
            self._resume.learn(self._held[self._start : self._start + _KEPT_BYTES], is_document=self._level == 0)
            low = max(self._start + 1, self._block_start - _KEPT_BYTES)
            found = self._resume.inside_open(self._held, low, self._level, self._view(marks))
            if found is not None:
                yield from self._give_up(self._start, *found, "is not JSON: the next entry begins within it")
                return
        keep = self._oldest()
        if len(self._held) - keep > MAX_LINE_BYTES:
            yield from self._split(keep)
            return
        self._line_of(keep)
        self._held, self._counted = self._held[keep:], 0
        self._gap = max(self._gap - keep, 0)
        self._start = None if self._start is None else self._start - keep

    def _oldest(self) -> int:
        if self._start is not None:
            return self._start
        return max(self._gap, len(self._held) - _KEPT_BYTES) if self._is_page and not self._level else self._gap

    def _give_up(self, start: int, at: int, level: int, reason: str) -> list[Found]:
        """Refuse what stands before the place `at`, and begin again there, at the level of a list or outside."""
        broken = Broken(shown_bytes(self._held[start:at].strip(_BETWEEN)), reason, self._line_of(start))
        self._again(at, level)
        return [broken]

    def _again(self, at: int, level: int) -> None:
        self._line_of(at)
        self._todo.extendleft(reversed(_blocks(self._held[at:])))
        self._block_bytes = _FIRST_BLOCK_BYTES
        self._begin(Inside(level))

    def _split(self, low: int) -> Iterator[Found]:
        """Cut what has grown too long wherever an item may begin, and begin again at the last such place."""
        places = self._resume.places(self._held, low + 1, self._level)
        if not places:
            raise HostileDumpError(
                f"has an entry of more than {MAX_LINE_BYTES:,} bytes",
                where=place(self._info, self._line_of(low)),
                hint="no entry is that long; the file is damaged or something else",
            )
        yield from self._pieces(low, places)

    def _pieces(self, low: int, places: list[tuple[int, int]]) -> Iterator[Found]:
        for at, _ in places:
            if data := self._held[low:at].strip(_BETWEEN):
                yield parse(data, self._line_of(low), self._info)
            low = at
        self._again(*places[-1])

    def _places_at_end(self, low: int) -> list[tuple[int, int]]:
        """Return where items may begin in what did not close; of a dump that was cut off only its last item did not."""
        is_cut = self._level > 0 and not self._held.rstrip().endswith((b"}", b"]"))
        return [] if is_cut else self._resume.places(self._held, low + 1, self._level)

    def _end(self) -> Iterator[Found]:
        """Settle what is still held when the dump has ended."""
        low = self._oldest()
        if self._is_page and not self._level:
            self._begin(Inside())
        elif places := self._places_at_end(low):
            yield from self._pieces(low, places)
        elif self._start is not None:
            yield Broken(shown_bytes(self._held[low:]), _CUT_OFF, self._line_of(low))
            self._begin(Inside())
        else:
            yield from self._between(len(self._held))
            if self._level:
                yield Broken("", _NOT_CLOSED, self._line_of(len(self._held)))
            self._begin(Inside())


def _blocks(data: bytes) -> list[bytes]:
    return [data[at : at + _BLOCK_BYTES] for at in range(0, len(data), _BLOCK_BYTES)]
