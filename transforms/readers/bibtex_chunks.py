r"""Cut BibTeX into chunks of text, each from one line that looks like the start of an entry to the next.

What a chunk holds is for the grammar to say; cutting at line starts first keeps damage within one
entry and memory bounded. What the header of a library says of its encoding is not heeded, since it
is often wrong: `encoding` has decided before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.errors import HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, DumpInfo, place
from transforms.readers.lines import Line, refuse_nul

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STARTS: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*@\s*(?:[a-z][\w:.+/*!-]*\s*(?:[{(]|$)"
    rb"|(?:article|book|inproceedings|conference|incollection|inbook|misc|techreport|phdthesis|mastersthesis)\b)",
    re.IGNORECASE,
).match
"""A line on which an entry may start: `@type{`, the brace on the next line, or forgotten after a usual type."""


class Chunk(NamedTuple):
    """Text from one likely start of an entry to the next, and the number of its first line.

    Bytes that are no UTF-8 stand in it as lone surrogates (PEP 383), which `is_damaged` says.
    """

    line: int
    text: str
    is_damaged: bool = False


def read_chunks(lines: Iterable[Line], info: DumpInfo) -> Iterator[Chunk]:
    """Yield the chunks of a dump; the first one may begin with anything.

    Raises HostileDumpError for a chunk of more than MAX_LINE_BYTES, DamagedDumpError at a NUL byte.
    """
    parts: list[Line] = []
    size = 0
    for line in lines:
        if b"@" in line.data and parts and _STARTS(line.data):
            yield _chunk(parts, info)
            parts, size = [], 0
        parts.append(line)
        size += len(line.data)
        if size > MAX_LINE_BYTES:
            raise _endless(parts[0].number, info)
    if parts:
        yield _chunk(parts, info)


def _chunk(lines: list[Line], info: DumpInfo) -> Chunk:
    data = b"\n".join([line.data for line in lines])
    if b"\0" in data:
        for line in lines:
            refuse_nul(line, info)
    try:
        return Chunk(lines[0].number, data.decode())
    except UnicodeDecodeError:
        return Chunk(lines[0].number, data.decode(errors="surrogateescape"), is_damaged=True)


def _endless(line: int, info: DumpInfo) -> HostileDumpError:
    return HostileDumpError(
        f"has an entry of more than {MAX_LINE_BYTES:,} bytes",
        where=place(info, line),
        hint="no entry is that long; the file is something else, or a brace is missing",
    )
