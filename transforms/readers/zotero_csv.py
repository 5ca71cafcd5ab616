"""Read Zotero CSV, by the names that Zotero gives its columns.

Zotero has no column for PubMed and arXiv identifiers: they stand in `Extra`, as `PMID: 123`.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.readers.fields import Fields, split_names
from transforms.readers.layout import Layout, layout_reader
from transforms.readers.table_rows import DELIMITERS

SOURCE: Final = "zotero"

_COLUMNS: Final = (
    *("Key", "Item Type", "Publication Year", "Author", "Title", "Publication Title", "DOI", "Url", "Abstract Note"),
    *("Date", "Date Added", "Pages", "Issue", "Volume", "Journal Abbreviation", "Conference Name", "Extra"),
)
LAYOUT: Final = Layout(
    DELIMITERS,
    (frozenset({"Key", "Item Type", "Title", "Publication Title"}),),
    _COLUMNS,
)

_PMID: Final = re.compile(r"\bPMID:\s*(\d{1,9})\b")
_ARXIV: Final = re.compile(r"\barXiv:\s*(\S+)", re.IGNORECASE)
_DOI: Final = re.compile(r"\bDOI:\s*(10\.\S+)", re.IGNORECASE)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one row from its fields."""
    extra = fields.look("Extra")
    return {
        "source": SOURCE,
        "source_record_id": fields.first("Key"),
        "title": fields.first("Title"),
        "abstract": fields.first("Abstract Note"),
        "authors": split_names(fields.all("Author")),
        "venue": fields.first("Publication Title", "Conference Name", "Journal Abbreviation"),
        "volume": fields.first("Volume"),
        "number": fields.first("Issue"),
        "pages": fields.first("Pages"),
        "year": fields.first("Publication Year"),
        "published_date": fields.first("Date"),
        "doi": fields.first("DOI") or _found(_DOI, extra),
        "arxiv_id": _found(_ARXIV, extra),
        "pmid": _found(_PMID, extra),
        "url": fields.first("Url"),
        "extra": fields.extra(),
    }


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


READER: Final = layout_reader("zotero_csv", "Zotero, CSV", LAYOUT, columns)
