"""Read CSV and TSV with our column names or their usual aliases.

    first line          names of the columns; tells the delimiter
    other lines         one row each, or several lines where a quoted field holds line ends

CSV is read to the letter of RFC 4180: a row whose quotes or fields do not add up is a reject, and
reading goes on with the next line. In TSV, quotes that do not add up are plain characters.
Lines that are not UTF-8 are taken for Windows-1252, unless other lines show that the dump is UTF-8.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.errors import UnknownFormatError
from transforms.readers.aliases import is_table_of_papers, match_columns
from transforms.readers.base import (
    MAX_LINE_BYTES,
    Batch,
    Broken,
    DumpInfo,
    Entry,
    Head,
    Reader,
    batched,
    head_text,
    place,
    shown,
)
from transforms.readers.lines import Line, cut_character, ends_inside_character, read_lines, refuse_nul
from transforms.readers.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TAB: Final = "\t"

_DELIMITERS: Final = (",", ";", "|")
_MAX_ROW_LINES: Final = 2_000
"""Lines of one row; a quote that is still open then was never meant to open a field."""

_MAX_HEADER_LENGTH: Final = 10_000
"""Characters of a line that may be names of columns; exports with 100 columns have about 1,500."""

_LEAST_CONFIDENCE: Final = 0.5
_MOST_CONFIDENCE: Final = 0.8

csv.field_size_limit(MAX_LINE_BYTES)  # the module's own limit of 128 KiB is below what abstracts reach


class _TextLine(NamedTuple):
    number: int
    text: str
    fault: str | None


def sniff_csv(head: Head) -> float:
    """Say how sure it is that this is CSV: the first line names a column of titles."""
    return max(_confidence(head, delimiter) for delimiter in _DELIMITERS)


def sniff_tsv(head: Head) -> float:
    """Say how sure it is that this is TSV: the first line names a column of titles."""
    return _confidence(head, TAB)


def _confidence(head: Head, delimiter: str) -> float:
    first = next((line for line in head_text(head).splitlines() if line.strip()), "")
    if len(first) > _MAX_HEADER_LENGTH or first.lstrip().startswith("{"):
        return 0.0
    names = _header(first, delimiter)
    is_named_so = not {"csv", "tsv"}.isdisjoint(head.name.lower().split("."))
    if not is_table_of_papers(names) or (len(names) == 1 and not is_named_so):
        return 0.0
    return min(_MOST_CONFIDENCE, _LEAST_CONFIDENCE + len(match_columns(names)) / 50)


def _header(line: str, delimiter: str) -> list[str]:
    """Return the names of the columns; columns without a name, or with one that is taken, are numbered."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        cells = line.split(delimiter)
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = cell.strip()
        names.append(name if name and name not in names else f"{name} (column {number})".strip())
    return names


def read_csv(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows of CSV; a row that does not have the fields of the header becomes a reject.

    Raises DamagedDumpError where the dump ends inside a character or holds NUL, HostileDumpError at
    a line without end, UnknownFormatError without a column of titles.
    """
    return batched(_entries(_text_lines(read_lines(stream, info), info), _DELIMITERS, info))


def read_tsv(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows of TSV; errors and rejects as for CSV."""
    return batched(_entries(_text_lines(read_lines(stream, info), info), (TAB,), info))


def _text_lines(lines: Iterable[Line], info: DumpInfo) -> Iterator[_TextLine]:
    is_utf8 = is_windows = False
    for line in lines:
        data, fault = line.data, None
        refuse_nul(line, info)
        try:
            text = data.decode()
            is_utf8 = is_utf8 or not data.isascii()
        except UnicodeDecodeError as error:
            if ends_inside_character(line, error) and not is_windows:
                raise cut_character(line, info) from error
            text, fault = _decode_windows(data, error, is_utf8=is_utf8)
            is_windows = True
        yield _TextLine(line.number, text, fault)


def _decode_windows(data: bytes, error: UnicodeDecodeError, *, is_utf8: bool) -> tuple[str, str | None]:
    try:
        if not is_utf8:
            return data.decode("cp1252"), None
    except UnicodeDecodeError:
        pass
    return data.decode(errors="backslashreplace"), f"is not UTF-8 at byte {error.start + 1:,} of the line"


def _entries(lines: Iterator[_TextLine], delimiters: tuple[str, ...], info: DumpInfo) -> Iterator[Entry | Broken]:
    head = next((line for line in lines if line.text.strip()), None)
    choices = [(_header(head.text if head else "", delimiter), delimiter) for delimiter in delimiters]
    names, delimiter = max(choices, key=lambda choice: len(match_columns(choice[0])))
    if not is_table_of_papers(names):
        raise UnknownFormatError(
            f"has no column of titles; its first line is {shown(head.text if head else '')}",
            where=place(info, head.number if head else None),
            hint="name the columns in the first line, the titles' one title",
        )
    rows = Rows()
    for row in _Splitter(lines, delimiter, len(names)).rows():
        yield (
            row if isinstance(row, Broken) else rows.entry(dict(zip(names, row.cells, strict=True)), row.line, row.raw)
        )


class _Row(NamedTuple):
    line: int
    raw: str
    cells: list[str]


class _Splitter:
    """Cuts lines into rows, and goes back to the line after a quote that was never closed."""

    def __init__(self, lines: Iterator[_TextLine], delimiter: str, width: int) -> None:
        self._lines = lines
        self._returned: deque[_TextLine] = deque()
        self._delimiter = delimiter
        self._width = width

    def rows(self) -> Iterator[_Row | Broken]:
        while (line := self._next()) is not None:
            if not line.text.strip(" \r"):
                continue
            if line.fault is None and '"' not in line.text:
                yield self._plain(line)
            elif self._delimiter == TAB:
                yield self._tolerant(line)
            else:
                yield self._strict(line)

    def _next(self) -> _TextLine | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def _plain(self, line: _TextLine) -> _Row | Broken:
        if line.fault:
            return Broken(line.text, line.fault, line.number)
        return self._checked(_Row(line.number, line.text, line.text.split(self._delimiter)))

    def _tolerant(self, line: _TextLine) -> _Row | Broken:
        if line.text.startswith('"') or f'{TAB}"' in line.text:
            row = self._strict(line)
            if isinstance(row, _Row):
                return row
        return self._plain(line)

    def _strict(self, line: _TextLine) -> _Row | Broken:
        """Read a row by the rules of quoting; where they do not hold, only its first line is used up."""
        used: list[_TextLine] = []
        reader = csv.reader(self._feed(line, used), delimiter=self._delimiter, strict=True, skipinitialspace=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            return self._give_up(used, f"its quotes do not add up: {error}")
        if fault := next((part.fault for part in used if part.fault), None):
            return self._give_up(used, fault)
        row = self._checked(_Row(line.number, "\n".join(part.text for part in used), cells))
        if isinstance(row, Broken) and any(self._could_be_row(part.text) for part in used[1:]):
            return self._give_up(used, row.reason)
        return row

    def _give_up(self, used: list[_TextLine], reason: str) -> Broken:
        self._returned.extendleft(reversed(used[1:]))
        return Broken(used[0].text, used[0].fault or reason, used[0].number)

    def _could_be_row(self, text: str) -> bool:
        return len(text.split(self._delimiter)) == self._width and text.count('"') % 2 == 0

    def _feed(self, first: _TextLine, used: list[_TextLine]) -> Iterator[str]:
        line: _TextLine | None = first
        length = 0
        while line is not None and len(used) < _MAX_ROW_LINES and length < MAX_LINE_BYTES:
            used.append(line)
            length += len(line.text)
            yield line.text + "\n"
            line = self._next()
        if line is not None:
            self._returned.appendleft(line)

    def _checked(self, row: _Row) -> _Row | Broken:
        if len(row.cells) == self._width:
            return row
        count = len(row.cells)
        return Broken(row.raw, f"has {count:,} fields where the header has {self._width:,}", row.line)


CSV_READER: Final = Reader("csv", "CSV with a column of titles", sniff_csv, read_csv)
TSV_READER: Final = Reader("tsv", "tab-separated values with a column of titles", sniff_tsv, read_tsv)
