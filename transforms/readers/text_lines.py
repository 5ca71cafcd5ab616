"""Read text line by line, whatever its line ends.

    stream --UTF-8--> text --CR, LF, CRLF--> "first line", "second line" ...

Files of tagged forms (RIS, nbib, EndNote, Web of Science) are passed around, glued together and
saved again by hand, so that one file may hold all three line ends. Bytes that are not UTF-8 come
out as lone surrogates (PEP 383), so that only the entry that holds them is a reject.
"""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import DamagedDumpError, HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, DumpInfo, Head, head_text, place
from transforms.readers.encoding import UTF8, as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES: Final = 1024 * 1024


@lru_cache(maxsize=8)
def head_lines(head: Head) -> tuple[str, ...]:
    """Return the first lines of a dump; the last one may be cut off."""
    return tuple(head_text(head).replace("\r\n", "\n").replace("\r", "\n").split("\n"))


class TextLines:
    """The lines of a stream, without their line ends.

    `ends_open` tells, once all are read, whether the last line has no line end; `is_cut`, whether
    the stream ends inside of a character.
    """

    def __init__(self, stream: BinaryIO, info: DumpInfo) -> None:
        self._stream, _ = as_utf8(stream, place(info))
        self._info = info
        self.ends_open = False
        self.is_cut = False

    def __iter__(self) -> Iterator[str]:
        """Yield the text of each line.

        Raises DamagedDumpError for NUL, HostileDumpError for a line longer than MAX_LINE_BYTES
        characters, and what `transforms.readers.encoding` raises.
        """
        count, rest = 0, ""
        for text in self._unified():
            *lines, rest = (rest + text).split("\n")
            yield from lines
            count += len(lines)
            self._check(rest, count + 1)
        if rest:
            self.ends_open = True
            yield rest

    def _check(self, rest: str, number: int) -> None:
        if len(rest) > MAX_LINE_BYTES:
            raise HostileDumpError(
                f"has a line of more than {MAX_LINE_BYTES:,} bytes",
                where=place(self._info, number),
                hint="no entry is that long; the line ends are lost or the file is something else",
            )

    def _unified(self) -> Iterator[str]:
        """Yield the text with line feeds as its only line ends."""
        held, line_count = "", 0
        for chunk in self._decoded():
            text = held + chunk
            held = "\r" if text.endswith("\r") else ""  # its line feed may open the next chunk
            if "\r" in text:
                text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
            if (nul := text.find("\0")) >= 0:
                raise DamagedDumpError(
                    "holds a NUL byte",
                    where=place(self._info, line_count + text.count("\n", 0, nul) + 1),
                    hint="the copy is damaged, or the file is not text; copy or capture the whole file again",
                )
            line_count += text.count("\n")
            yield text
        if held:
            yield "\n"

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(UTF8)("surrogateescape")
        while chunk := self._stream.read(_CHUNK_BYTES):
            yield decoder.decode(chunk)
        if rest := decoder.decode(b"", final=True):
            self.is_cut = True
            yield rest


def is_utf8(text: str) -> bool:
    """Tell whether text was read without any byte that is not UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def with_bytes_shown(text: str) -> str:
    r"""Write each byte that is not UTF-8 as what it is, `\xe9`."""
    return text.encode("utf-8", "surrogateescape").decode(errors="backslashreplace")
