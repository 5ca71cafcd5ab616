"""Read Web of Science: its tagged export ("plain text", `.txt`, `.ciw`) and its tab-delimited one.

    FN Clarivate Analytics Web of Science
    VR 1.0
    PT J                     begins an entry
    AU Doe, J                two characters and a blank
       Roe, R                three blanks: the value goes on; here, another author
    ER                       ends the entry
    EF                       ends the file

The tab-delimited form has the same tags as names of its columns.
Tags: https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.fields import Fields, split_names, take_day, take_doi, take_pages, take_year
from transforms.readers.layout import Layout, layout_reader
from transforms.readers.table_rows import TAB
from transforms.readers.tagged import TagForm, read_tagged
from transforms.readers.text_lines import head_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = "wos"

_TAG: Final = re.compile(r"\ufeff?([A-Z][A-Z0-9])(?: (.*)|\s*)")
_KINDS: Final = re.compile(r"[JBSCP]")
"""Types of publication: journal, book, series, conference, patent."""


def _split(line: str) -> tuple[str, str] | None:
    if line[:1] == " ":
        return None
    found = _TAG.fullmatch(line)
    return (found[1], found[2] or "") if found else None


FORM: Final = TagForm(
    tagging=lambda: _split,
    opening=frozenset({"PT"}),
    titles=frozenset({"TI"}),
    main=frozenset({"TI", "AU"}),
    closing=frozenset({"ER"}),
    last=frozenset({"ER"}),
    frame=frozenset({"FN", "VR", "EF"}),
    lists=frozenset(["AU", "AF", "BA", "BF", "BE", "GP", "CA", "CR", "C1"]),
    joint=" ",
)

LAYOUT: Final = Layout((TAB,), (frozenset({"PT", "AU", "TI", "SO"}),), ())


def sniff(head: Head) -> float:
    """Say how sure it is: the frame of an export, or a type of publication with a title or authors."""
    lines = [line for line in head_lines(head) if line.strip()]
    found = dict(reversed([pair for line in lines if (pair := _split(line))]))
    if not _KINDS.fullmatch(found.get("PT", "").strip()):
        return 0.0
    if lines[0].lstrip("\ufeff").startswith(("FN ", "VR ")):
        return 1.0
    return 0.9 if not {"TI", "AU"}.isdisjoint(found) else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries; one that the end of the dump cuts off is a reject. Errors as `read_tagged` says."""
    return read_tagged(stream, info, FORM, columns)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one entry from its fields."""
    year = take_year(fields, "PY", "EA", "PD")
    return {
        "source": SOURCE,
        "source_record_id": fields.first("UT"),
        "title": fields.first("TI"),
        "abstract": fields.joined("AB"),
        "authors": _take_authors(fields),
        "venue": fields.first("SO", "SE", "J9", "JI"),
        "volume": fields.first("VL"),
        "number": fields.first("IS"),
        "pages": take_pages(fields, "BP", "EP", "AR"),
        "year": year,
        "published_date": take_day(fields, "PD", year=year),
        "doi": take_doi(fields, ("DI",), ("D2",)),
        "pmid": fields.first("PM"),
        "extra": fields.extra(),
    }


def _take_authors(fields: Fields) -> list[str] | None:
    """Take the full names where they are there, and the groups behind the persons."""
    people = fields.all("AF") or fields.all("AU") or fields.all("BF") or fields.all("BA")
    return split_names([*people, *fields.all("CA")])


READER: Final = Reader("wos", "Web of Science, tagged plain text", sniff, read, (".txt", ".ciw"))
TAB_READER: Final = layout_reader("wos_tab", "Web of Science, tab-delimited", LAYOUT, columns, (".txt", ".tsv"))
