"""Read nbib, the MEDLINE display format of PubMed ("Send to citation manager", `.nbib`, `.txt`).

    PMID- 30514039           four characters, hyphen, blank
    TI  - A title that is
          wrapped            six blanks
    SO  - J Test. 2018       the last tag of an entry; a blank line behind it

Tags: https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format. In exports of PubMed Central, PMC stands before PMID.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.fields import Fields, take_day
from transforms.readers.tagged import TagForm, read_tagged
from transforms.readers.text_lines import head_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = "pubmed"

_OWN: Final = frozenset(
    ["PMID", "OWN", "STAT", "FAU", "DP", "JT", "EDAT", "MHDA", "CRDT", "PHST", "PST", "JID", "DCOM", "LID"]
)
"""Tags that no other form has, of which any real entry has several."""

_TAG: Final = re.compile(r"\ufeff?([A-Z][A-Z0-9]{1,3}) {0,2}-(?: |$)(.*)")
_DOI_MARK: Final = re.compile(r"10\.\d{4,9}\S*/\S+\s*\[doi\]", re.IGNORECASE)


def _split(line: str) -> tuple[str, str] | None:
    if line[:1] == " ":
        return None
    found = _TAG.match(line)
    return (found[1], found[2]) if found else None


FORM: Final = TagForm(
    tagging=lambda: _split,
    opening=frozenset({"PMID"}),
    leading=frozenset({"PMC"}),
    titles=frozenset({"TI"}),
    main=frozenset({"TI", "BTI", "AU", "FAU"}),
    last=frozenset({"SO"}),
    joint=" ",
)


def sniff(head: Head) -> float:
    """Say how sure it is: a PMID line and another tag, or several tags that only this form has."""
    tags = [found[0] for line in head_lines(head) if (found := _split(line))]
    own = _OWN.intersection(tags)
    if "PMID" in tags[:5] and len(set(tags)) > 1:
        return 1.0
    return 0.9 if len(own) > 2 and not {"TI", "BTI"}.isdisjoint(tags) else 0.0  # noqa: PLR2004  # several


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries; one that the end of the dump cuts off is a reject. Errors as `read_tagged` says."""
    return read_tagged(stream, info, FORM, columns)


def columns(fields: Fields) -> dict[str, object]:
    """Take the columns of one entry from its fields."""
    year = fields.first("DP")
    return {
        "source": SOURCE,
        "source_record_id": fields.look("PMID") or fields.first("PMC", "MID"),
        "title": fields.first("TI", "BTI"),
        "abstract": fields.joined("AB"),
        "authors": [*(fields.all("FAU") or fields.all("AU")), *fields.all("CN")] or None,
        "venue": fields.first("JT", "TA", "BTI", "CTI"),
        "volume": fields.first("VI"),
        "number": fields.first("IP"),
        "pages": fields.first("PG"),
        "year": year,
        "published_date": take_day(fields, year=year),
        "doi": fields.first("LID", "AID", "BAID", where=_DOI_MARK.fullmatch),
        "pmid": fields.first("PMID"),
        "extra": fields.extra(),
    }


READER: Final = Reader("nbib", "PubMed's tagged format (nbib, MEDLINE)", sniff, read, (".nbib", ".txt"))
