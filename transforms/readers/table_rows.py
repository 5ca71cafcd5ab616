"""Cut lines of CSV and TSV into rows, each of which is whole or a reject.

CSV is read to the letter of RFC 4180: a row whose quotes or fields do not add up is a reject, and
reading goes on with the next line. In TSV, quotes that do not add up are plain characters.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.readers.base import MAX_LINE_BYTES, Broken, DumpInfo, place
from transforms.readers.encoding import as_utf8
from transforms.readers.lines import cut_character, ends_inside_character, read_lines, refuse_nul

if TYPE_CHECKING:
    from collections.abc import Iterator

TAB: Final = "\t"
DELIMITERS: Final = (",", ";", "|")

_MAX_ROW_LINES: Final = 2_000
"""Lines of one row; a quote that is still open then was never meant to open a field."""

csv.field_size_limit(MAX_LINE_BYTES)  # the module's own limit of 128 KiB is below what abstracts reach


class TextLine(NamedTuple):
    """One line: its number, its text, and what is wrong with it."""

    number: int
    text: str
    fault: str | None


def header(line: str, delimiter: str) -> list[str]:
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


def text_lines(stream: BinaryIO, info: DumpInfo, *, keeps_cut: bool = False) -> Iterator[TextLine]:
    """Yield the lines of a stream; those that are not UTF-8 with their fault.

    Raises DamagedDumpError for NUL and, unless `keeps_cut`, for a dump that ends inside a character,
    HostileDumpError for a line without end.
    """
    utf8, _ = as_utf8(stream, place(info))
    for line in read_lines(utf8, info):
        refuse_nul(line, info)
        try:
            yield TextLine(line.number, line.data.decode(), None)
        except UnicodeDecodeError as error:
            if ends_inside_character(line, error) and not keeps_cut:
                raise cut_character(line, info) from error
            fault = f"is not UTF-8 at byte {error.start + 1:,} of the line"
            yield TextLine(line.number, line.data.decode(errors="backslashreplace"), fault)


class Row(NamedTuple):
    """One row: the line where it begins, its text, its cells."""

    line: int
    raw: str
    cells: list[str]


class Splitter:
    """Cuts lines into rows, and goes back to the line after a quote that was never closed."""

    def __init__(self, lines: Iterator[TextLine], delimiter: str, width: int) -> None:
        self._lines = lines
        self._returned: deque[TextLine] = deque()
        self._delimiter = delimiter
        self._width = width

    def rows(self) -> Iterator[Row | Broken]:
        """Yield the rows that have as many cells as the header; the others are rejects."""
        while (line := self._next()) is not None:
            if not line.text.strip(" \r"):
                continue
            if line.fault is None and '"' not in line.text:
                yield self._plain(line)
            elif self._delimiter == TAB:
                yield self._tolerant(line)
            else:
                yield self._strict(line)

    def _next(self) -> TextLine | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def _plain(self, line: TextLine) -> Row | Broken:
        if line.fault:
            return Broken(line.text, line.fault, line.number)
        return self._checked(Row(line.number, line.text, line.text.split(self._delimiter)))

    def _tolerant(self, line: TextLine) -> Row | Broken:
        if line.text.startswith('"') or f'{TAB}"' in line.text:
            row = self._strict(line)
            if isinstance(row, Row):
                return row
        return self._plain(line)

    def _strict(self, line: TextLine) -> Row | Broken:
        """Read a row by the rules of quoting; where they do not hold, only its first line is used up."""
        used: list[TextLine] = []
        reader = csv.reader(self._feed(line, used), delimiter=self._delimiter, strict=True, skipinitialspace=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            return self._give_up(used, f"its quotes do not add up: {error}")
        if fault := next((part.fault for part in used if part.fault), None):
            return self._give_up(used, fault)
        row = self._checked(Row(line.number, "\n".join(part.text for part in used), cells))
        if isinstance(row, Broken) and any(self._could_be_row(part.text) for part in used[1:]):
            return self._give_up(used, row.reason)
        return row

    def _give_up(self, used: list[TextLine], reason: str) -> Broken:
        self._returned.extendleft(reversed(used[1:]))
        return Broken(used[0].text, used[0].fault or reason, used[0].number)

    def _could_be_row(self, text: str) -> bool:
        return len(text.split(self._delimiter)) == self._width and text.count('"') % 2 == 0

    def _feed(self, first: TextLine, used: list[TextLine]) -> Iterator[str]:
        line: TextLine | None = first
        length = 0
        while line is not None and len(used) < _MAX_ROW_LINES and length < MAX_LINE_BYTES:
            used.append(line)
            length += len(line.text)
            yield line.text + "\n"
            line = self._next()
        if line is not None:
            self._returned.appendleft(line)

    def _checked(self, row: Row) -> Row | Broken:
        if len(row.cells) == self._width:
            return row
        if self._delimiter == TAB and len(row.cells) == self._width + 1 and not row.cells[-1]:
            return row._replace(cells=row.cells[:-1])  # Web of Science ends each row, but not its header, with a tab
        count = len(row.cells)
        return Broken(row.raw, f"has {count:,} fields where the header has {self._width:,}", row.line)
