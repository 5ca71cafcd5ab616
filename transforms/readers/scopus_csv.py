"""Read Scopus CSV, by the names that Scopus gives its columns.

Which columns there are is up to whoever exports. Names come as `Authors` (family names and
initials) and, since 2023, as `Author full names`, each with its number.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.names import split_authors
from transforms.readers.fields import Fields, split_names, take_pages
from transforms.readers.layout import Layout, layout_reader
from transforms.readers.table_rows import DELIMITERS

SOURCE: Final = "scopus"

_COLUMNS: Final = (
    *("Authors", "Author full names", "Author(s) ID", "Title", "Year", "Source title", "Volume", "Issue", "Art. No."),
    *("Page start", "Page end", "Cited by", "DOI", "Link", "Abstract", "PubMed ID", "Conference name", "EID"),
)
LAYOUT: Final = Layout(
    DELIMITERS,
    tuple(
        frozenset({"Title", "Source title", own}) for own in ("EID", "Art. No.", "Author full names", "Author(s) ID")
    ),
    _COLUMNS,
)

_NUMBER: Final = re.compile(r"\s*\(\d+\)\s*$")
_NO_ABSTRACT: Final = re.compile(r"\[no abstract available\]\.?", re.IGNORECASE)
_NO_AUTHORS: Final = re.compile(r"\[no authors? (?:name )?(?:available|id available|listed)\]", re.IGNORECASE)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one row from its fields."""
    return {
        "source": SOURCE,
        "source_record_id": fields.first("EID"),
        "title": fields.first("Title"),
        "abstract": fields.first("Abstract", where=lambda text: not _NO_ABSTRACT.fullmatch(text.strip())),
        "authors": _take_authors(fields),
        "venue": fields.first("Source title", "Conference name"),
        "volume": fields.first("Volume"),
        "number": fields.first("Issue"),
        "pages": take_pages(fields, "Page start", "Page end", "Art. No."),
        "year": fields.first("Year"),
        "doi": fields.first("DOI"),
        "pmid": fields.first("PubMed ID"),
        "url": fields.first("Link"),
        "extra": fields.extra(),
    }


def _take_authors(fields: Fields) -> list[str] | None:
    full = fields.first("Author full names", where=_is_named)
    if full is not None:
        return split_names(_NUMBER.sub("", name) for name in full.split(";"))
    short = fields.first("Authors", where=_is_named)
    return split_authors(short) if short is not None else None


def _is_named(text: str) -> bool:
    return not _NO_AUTHORS.fullmatch(text.strip())


READER: Final = layout_reader("scopus_csv", "Scopus, CSV", LAYOUT, columns)
