"""The metadata formats in which records of OAI-PMH come, each turned into fields.

arXiv      https://info.arxiv.org/help/oa/index.html: names in parts, dates of the first and last version
arXivRaw   the same, authors in a line, all versions with their dates
dc         Dublin Core: everything may repeat, and nothing says which of several is meant
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from transforms.names import split_authors
from transforms.readers.rows import ARXIV
from transforms.readers.xml_values import folded_children, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transforms.readers.xml_form import Fields
    from transforms.readers.xml_values import Children

_ARXIV_PAGE: Final = "https://arxiv.org/abs/"
_NAMES: Final = ("forenames", "keyname", "suffix")
_DOI: Final = re.compile(r"\s*(?:doi:|info:doi/|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)\s*", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"\s*https?://\S+\s*")


def arxiv(metadata: Children) -> Fields:
    """Return the fields of arXiv's own format."""
    own_id = metadata.text("id")
    return {
        **_of_arxiv(metadata, own_id, own_id),
        "authors": _persons(metadata),
        "published_date": metadata.text("created"),
    }


def arxiv_raw(metadata: Children) -> Fields:
    """Return the fields of arXivRaw; the version is the latest one, the day that of the first."""
    own_id, versions = metadata.text("id"), metadata.peek("version")
    latest = versions[-1].get("version") or "" if versions else ""
    return {
        **_of_arxiv(metadata, own_id, f"{own_id}{latest}" if own_id else None),
        "authors": split_authors(metadata.text("authors") or ""),
        "published_date": text(versions[0].find("date")) if versions else None,
    }


def _of_arxiv(metadata: Children, own_id: str | None, reference: str | None) -> Fields:
    return {
        "source": ARXIV,
        "source_record_id": own_id,
        "arxiv_id": reference,
        "title": metadata.text("title"),
        "abstract": metadata.text("abstract"),
        "venue": metadata.text("journal-ref"),
        "doi": metadata.text("doi"),
        "url": f"{_ARXIV_PAGE}{own_id}" if own_id else None,
    }


def _persons(metadata: Children) -> list[str]:
    persons = [person for group in metadata.elements("authors") for person in group]
    if any(person.find("affiliation") is not None for person in persons):
        metadata.add("authors", folded_children(persons))
    return [" ".join(filter(None, (text(person.find(part)) for part in _NAMES))) for person in persons]


def dublin_core(metadata: Children) -> Fields:
    """Return the fields of Dublin Core: of what repeats the first, identifiers by what they look like."""
    names = [name for creator in metadata.elements("creator") if (name := text(creator))]
    identifiers = [own for element in metadata.peek("identifier") if (own := text(element))]
    return {
        "title": metadata.text("title"),
        "abstract": metadata.text("description"),
        "authors": names,
        "published_date": metadata.text("date"),
        "doi": _first(_DOI, identifiers),
        "url": _first(_ADDRESS, identifiers),
    }


def _first(pattern: re.Pattern[str], texts: Iterable[str]) -> str | None:
    return next((found[found.re.groups].strip() for one in texts if (found := pattern.fullmatch(one))), None)
