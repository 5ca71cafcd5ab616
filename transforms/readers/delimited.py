"""Read CSV and TSV with our column names or their usual aliases.

    first line          names of the columns; tells the delimiter
    other lines         one row each, or several lines where a quoted field holds line ends

CSV is read to the letter of RFC 4180: a row whose quotes or fields do not add up is a reject, and
reading goes on with the next line. In TSV, quotes that do not add up are plain characters.
A row whose bytes are not UTF-8 is a reject, unless the whole dump is taken for Windows-1252.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import UnknownFormatError
from transforms.readers.aliases import is_table_of_papers, match_columns
from transforms.readers.base import (
    Batch,
    Broken,
    DumpInfo,
    Head,
    Reader,
    first_lines,
    place,
    shown,
)
from transforms.readers.rows import Row
from transforms.readers.table_batches import table_batches
from transforms.readers.table_rows import DELIMITERS, TAB, Splitter, TextLine, header, text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_HEADER_LENGTH: Final = 10_000
"""Characters of a line that may be names of columns; exports with 100 columns have about 1,500."""

_LEAST_CONFIDENCE: Final = 0.5
_MOST_CONFIDENCE: Final = 0.8


def sniff_csv(head: Head) -> float:
    """Say how sure it is that this is CSV: the first line names a column of titles."""
    return max(_confidence(head, delimiter) for delimiter in DELIMITERS)


def sniff_tsv(head: Head) -> float:
    """Say how sure it is that this is TSV: the first line names a column of titles."""
    return _confidence(head, TAB)


def _confidence(head: Head, delimiter: str) -> float:
    first = next((line for line in first_lines(head) if line.strip()), "")
    if len(first) > _MAX_HEADER_LENGTH or first.lstrip().startswith("{"):
        return 0.0
    names = header(first, delimiter)
    is_named_so = not {"csv", "tsv"}.isdisjoint(head.name.lower().split("."))
    if not is_table_of_papers(names) or (len(names) == 1 and not is_named_so):
        return 0.0
    return min(_MOST_CONFIDENCE, _LEAST_CONFIDENCE + len(match_columns(names)) / 50)


def read_csv(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows of CSV; a row that does not have the fields of the header becomes a reject.

    Raises DamagedDumpError where the dump ends inside a character or holds NUL, HostileDumpError at
    a line without end, UnknownFormatError without a column of titles.
    """
    return table_batches(_rows(text_lines(stream, info), DELIMITERS, info))


def read_tsv(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows of TSV; errors and rejects as for CSV."""
    return table_batches(_rows(text_lines(stream, info), (TAB,), info))


def _rows(lines: Iterator[TextLine], delimiters: tuple[str, ...], info: DumpInfo) -> Iterator[Row | Broken]:
    head = next((line for line in lines if line.text.strip()), None)
    choices = [(header(head.text if head else "", delimiter), delimiter) for delimiter in delimiters]
    names, delimiter = max(choices, key=lambda choice: len(match_columns(choice[0])))
    if not is_table_of_papers(names):
        raise UnknownFormatError(
            f"has no column of titles; its first line is {shown(head.text if head else '')}",
            where=place(info, head.number if head else None),
            hint="name the columns in the first line, the titles' one title",
        )
    for row in Splitter(lines, delimiter, len(names)).rows():
        yield row if isinstance(row, Broken) else Row(dict(zip(names, row.cells, strict=True)), row.line, row.raw)


CSV_READER: Final = Reader("csv", "CSV with a column of titles", sniff_csv, read_csv, (".csv",))
TSV_READER: Final = Reader("tsv", "tab-separated values with a column of titles", sniff_tsv, read_tsv, (".tsv", ".tab"))
