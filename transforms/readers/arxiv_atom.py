"""Read what arXiv's API answers: an Atom feed of papers (https://info.arxiv.org/help/api/user-manual.html).

Only its entries are read; the feed's own title and id are the question that was asked. The version
that an entry's id names goes with `arxiv_id`, from where normalization takes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.rows import ARXIV
from transforms.readers.xml_form import NotAPaper, find_root, read_mapped
from transforms.readers.xml_values import Children, folded_children, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields

_ATOM: Final = "http://www.w3.org/2005/Atom"
_ERROR: Final = "arxiv.org/api/errors"
_PAGE: Final = re.compile(r"\s*https?://(?:[\w-]+\.)?arxiv\.org/abs/(\S+?)(?:v\d+)?\s*")
_VERSIONED: Final = re.compile(r".*?/abs/(\S+)\s*")


def sniff(head: Head) -> float:
    """Say how sure it is: an Atom feed, or one entry of it, that speaks of arXiv."""
    root = find_root(head)
    if root is None or root.name not in {"feed", "entry"} or _ATOM not in root.attributes:
        return 0.0
    return 1.0 if "arxiv.org/" in root.attributes or "arxiv.org/" in root.rest else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the entries of the feed; an error that the API reports is a reject. Raises as `read_mapped` does."""
    return read_mapped(stream, info, ("entry",), _fields)


def _fields(entry: Element) -> Fields | NotAPaper:
    children = Children(entry)
    address = children.text("id") or ""
    if _ERROR in address:
        return NotAPaper(f"is an error that arXiv's API reports: {children.text('summary')}")
    page = _PAGE.fullmatch(address)
    return {
        "source": ARXIV,
        "source_record_id": page[1] if page else address or None,
        "arxiv_id": _VERSIONED.sub(r"\1", address) if page else None,
        "title": children.text("title"),
        "abstract": children.text("summary"),
        "authors": _authors(children),
        "venue": children.text("journal_ref"),
        "published_date": children.text("published"),
        "doi": children.text("doi"),
        "url": _address(children) or address or None,
        "extra": children.rest(),
    }


def _authors(children: Children) -> list[str]:
    authors = children.elements("author")
    if any(len(author) > 1 for author in authors):
        children.add("authors", folded_children(authors)["author"])
    return [name for author in authors if (name := text(author.find("name")))]


def _address(children: Children) -> str | None:
    """Return the page of the paper; the links to other forms of it stay where they are."""
    return next((link.get("href") for link in children.peek("link") if link.get("rel") == "alternate"), None)


READER: Final = Reader("arxiv_atom", "arXiv API, Atom feed", sniff, read, (".xml", ".atom"), "xml")
