r"""Parse one value of JSON from a dump; say what is wrong where it cannot be parsed.

An object is parsed no deeper than its members: most of what OpenAlex or Crossref says of a paper has
no column and goes to `extra` as it stands, and parsing it would take most of the time.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import orjson

from transforms.errors import DamagedDumpError
from transforms.readers.base import Broken, DumpInfo, place
from transforms.readers.lines import check_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, msgspec.Raw]
"""The members of an object, their values as the bytes that stand in the dump."""

_ROW: Final = msgspec.json.Decoder(Row)
_NON_FINITE: Final = (b"NaN", b"Infinity")


class Item(NamedTuple):
    """One entry of a dump, its bytes as they stand there, and the line where it begins."""

    row: Row
    data: bytes
    line: int


def parse_row(data: bytes | msgspec.Raw) -> Row | None:
    """Return the members of an object, None for anything else, be it JSON or not."""
    try:
        return _ROW.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def parse(data: bytes, line: int, info: DumpInfo) -> Item | Broken:
    """Return the entry that some bytes hold; NaN and Infinity, which Python writes, count as missing.

    Raises DamagedDumpError for NUL: no text has one, a copy whose blocks were lost has many.
    """
    try:
        return Item(_ROW.decode(data), data, line)
    except msgspec.ValidationError:
        return Broken(shown_bytes(data), _no_object(data), line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _reread(data, line, info, error)


def _no_object(data: bytes) -> str:
    if data.strip() == b"null":
        return "is null: its source has no paper there"
    return "is JSON but not an object"


def _reread(data: bytes, line: int, info: DumpInfo, error: Exception) -> Item | Broken:
    if b"\0" in data:
        hint = "the copy is damaged, or the file is not text; copy or capture the whole file again"
        raise DamagedDumpError("holds a NUL byte", where=place(info, line), hint=hint) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        return Broken(shown_bytes(data), f"is not UTF-8 at byte {fault.start + 1:,} of the entry", line)
    if any(word in data for word in _NON_FINITE):
        with suppress(ValueError, TypeError, RecursionError):  # half a surrogate pair cannot be encoded: a TypeError
            row = parse_row(orjson.dumps(json.loads(text, parse_constant=lambda _: None)))
            return Broken(text, "is JSON but not an object", line) if row is None else Item(row, data, line)
    if isinstance(error, RecursionError):
        return Broken(text, "is JSON that is nested too deeply", line)
    return Broken(text, f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}", line)


def shown_bytes(data: bytes) -> str:
    r"""Decode the bytes of a reject; those that are not UTF-8 are shown as `\xe9`."""
    return data.decode(errors="backslashreplace")


def read_lines_of(chunks: Iterable[bytes], info: DumpInfo) -> Iterator[Item | Broken]:
    """Yield the entry of each line that is not blank; see `parse`."""
    return (parse(data, number, info) for data, number in lines_of(chunks, info))


def lines_of(chunks: Iterable[bytes], info: DumpInfo) -> Iterator[tuple[bytes, int]]:
    """Yield each line that is not blank, and its number. Raises HostileDumpError for a line without end."""
    rest, number = b"", 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for data in lines:
            number += 1
            if data and not data.isspace():
                yield data, number
        check_length(rest, number + 1, info)
    if rest.strip():
        yield rest, number + 1
