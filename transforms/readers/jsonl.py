"""Read JSON lines: one object per line, with our column names or their usual aliases."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from transforms.readers.aliases import is_table_of_papers
from transforms.readers.base import Batch, Broken, DumpInfo, Head, Reader, head_text
from transforms.readers.lines import Line, cut_character, ends_inside_character, read_lines, refuse_nul
from transforms.readers.rows import Row
from transforms.readers.table_batches import table_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIDENCE: Final = 0.6
"""Any reader that knows one kind of JSON lines better goes first."""

_SNIFFED_LINES: Final = 5
_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{\[])|([}\]])')
_NON_FINITE: Final = (b"NaN", b"Infinity")


def sniff(head: Head) -> float:
    """Say how sure it is: one of the first lines is an object with a title."""
    text = head_text(head).lstrip()
    if not text.startswith("{"):
        return 0.0
    *lines, rest = text.split("\n")
    rows = [names for names in map(_names, lines[:_SNIFFED_LINES]) if names is not None]
    if not lines:  # the first line goes on past the head, or is the only one
        rows = [_names(rest) or _outer_names(rest)]
    return _CONFIDENCE if any(map(is_table_of_papers, rows)) else 0.0


def _names(line: str) -> list[str] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return list(row) if isinstance(row, dict) else None


def _outer_names(text: str) -> list[str]:
    """Return the names of the outermost object of JSON that may be cut off."""
    names, depth = [], 0
    for found in _TOKEN.finditer(text):
        string, colon, opening, closing = found.groups()
        depth += bool(opening) - bool(closing)
        if string and colon and depth == 1:
            names.append(string[1:-1])
    return names


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows; a line that is not an object of JSON becomes a reject.

    Raises DamagedDumpError where the dump ends inside a character or holds NUL, HostileDumpError at
    a line without end.
    """
    return table_batches(_rows(stream, info))


def _rows(stream: BinaryIO, info: DumpInfo) -> Iterator[Row | Broken]:
    for line in read_lines(stream, info):
        if not line.data or line.data.isspace():
            continue
        try:
            row = orjson.loads(line.data)
        except orjson.JSONDecodeError as error:
            row = _reread(line, error, info)
        if isinstance(row, dict):
            yield Row(row, line.number, line.data)
        else:
            yield (
                row if isinstance(row, Broken) else Broken(line.data.decode(), "is JSON but not an object", line.number)
            )


def _reread(line: Line, error: orjson.JSONDecodeError, info: DumpInfo) -> object:
    """Look again at a line that is not strict JSON: Python writes NaN and Infinity."""
    refuse_nul(line, info)
    try:
        text = line.data.decode()
    except UnicodeDecodeError as fault:
        if ends_inside_character(line, fault):
            raise cut_character(line, info) from fault
        raw = line.data.decode(errors="backslashreplace")
        return Broken(raw, f"is not UTF-8 at byte {fault.start + 1:,} of the line", line.number)
    if any(word in line.data for word in _NON_FINITE):
        with suppress(ValueError, RecursionError):  # half a surrogate pair cannot be encoded, a ValueError too
            row = json.loads(text, parse_constant=lambda _: None)
            json.dumps(row, ensure_ascii=False).encode()
            return row
    return Broken(text, f"is not JSON: {error.msg} at column {error.colno:,}", line.number)


READER: Final = Reader("jsonl", "JSON lines with a title in each object", sniff, read, (".jsonl", ".ndjson", ".json"))
