"""Decide in which encoding a dump is written, and give its text to the reader as UTF-8.

    bytes  --mark?-->  UTF-8 or UTF-16 by its mark
           --every second byte NUL?-->  UTF-16 without a mark
           --first bytes beyond ASCII-->  UTF-8, or else Windows-1252 (cp1252)

This is the one place that decides. What was decided stands in `Utf8Stream.encoding` once the
stream was read, and from there goes into the lake. No guess bends good UTF-8: a dump that is mostly
UTF-8 passes through as it stands, and the reader rejects the entries whose bytes are wrong; in a
dump taken for Windows-1252, lines that are good UTF-8 (files that were joined) stay what they are.
"""

from __future__ import annotations

import codecs
import io
import re
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import DamagedDumpError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import WriteableBuffer

MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""Byte order marks, and the encodings that they stand for."""

UTF8: Final = "utf-8"
WINDOWS: Final = "cp1252"

_CHUNK_BYTES: Final = 1024 * 1024
_LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line that are looked at together; a longer one is refused by whoever cuts the lines."""

_NUL_SHARE: Final = 0.1
"""Share of NUL among every second byte from which it is UTF-16: spaces, digits and signs have one in any script."""

_HIGH: Final = bytes(range(0x80, 0x100))
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_LONG_RUN: Final = re.compile(rb"[\x80-\xff]{4,}")
"""More letters in a row beyond ASCII than the languages of Windows-1252 write; other scripts are one such run."""

_XML_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")


def marked_encoding(data: bytes) -> str | None:
    """Name the encoding whose mark bytes begin with; None without a mark."""
    return next((encoding for mark, encoding in MARKS.items() if data.startswith(mark)), None)


def encoding_of(data: bytes) -> str:
    """Name the encoding of text from its first bytes: utf-8, utf-16-le, utf-16-be or cp1252."""
    if encoding := marked_encoding(data) or _unmarked_utf16(data):
        return encoding
    return UTF8 if _is_mostly_utf8(data) else WINDOWS


@lru_cache(maxsize=8)
def decode_head(data: bytes) -> str:
    """Return the first bytes of a dump as text for a look at them, without what is wrong or cut off.

    Every reader looks at the same ones: the last few texts are remembered.
    """
    text = data.decode(encoding_of(data), "ignore")
    return text.removeprefix("\ufeff")


def xml_encoding(data: bytes) -> str:
    """Name the encoding that XML says it has, from its first bytes; UTF-8 where it says nothing."""
    if encoding := marked_encoding(data) or _unmarked_utf16(data):
        return encoding
    declared = _XML_ENCODING.match(data)
    return declared[1].decode().lower() if declared else UTF8


class Utf8Stream(io.RawIOBase):
    """The text of a dump as UTF-8 without a mark, whatever it is written in.

    `encoding` says what it is written in, once all of it was read; before, what is known so far.
    Reading raises DamagedDumpError, naming `where`, for UTF-16 that breaks off or is invalid, and for
    text in an encoding that is none of ours.
    """

    def __init__(self, stream: BinaryIO, where: str) -> None:
        self.encoding = UTF8
        self._stream = stream
        self._where = where
        self._chunks = self._decided()
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Say yes, as io asks."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill what one chunk fills."""
        while not self._ready:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._ready = memoryview(chunk)
        target = memoryview(buffer).cast("B")
        part = self._ready[: len(target)]
        target[: len(part)] = part
        self._ready = self._ready[len(part) :]
        return len(part)

    def _decided(self) -> Iterator[bytes]:
        first = self._stream.read(_CHUNK_BYTES)
        utf16 = marked_encoding(first) or _unmarked_utf16(first)
        chunks = chain([first], iter(lambda: self._stream.read(_CHUNK_BYTES), b""))
        if utf16 in (None, UTF8):
            return self._eight_bit(chain([next(chunks).removeprefix(codecs.BOM_UTF8)], chunks))
        self.encoding = str(utf16)
        return utf16_as_utf8(chunks, self.encoding, self._where)

    def _eight_bit(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass on what is UTF-8; from the first bytes beyond ASCII on it is known whether it is."""
        for chunk in chunks:
            if chunk.isascii():
                yield chunk
                continue
            evidence = chunk + next(chunks, b"")
            if _is_mostly_utf8(evidence):
                yield evidence
                break
            _refuse_other_scripts(evidence, self._where)
            self.encoding = WINDOWS
            yield from _windows_as_utf8(chain([evidence], chunks))
        yield from chunks


def as_utf8(stream: BinaryIO, where: str) -> tuple[BinaryIO, Utf8Stream]:
    """Return the text of a dump as a stream of UTF-8, and the one below that knows its encoding."""
    decoded = Utf8Stream(stream, where)
    return io.BufferedReader(decoded, _CHUNK_BYTES), decoded


def utf16_as_utf8(chunks: Iterable[bytes], encoding: str, where: str) -> Iterator[bytes]:
    """Write UTF-16 anew as UTF-8, chunk by chunk, without its mark. Raises DamagedDumpError for invalid UTF-16."""
    is_first = True
    try:
        for text in codecs.iterdecode(chunks, encoding):
            yield (text.removeprefix("\ufeff") if is_first else text).encode()
            is_first = is_first and not text
    except UnicodeError as error:
        raise DamagedDumpError(
            "says that it is UTF-16, but breaks off or is not valid UTF-16", where=where, hint="save the dump as UTF-8"
        ) from error


def _unmarked_utf16(data: bytes) -> str | None:
    """Tell UTF-16 without a mark: NUL stands in many of the second bytes, or of the first ones, and in few others."""
    data = data[: _CHUNK_BYTES // 16 * 2]
    if b"\0" not in data:
        return None
    first, second = data[0::2].count(0), data[1::2].count(0)
    if max(first, second) <= _NUL_SHARE * len(data) / 2 or min(first, second) * 10 > max(first, second):
        return None
    encoding = "utf-16-le" if second > first else "utf-16-be"
    return None if _CONTROLS.search(data.decode(encoding, "ignore")) else encoding


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether as many characters beyond ASCII are good UTF-8 as are not; half a one at the end does not count."""
    with suppress(UnicodeDecodeError):
        codecs.utf_8_decode(data, "strict", False)  # not the end: takes no keywords
        return True
    text = codecs.getincrementaldecoder(UTF8)("replace").decode(data)
    faults = text.count("\ufffd") - data.count(codecs.encode("\ufffd", UTF8))
    beyond_ascii = len(text) - len(data.translate(None, _HIGH))
    return beyond_ascii - faults >= faults


def _refuse_other_scripts(data: bytes, where: str) -> None:
    """Raise DamagedDumpError where most letters beyond ASCII stand in long runs: no Western language does that."""
    in_runs = sum(map(len, _LONG_RUN.findall(data)))
    if 2 * in_runs > len(data) - len(data.translate(None, _HIGH)):
        raise DamagedDumpError(
            "is text in an encoding that is not known: neither UTF-8, UTF-16 nor Windows-1252",
            where=where,
            hint="save the dump as UTF-8",
        )


def _windows_as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
            yield b"\n".join(map(_line_as_utf8, lines))
        else:
            yield b"".join(_line_as_utf8(line) + b"\n" for line in lines)
    yield _line_as_utf8(rest)


def _line_as_utf8(line: bytes) -> bytes:
    """Write one line of Windows-1252 as UTF-8; one that is UTF-8, or neither, stays as it stands."""
    if _is_mostly_utf8(line):
        return line
    try:
        return line.decode(WINDOWS).encode()
    except UnicodeDecodeError:  # five bytes have no meaning there: the reader rejects the entry
        return line
