"""Cut a stream of bytes into lines, without ever holding more than one line that is too long.

    stream  --chunks-->  UTF-16 to UTF-8 if it has that mark  --split-->  Line, Line, Line ...

Only a line feed ends a line (a carriage return before it goes with it), so that the separators
which Unicode knows beside it stay inside the text they belong to. A stream without any line feed
is cut at carriage returns.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from transforms.errors import DamagedDumpError, HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, DumpInfo, place
from transforms.readers.encoding import UTF8, marked_encoding, utf16_as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK_BYTES: Final = 1024 * 1024


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line: its number from 1, the offset of its first byte, its bytes, and whether a line end closed it."""

    number: int
    offset: int
    data: bytes
    is_closed: bool


def read_lines(stream: BinaryIO, info: DumpInfo) -> Iterator[Line]:
    """Yield the lines of a stream, without their line ends and without a byte order mark.

    Offsets count from after the byte order mark. Raises HostileDumpError for a line longer than
    MAX_LINE_BYTES and DamagedDumpError for UTF-16 that breaks off or is invalid.
    """
    chunks = read_chunks(stream, info)
    first = next(chunks, b"")
    ending = b"\r" if b"\r" in first and b"\n" not in first else b"\n"
    number, offset, rest = 0, 0, b""
    for chunk in _chain(first, chunks):
        *closed, rest = (rest + chunk).split(ending)
        for data in closed:
            number += 1
            check_length(data, number, info)
            yield Line(number, offset, data.removesuffix(b"\r"), True)
            offset += len(data) + 1
        check_length(rest, number + 1, info)
    if rest:
        yield Line(number + 1, offset, rest.removesuffix(b"\r"), is_closed=False)


def decode_utf8(line: Line, info: DumpInfo) -> str:
    """Return the text of a line that must be UTF-8 without NUL.

    Raises DamagedDumpError with the line and the offset of the byte that is wrong.
    """
    refuse_nul(line, info)
    try:
        return line.data.decode()
    except UnicodeDecodeError as error:
        if ends_inside_character(line, error):
            raise cut_character(line, info) from error
        raise DamagedDumpError(
            f"is not UTF-8 at byte {line.offset + error.start:,}",
            where=place(info, line.number),
            hint="save the dump as UTF-8",
        ) from error


def refuse_nul(line: Line, info: DumpInfo) -> None:
    """Raise DamagedDumpError for a line with NUL: no text has one, a copy whose blocks were lost has many."""
    if (nul := line.data.find(b"\0")) >= 0:
        raise DamagedDumpError(
            f"holds a NUL byte at byte {line.offset + nul:,}",
            where=place(info, line.number),
            hint="the copy is damaged, or the file is not text; copy or capture the whole file again",
        )


def ends_inside_character(line: Line, error: UnicodeDecodeError) -> bool:
    """Tell whether the dump breaks off in the middle of this line's last character."""
    return not line.is_closed and error.reason == "unexpected end of data"


def cut_character(line: Line, info: DumpInfo) -> DamagedDumpError:
    """Return the error for a dump that ends with half a character."""
    return DamagedDumpError(
        f"is truncated: it ends in the middle of a character, after byte {line.offset + len(line.data):,}",
        where=place(info, line.number),
        hint="copy or capture the whole file again",
    )


def check_length(data: bytes, number: int, info: DumpInfo) -> None:
    """Raise HostileDumpError for a line of more than MAX_LINE_BYTES."""
    if len(data) > MAX_LINE_BYTES:
        raise HostileDumpError(
            f"has a line of more than {MAX_LINE_BYTES:,} bytes",
            where=place(info, number),
            hint="no entry is that long; the line ends are lost or the file is something else",
        )


def _chain(first: bytes, others: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def read_chunks(stream: BinaryIO, info: DumpInfo) -> Iterator[bytes]:
    """Yield the bytes of a stream in UTF-8, without a byte order mark.

    Raises DamagedDumpError for UTF-16 that breaks off or is invalid.
    """
    first = stream.read(_CHUNK_BYTES)
    encoding = marked_encoding(first)
    if encoding in (None, UTF8):
        yield from _chain(first.removeprefix(codecs.BOM_UTF8), _reads(stream))
    else:
        yield from utf16_as_utf8(_chain(first, _reads(stream)), str(encoding), place(info))


def _reads(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
