"""Tables whose columns we know by the product that wrote them: Scopus, Zotero, Web of Science.

The rows are cut as in any table; what a column means is said by the reader of the product, not by
aliases.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.errors import UnknownFormatError
from transforms.readers.aliases import fold_name
from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched, first_lines, place, shown
from transforms.readers.fields import Fields
from transforms.readers.table_rows import Splitter, header, text_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONFIDENCE: Final = 0.95
"""Above that of any table, and below that of what has a mark of its own."""

_MAX_HEADER_LENGTH: Final = 10_000


class Layout(NamedTuple):
    """How a product writes its tables: delimiters, columns that tell it, the names of those we take.

    Each set of `telling` is enough: whoever exports may choose the columns.
    """

    delimiters: tuple[str, ...]
    telling: tuple[frozenset[str], ...]
    names: tuple[str, ...]

    def columns_of(self, line: str) -> tuple[str, list[str]] | None:
        """Return the delimiter and the names of the columns, or None for the first line of another table.

        Names that we take come back in our spelling, whatever their case.
        """
        ours = {fold_name(name): name for name in self.names}
        for delimiter in self.delimiters if len(line) <= _MAX_HEADER_LENGTH else ():
            names = [ours.get(fold_name(name), name) for name in header(line, delimiter)]
            if any(telling <= set(names) for telling in self.telling) and len(names) == len(set(names)):
                return delimiter, names
        return None


def layout_reader(
    name: str,
    description: str,
    layout: Layout,
    columns: Callable[[Fields], dict[str, object]],
    extensions: tuple[str, ...] = (".csv",),
) -> Reader:
    """Return the reader of a product's tables; `columns` makes the columns of a row from its fields."""
    sniff, read = partial(_sniff, layout=layout), partial(_read, layout=layout, columns=columns)
    return Reader(name, description, sniff, read, extensions)


def _sniff(head: Head, layout: Layout) -> float:
    """Say how sure it is that a table is of this product: its first line has the telling columns."""
    first = next((line for line in first_lines(head) if line.strip()), "")
    return _CONFIDENCE if not first.lstrip().startswith("{") and layout.columns_of(first) else 0.0


def _read(
    stream: BinaryIO, info: DumpInfo, layout: Layout, columns: Callable[[Fields], dict[str, object]]
) -> Iterator[Batch]:
    """Yield the rows, their columns made by `columns`; a row that does not add up is a reject.

    Raises DamagedDumpError for NUL, HostileDumpError for a line without end, UnknownFormatError where
    the first line is not that of the layout.
    """

    def entries() -> Iterator[Entry | Broken]:
        lines = text_lines(stream, info, keeps_cut=True)
        first = next((line for line in lines if line.text.strip()), None)
        found = layout.columns_of(first.text) if first else None
        if found is None:
            raise UnknownFormatError(
                f"has not the columns of its product; its first line is {shown(first.text if first else '')}",
                where=place(info, first.number if first else None),
                hint="export the table again, with its names of columns",
            )
        delimiter, names = found
        for row in Splitter(lines, delimiter, len(names)).rows():
            if isinstance(row, Broken):
                yield row
            else:
                cells = {name: [text] for name, cell in zip(names, row.cells, strict=True) if (text := cell.strip())}
                yield {"line": row.line, "raw": row.raw, **columns(Fields(cells))}

    return batched(entries())
