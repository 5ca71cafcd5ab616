"""Read EndNote's tagged export (`.enw`) and its ancestor refer.

    %0 Journal Article       begins an entry in EndNote's exports; refer has blank lines only
    %A Doe, Jane             one author a line
    %T A title
    %X An abstract,
    that goes on

Tags: EndNote's import filter "EndNote Import" and refer(1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.fields import Fields, split_names, take_day, take_doi, take_year
from transforms.readers.tagged import TagForm, read_tagged
from transforms.readers.text_lines import head_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = "endnote"

_TAG: Final = re.compile(r"[\ufeff ]{0,3}(%[^\sa-z%])(?:[ \t]|$)(.*)")
_BOOK_VENUES: Final = ("%B", "%J", "%S")
_VENUES: Final = ("%J", "%B", "%S")
_BOOK_TYPES: Final = ("book section", "conference")


def _split(line: str) -> tuple[str, str] | None:
    found = _TAG.match(line)
    return (found[1], found[2]) if found else None


FORM: Final = TagForm(
    tagging=lambda: _split,
    opening=frozenset({"%0"}),
    titles=frozenset({"%T"}),
    main=frozenset({"%T", "%A"}),
    lists=frozenset({"%K", "%U", "%+", "%>"}),
)


def sniff(head: Head) -> float:
    """Say how sure it is: the text begins with a tag, and has a title or a type."""
    lines = [line for line in head_lines(head) if line.strip()]
    tags = {found[0] for line in lines if (found := _split(line))}
    if not lines or not any(map(_split, lines[:10])) or len(tags) < 2:  # noqa: PLR2004  # a tag alone is chance
        return 0.0
    return 1.0 if tags >= {"%0", "%T"} else 0.9 * (not tags.isdisjoint({"%0", "%T"}))


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries. Errors as `read_tagged` says."""
    return read_tagged(stream, info, FORM, columns)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one entry from its fields."""
    kind = fields.look("%0").lower()
    year = take_year(fields, "%D", "%8")
    return {
        "source": SOURCE,
        "source_record_id": fields.first("%M", "%F"),
        "title": fields.first("%T"),
        "abstract": fields.joined("%X"),
        "authors": split_names(fields.all("%A")),
        "venue": fields.first(*(_BOOK_VENUES if kind.startswith(_BOOK_TYPES) else _VENUES)),
        "volume": fields.first("%V"),
        "number": fields.first("%N"),
        "pages": fields.first("%P"),
        "year": year,
        "published_date": take_day(fields, "%8", year=year),
        "doi": take_doi(fields, ("%R",), ("%1", "%2", "%3")),
        "url": fields.first("%U"),
        "extra": fields.extra(),
    }


READER: Final = Reader(
    "endnote_tagged", "EndNote's tagged export (.enw) and refer: %T, %A", sniff, read, (".enw", ".txt", ".refer")
)
