"""Cut the bytes of an XML dump into the elements that hold its entries, without parsing the whole.

    chunks of UTF-8  --find tags-->  Piece, Piece, Piece ...

A parser gives up at the first fault, and with it goes the rest of the dump. Here a fault costs its
own record: where an element does not end before the next one begins, or before the dump does, it
is handed on as faulty and cutting goes on. Comments, CDATA and document types are passed over, and
so nothing that a DTD declares is ever read. Time is linear in the size of the dump, whatever it holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.errors import HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, DumpInfo, place

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSERS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
DOCTYPE: Final = (
    r"""<!DOCTYPE(?>[^\["'<>]++|"[^"]*+"|'[^']*+')*+"""
    r"""(?:\[(?>[^\]"'<]++|"[^"]*+"|'[^']*+'|<!--(?>[^-]++|-(?!->))*+-->|<(?!!--))*+\]\s*+)?>"""
)
"""A document type, with its quotes and comments; linear in time, for nothing in it is tried twice."""

_DOCTYPE: Final = re.compile(DOCTYPE.encode())
_START_TAG: Final = re.compile(rb"""<(?>[^<>"']++|"[^"<]*+"|'[^'<]*+')++>""")
_LONGEST_TOKEN: Final = 64
"""Bytes at the end of what was read that may be the beginning of a token."""


class Piece(NamedTuple):
    """One element, or the start tag of one that holds others: its name, line and bytes, and what is wrong with it."""

    name: str
    line: int
    data: bytes
    fault: str | None


class Pieces:
    """Cuts a stream: `elements` come whole, of `openings` only the start tag."""

    def __init__(
        self, chunks: Iterator[bytes], info: DumpInfo, elements: tuple[str, ...], openings: tuple[str, ...]
    ) -> None:
        names = "|".join(map(re.escape, (*elements, *openings))).encode()
        self._token = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE|<(" + names + rb")(?=[\s/>])")
        self._openings = frozenset(name.encode() for name in openings)
        self._chunks = chunks
        self._info = info
        self._data = b""
        self._begin = self._scan = 0  # of the element at hand, and of what was not looked at yet
        self._counted, self._line = 0, 1  # up to where lines were counted
        self._dropped = 0  # bytes before _data
        self._has_whole_doctypes = True
        self._open_until = dict.fromkeys(_CLOSERS, 0)  # no closer from the last opening up to there

    def cut(self) -> Iterator[Piece]:
        """Yield the pieces in their order. Raises HostileDumpError for an element without end."""
        while found := self._next_token():
            self._begin = found.start()
            if found[1] is None:
                self._pass_over(found)
            elif found[1] in self._openings:
                yield self._opening(found)
            else:
                yield self._element(found)

    def _next_token(self) -> re.Match[bytes] | None:
        while True:
            if found := self._token.search(self._data, self._scan):
                return found
            self._scan = self._begin = max(self._scan, len(self._data) - _LONGEST_TOKEN)
            if not self._grow():
                return None

    def _opening(self, found: re.Match[bytes]) -> Piece:
        self._end_start_tag(found)
        opening = self._piece(found[1], self._scan, None)
        is_whole = opening.data.endswith(b"/>")
        return opening if is_whole else opening._replace(data=opening.data.removesuffix(b">") + b"/>")

    def _element(self, found: re.Match[bytes]) -> Piece:
        name, close = found[1], b"</" + found[1] + b">"
        if self._end_start_tag(found):
            return self._piece(name, self._scan, None)
        while True:
            other = self._token.search(self._data, self._scan)
            limit = other.start() if other else len(self._data)
            end = self._close(close, limit)
            if end is not None:
                return self._piece(name, end, None)
            if other is None:
                self._scan = max(self._scan, limit - _LONGEST_TOKEN)
                if not self._grow():
                    return self._piece(name, len(self._data), f"is cut off: the dump ends inside <{name.decode()}>")
            elif other[1] is None:
                self._pass_over(other)
            else:
                return self._piece(name, limit, f"does not end before the next <{other[1].decode()}> begins")

    def _close(self, close: bytes, limit: int) -> int | None:
        end = self._data.find(close, self._scan, limit)
        if end >= 0:
            return end + len(close)
        spaced = re.compile(re.escape(close[:-1]) + rb"\s++>").search(self._data, self._scan, limit)
        return spaced.end() if spaced else None

    def _end_start_tag(self, found: re.Match[bytes]) -> bool:
        """Move behind a start tag; tell whether it is the whole element."""
        while (tag := _START_TAG.match(self._data, self._begin)) is None:
            if self._data.find(b"<", self._begin + 1) >= 0 or not self._grow():
                self._scan = self._begin + len(found[0])
                return False
        self._scan = tag.end()
        return tag[0].endswith(b"/>")

    def _pass_over(self, found: re.Match[bytes]) -> None:
        """Move behind a comment, CDATA or document type; one that never ends counts as text."""
        start = found.start() - self._begin
        if found[0] in _CLOSERS:
            end = self._closer(found[0], start + len(found[0]))
        else:
            end = self._doctype_end(found.start())
        self._scan = self._begin + start + len(found[0]) if end is None else end

    def _doctype_end(self, begin: int) -> int | None:
        """Find the end of a document type; after one that has none, no other is looked into, or time would not be linear."""
        doctype = _DOCTYPE.match(self._data, begin) if self._has_whole_doctypes else None
        self._has_whole_doctypes = doctype is not None
        return doctype.end() if doctype else None

    def _closer(self, opener: bytes, start: int) -> int | None:
        """Find where a comment or CDATA ends, `start` counted from the beginning of the element at hand."""
        closer = _CLOSERS[opener]
        while True:
            known = self._open_until[opener] - self._dropped - len(closer)
            end = self._data.find(closer, max(self._begin + start, known))
            if end >= 0:
                return end + len(closer)
            self._open_until[opener] = self._dropped + len(self._data)
            if len(self._data) - self._begin > MAX_LINE_BYTES or not self._grow():
                return None

    def _piece(self, name: bytes, end: int, fault: str | None) -> Piece:
        self._line += self._data.count(b"\n", self._counted, self._begin)
        self._counted = self._begin
        data = self._data[self._begin : end]
        self._begin = self._scan = end
        return Piece(name.decode(), self._line, data, fault)

    def _grow(self) -> bool:
        """Read on and drop what lies before the element at hand; tell whether there was more."""
        if len(self._data) - self._begin > MAX_LINE_BYTES:
            raise HostileDumpError(
                f"has an element of more than {MAX_LINE_BYTES:,} bytes",
                where=place(self._info, self._line + self._data.count(b"\n", self._counted, self._begin)),
                hint="no entry is that long; its end tag is lost or the file is something else",
            )
        chunk = next((chunk for chunk in self._chunks if chunk), None)
        if chunk is None:
            return False
        self._line += self._data.count(b"\n", self._counted, self._begin)
        self._data = self._data[self._begin :] + chunk
        self._dropped += self._begin
        self._scan -= self._begin
        self._begin = self._counted = 0
        return True
