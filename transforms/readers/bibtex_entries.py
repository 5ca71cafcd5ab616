r"""From chunks of BibTeX to its entries, one by one and in order.

    Chunk --START--> block --parse--> @string     remembered
                                      @comment, @preamble     not entries
                                      any other type          BibEntry, or Broken with its raw text

A line of a value may look like the start of an entry, so a chunk that ends within a value is joined
with the next ones, a few at most: what still makes no sense then is one broken entry, which ends
where the next one begins.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from transforms.readers.base import Broken
from transforms.readers.bibtex_grammar import START, Block, Fault, Unclosed, parse_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.readers.bibtex_chunks import Chunk

_MAX_JOINED: Final = 4
"""Lines of one value that look like starts of entries; more of them, and a brace is missing instead."""

_UNOPENED: Final = re.compile(
    r"\ufeff?\s*+@\s*+(?:article|book|inproceedings|conference|incollection|inbook|misc|techreport|phdthesis"
    r"|mastersthesis)\b",
    re.IGNORECASE,
)
_MAX_MACROS: Final = 16 * 1024 * 1024
"""Characters of all macros of a dump; those of real libraries are lists of journals."""

_LEFTOVER: Final = re.compile(r"""[\s,})]*+[^\s=,{}()"\#%@]{1,100}+\s*+=\s*+["{\d]""")
"""A field behind the end of its entry: a brace too many has closed it early."""

_DAMAGE: Final = re.compile("[\udc80-\udcff]")
_NO_ENTRIES: Final = frozenset({"comment", "preamble"})
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(slots=True)
class BibEntry:
    """One entry: type and names of fields in lower case, macros expanded, TeX as it stands.

    `repeated` holds fields whose name is taken.
    """

    kind: str
    key: str
    fields: dict[str, str]
    repeated: list[tuple[str, str]]
    line: int
    raw: str


def read_entries(chunks: Iterator[Chunk]) -> Iterator[BibEntry | Broken]:
    """Yield the entries of a dump, and what should be entries but makes no sense."""
    splitter = _Splitter(chunks)
    while (chunk := splitter.next_chunk()) is not None:
        yield from splitter.entries(chunk)


class _Splitter:
    """Knows the macros that are defined so far, and the chunks that were looked at too early."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._returned: deque[Chunk] = deque()
        self._macros = {month: month for month in _MONTHS}
        self._macro_length = 0

    def next_chunk(self) -> Chunk | None:
        return self._returned.popleft() if self._returned else next(self._chunks, None)

    def entries(self, chunk: Chunk) -> Iterator[BibEntry | Broken]:
        pos, counted, line = 0, 0, chunk.line
        while found := _next_start(chunk.text, pos):
            if pos == 0 and (unopened := _unopened(chunk, found.start())):
                yield unopened
            start = found.start()
            line += chunk.text.count("\n", counted, start)
            counted = start
            try:
                block, chunk = self._parsed(chunk, found)
            except Fault as fault:
                if found[1].lower() not in _NO_ENTRIES:
                    yield _broken(chunk.text[start:], str(fault), line)
                return
            pos = block.end
            if block.kind == "string":
                if not self._define(block):
                    yield _broken(
                        chunk.text[start:pos], "is one string too many: their names and values fill memory", line
                    )
            elif block.kind not in _NO_ENTRIES:
                raw = chunk.text[start:pos].lstrip("\ufeff")
                yield BibEntry(block.kind, block.key, block.fields, block.repeated, line, raw)
        if pos == 0 and (unopened := _unopened(chunk, len(chunk.text))):
            yield unopened

    def _define(self, block: Block) -> bool:
        """Remember strings, unless there are too many of them."""
        self._macro_length += sum(len(name) + len(value) for name, value in block.fields.items())
        if self._macro_length > _MAX_MACROS:
            return False
        self._macros |= block.fields
        return True

    def _parsed(self, chunk: Chunk, found: re.Match[str]) -> tuple[Block, Chunk]:
        """Return a block, and its chunk, joined with as many others as it takes; a Fault leaves the others alone."""
        used: list[Chunk] = []
        while True:
            try:
                block = parse_block(chunk.text, found, self._macros)
                _check(chunk, found.start(), block.end)
            except Fault as fault:
                can_go_on = isinstance(fault, Unclosed) and len(used) < _MAX_JOINED
                following = self.next_chunk() if can_go_on else None
                if following is None:
                    self._returned.extendleft(reversed(used))
                    raise
                used.append(following)
                chunk = _joined(chunk, following)
            else:
                return block, chunk


def _next_start(text: str, pos: int) -> re.Match[str] | None:
    """Find the next block, not behind a `%` on its line."""
    for found in START.finditer(text, pos):
        begin = max(pos, text.rfind("\n", 0, found.start()) + 1)
        if "%" not in text[begin : found.start()]:
            return found
    return None


def _unopened(chunk: Chunk, end: int) -> Broken | None:
    """Return what begins like an entry but has no opening brace, up to a place in the chunk."""
    if not _UNOPENED.match(chunk.text, 0, end):
        return None
    return _broken(chunk.text[:end], "has no opening brace behind its type", chunk.line)


def _check(chunk: Chunk, start: int, end: int) -> None:
    """Raise Fault for a block that was closed too early, or holds bytes that are no UTF-8."""
    if _LEFTOVER.match(chunk.text, end):
        raise Fault("has fields behind its end: it has one closing brace too many")
    if chunk.is_damaged and (damage := _DAMAGE.search(chunk.text, start, end)):
        raise Fault(f"is not UTF-8 in line {chunk.text.count(chr(10), start, damage.start()) + 1:,} of the entry")


def _broken(text: str, reason: str, line: int) -> Broken:
    raw = text.strip().encode(errors="surrogateescape").decode(errors="backslashreplace")
    return Broken(raw, reason, line)


def _joined(chunk: Chunk, following: Chunk) -> Chunk:
    return chunk._replace(text=f"{chunk.text}\n{following.text}", is_damaged=chunk.is_damaged or following.is_damaged)
