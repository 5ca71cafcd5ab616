"""Bring the bytes of an XML dump to UTF-8, as its mark or its declaration says.

    stream  --mark, or declaration-->  encoding  --decode-->  chunks of UTF-8

UTF-8 passes through untouched: what is wrong with it costs the record in which it stands. In other
encodings a byte that means nothing becomes NUL, which XML may not hold, so that the record around
it is refused and not bent.
"""

from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import DamagedDumpError
from transforms.readers.base import DumpInfo, place, shown
from transforms.readers.encoding import MARKS, UTF8, marked_encoding, xml_encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK_BYTES: Final = 1024 * 1024

_PLAIN: Final = bytes(range(0x20, 0x7F))
"""What an encoding must write as ASCII does, or its declaration could not have been read."""

_AS_NUL: Final = "paperlake-as-nul"


def _as_nul(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\0", error.end


codecs.register_error(_AS_NUL, _as_nul)


def utf8_chunks(stream: BinaryIO, info: DumpInfo) -> Iterator[bytes]:
    """Yield the dump as UTF-8 without its mark. Raises DamagedDumpError where it names no encoding that is one."""
    first = stream.read(_CHUNK_BYTES)
    encoding = _encoding(first, info)
    if mark := next((mark for mark in MARKS if first.startswith(mark)), b""):
        first = first.removeprefix(mark)
    chunks = chain([first], iter(lambda: stream.read(_CHUNK_BYTES), b""))
    return chunks if encoding == UTF8 else _recoded(chunks, encoding)


def _encoding(first: bytes, info: DumpInfo) -> str:
    declared = xml_encoding(first)
    if marked_encoding(first) or declared in {"utf-16-le", "utf-16-be"}:
        return declared
    # UTF-16 declared in letters of one byte is what some programs say of the UTF-8 that they write
    if declared.startswith(("utf", "us-ascii", "ascii")):
        return UTF8
    try:
        is_like_ascii = _PLAIN.decode(declared, _AS_NUL) == _PLAIN.decode()
    except (LookupError, ValueError):
        is_like_ascii = False
    if not is_like_ascii:
        what = f"says that it is written in {shown(declared)}, which is no encoding of text that is known"
        raise DamagedDumpError(what, where=place(info, 1), hint="save the dump as UTF-8")
    return codecs.lookup(declared).name


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    for text in codecs.iterdecode(chunks, encoding, _AS_NUL):
        yield text.encode()
