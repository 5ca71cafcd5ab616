r"""Read BibTeX and BibLaTeX: entries, macros, cross-references, in whatever state people keep them.

    bytes --lines--> chunks --grammar--> entries --inherit--> entries --fields--> records
                                              \--> rejects

`bibtex_chunks` cuts at likely starts, `bibtex_grammar` reads one block, `bibtex_entries` finds the blocks
and keeps damage within one entry, `bibtex_inherit` follows crossref and xdata, `bibtex_fields` maps
to our columns. `@string`, `@preamble`, `@comment` and `@xdata` are no entries.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched, head_text
from transforms.readers.bibtex_chunks import read_chunks
from transforms.readers.bibtex_entries import read_entries
from transforms.readers.bibtex_fields import to_record
from transforms.readers.bibtex_inherit import with_inherited
from transforms.readers.lines import read_lines
from transforms.readers.text_lines import head_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIDENCE: Final = 0.95
_CONFIDENCE_LATER: Final = 0.45
"""Where BibTeX stands behind other text: a table may hold BibTeX in a cell, and knows better."""

_USUAL: Final = (
    "article|book|booklet|inproceedings|conference|incollection|inbook|misc|techreport|report|phdthesis|mastersthesis"
    "|thesis|proceedings|unpublished|manual|online|collection|string|comment|preamble"
)
_ENTRY: Final = re.compile(
    rf"^\ufeff?[ \t]*@[ \t]*(?:(?:{_USUAL})\s*[({{]|\w+\s*\{{\s*[^\s,{{}}=]*\s*,)", re.IGNORECASE | re.MULTILINE
)
_BEGINNING: Final = re.compile(r"(?:\ufeff|\s|%[^\n]*\n)*+@")


def sniff(head: Head) -> float:
    """Say how sure it is: an entry begins a line, and nothing but comments stands before the first one."""
    text = head_text(head)
    begins_line = any(line.lstrip(" \t\ufeff").startswith("@") for line in head_lines(head))
    if not begins_line or not _ENTRY.search(text):
        return 0.0
    return _CONFIDENCE if _BEGINNING.match(text) else _CONFIDENCE_LATER


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries; one that breaks the grammar becomes a reject, and reading goes on at the next.

    Raises DamagedDumpError for NUL bytes and broken UTF-16, HostileDumpError for a line or an entry
    without end.
    """
    return batched(_entries(stream, info))


def _entries(stream: BinaryIO, info: DumpInfo) -> Iterator[Entry | Broken]:
    chunks = read_chunks(read_lines(stream, info), info)
    for entry in with_inherited(read_entries(chunks)):
        yield entry if isinstance(entry, Broken) else to_record(entry)


READER: Final = Reader("bibtex", "BibTeX or BibLaTeX", sniff, read, (".bib", ".bibtex"))
