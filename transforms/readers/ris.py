"""Read RIS: what reference managers and publishers export, more or less by the rules.

    TY  - JOUR               two characters, two blanks, hyphen, blank
    TI  - A title
    that goes on             a line without tag belongs to the value before it
    ER  -

The rules are those of Research Information Systems (1995 to 2011); every product has its own. Tags
are taken as they should be written, and, where they are known ones, in lower case, with other white
space or with none, if the dump writes its TY line that way too: `IL-6` at the begin of a line is
text. Which tag is the journal, the book or the series depends on the type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.fields import Fields, split_names, take_day, take_doi, take_pages, take_year
from transforms.readers.tagged import TagForm, read_tagged
from transforms.readers.text_lines import head_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from transforms.readers.tagged import Tagging

SOURCE: Final = "ris"

_TAGS: Final = """
TY ER A1 A2 A3 A4 A5 A6 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DI DO DP DS EA ED EP ET ID IS
J1 J2 JA JF JO K1 KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NO NV OL OP PA PB PP PY RI RN RP RT SE SN SP SR ST SV T1 T2
T3 TA TI TT U1 U2 U3 U4 U5 UR VL VO WP WT WV Y1 Y2 YR
"""
KNOWN: Final = frozenset(_TAGS.split())
"""Tags of the specification, of EndNote, Reference Manager, Zotero, Mendeley, Ovid, Embase and Scopus."""

_TITLES: Final = ("TI", "T1", "CT")
_AUTHORS: Final = frozenset({"AU", "A1"})

_VENUES: Final = ("JF", "T2", "BT", "JO", "JA", "J2", "J1", "C3", "T3")
_BOOK_VENUES: Final = ("BT", "T2", "JF", "JO", "JA", "J2", "T3")
_VENUES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "CHAP": _BOOK_VENUES,
    "ECHAP": _BOOK_VENUES,
    "CONF": ("T2", "BT", "C3", "JF", "JO", "JA", "J2", "T3"),
    "CPAPER": ("T2", "BT", "C3", "JF", "JO", "JA", "J2", "T3"),
    "BOOK": ("T2", "T3"),
    "EBOOK": ("T2", "T3"),
    "EDBOOK": ("T2", "T3"),
    "THES": ("T2", "JF"),
}
"""Where a paper stands, by its type: whole titles before abbreviations, the book before its series."""

_BOOKS: Final = frozenset({"BOOK", "EBOOK", "EDBOOK", "UNPB", "UNPD"})
"""Types whose BT is the title itself."""

_PMID_TAGS: Final[Mapping[str, str]] = {"medline": "AN", "pubmed": "AN", "nlm": "AN", "scopus": "C2", "embase": "C5"}
"""Where a database writes the PubMed identifier, which has no tag of its own."""

_DIGITS: Final = re.compile(r"[1-9]\d{0,7}")
_ABSTRACT_LABEL: Final = re.compile(r"abstract\s*[:.\-]", re.IGNORECASE)

_TAG: Final = re.compile(r"\W{0,3}?([A-Z][A-Z0-9])  -(?: |$)(.*)")
_NEARLY: Final = re.compile(r"[\s\ufeff]{0,3}([A-Z][A-Z0-9])(?: ?\t[ \t]*| {3,})-(?:[ \t]|$)(.*)")
_HYPHENS: Final = "-\u2010-\u2015"
"""Word processors make dashes of hyphens."""

_LOOSE: Final = re.compile(rf"[\s\ufeff]*([A-Za-z][A-Za-z0-9])[ \t\xa0]*[{_HYPHENS}][ \t\xa0]*(.*)")
_OPENING: Final = re.compile(rf"[\s\ufeff]*ty[ \t\xa0]*[{_HYPHENS}]\s*[a-z][a-z /-]{{1,30}}\s*", re.IGNORECASE)


class _Tagging:
    """Splits lines into tag and value, and learns from TY how the dump writes its tags."""

    def __init__(self) -> None:
        self._is_loose = False

    def __call__(self, line: str) -> tuple[str, str] | None:
        if line[2:6] in ("  - ", "  -") and line[:2] in KNOWN:  # nearly all lines
            return line[:2], line[6:]
        found = _TAG.match(line)
        if found is None and (nearly := _NEARLY.match(line)) and nearly[1] in KNOWN:
            found = nearly
        return (found[1], found[2]) if found else self._loosely(line)

    def _loosely(self, line: str) -> tuple[str, str] | None:
        self._is_loose = self._is_loose or bool(_OPENING.fullmatch(line))
        found = _LOOSE.match(line) if self._is_loose else None
        tag = found[1].upper() if found else ""
        if found is None or tag not in KNOWN or (tag == "ER" and found[2].strip()):
            return None
        return tag, found[2]


FORM: Final = TagForm(
    tagging=_Tagging,
    opening=frozenset({"TY"}),
    titles=frozenset({"TI", "T1"}),
    main=_AUTHORS | {"TI", "T1"},
    closing=frozenset({"ER"}),
    last=frozenset({"ER"}),
    lists=_AUTHORS | {"KW", "AD", "UR", "SN"},
)


def sniff(head: Head) -> float:
    """Say how sure it is: a TY line, or titles and authors under tags of RIS."""
    split: Tagging = _Tagging()
    tags = [found[0] for line in head_lines(head) if (found := split(line))]
    if "TY" in tags[:20] and len(set(tags)) > 1:
        return 1.0
    has_entry = not {"TI", "T1"}.isdisjoint(tags) and not (_AUTHORS | {"ER"}).isdisjoint(tags)
    return 0.85 if has_entry else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries; one that the end of the dump cuts off is a reject. Errors as `read_tagged` says."""
    return read_tagged(stream, info, FORM, columns)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one entry from its fields."""
    kind = fields.look("TY").upper()
    year = take_year(fields, "PY", "Y1", "YR", "DA")
    return {
        "source": SOURCE,
        "pmid": _take_pmid(fields),
        "source_record_id": fields.first("ID", "AN"),
        "title": fields.first(*_TITLES, *(["BT"] if kind in _BOOKS else [])),
        "abstract": _take_abstract(fields),
        "authors": _take_authors(fields),
        "venue": fields.first(*_VENUES_OF.get(kind, _VENUES)),
        "volume": fields.first("VL", "VO"),
        "number": fields.first("IS", "CP"),
        "pages": take_pages(fields, "SP", "EP", "C7"),
        "year": year,
        "published_date": take_day(fields, "DA", "Y1", "PY", year=year),
        "doi": take_doi(fields, ("DO", "DI"), ("M3", "L3", "N1")),
        "url": _take_url(fields),
        "extra": fields.extra(),
    }


def _take_authors(fields: Fields) -> list[str] | None:
    """Take both tags of authors; some programs write each name under both."""
    names, more = split_names(fields.all("AU")), split_names(fields.all("A1"))
    return [*(names or ()), *(name for name in more or () if name not in (names or ()))] or None


def _take_abstract(fields: Fields) -> str | None:
    found = fields.joined("AB", "N2")
    return found or fields.first("N1", where=_ABSTRACT_LABEL.match)


def _take_pmid(fields: Fields) -> str | None:
    """Take a PubMed identifier from where the database that the entry names puts it."""
    database = f"{fields.look('DB')} {fields.look('DP')}".lower()
    tag = next((tag for name, tag in _PMID_TAGS.items() if name in database), None)
    return fields.first(tag, where=_DIGITS.fullmatch) if tag else None


def _take_url(fields: Fields) -> str | None:
    """Take the first address; a line may list several, which all stay in `extra`, too."""
    line = fields.look("UR")
    first, *others = re.split(r"\s*;\s*(?=https?://)", line)
    return first if others else fields.first("UR")


READER: Final = Reader("ris", "RIS: tagged lines from TY to ER", sniff, read, (".ris", ".txt"))
