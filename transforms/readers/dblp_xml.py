"""Read the XML of DBLP (https://dblp.org/xml/, elements as dblp.dtd names them).

Its entities (&uuml;) come from HTML's table, never from the DTD. What DBLP keeps about persons and
their home pages is no paper: each is a reject. The numbers by which DBLP tells persons of one name
apart are not part of the name; with them, the author stays in `extra`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.xml_form import NotAPaper, read_mapped, sure_of_root
from transforms.readers.xml_values import Children, folded_children, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields

SOURCE: Final = "dblp"

_KINDS: Final = (
    *("article", "inproceedings", "proceedings", "book", "incollection", "phdthesis", "mastersthesis"),
    *("data", "www", "person"),
)
_ROOTS: Final = frozenset({"dblp", "dblpperson"})
_PERSONS: Final = "homepages/"
_NAMESAKE: Final = re.compile(r"\s\d{4}$")
_DOI: Final = re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)")


def sniff(head: Head) -> float:
    """Say how sure it is: the root is dblp."""
    return sure_of_root(head, _ROOTS)


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the publications; persons and home pages are rejects. Raises as `read_mapped` does."""
    return read_mapped(stream, info, _KINDS, _fields)


def _fields(publication: Element) -> Fields | NotAPaper:
    children = Children(publication)
    key = children.attribute("key")
    if publication.tag == "person" or (key or "").startswith(_PERSONS):
        return NotAPaper("is what DBLP keeps about a person, not a paper")
    children.add("type", publication.tag)
    addresses = [address for link in children.peek("ee") if (address := text(link))]
    return {
        "source": SOURCE,
        "source_record_id": key,
        "title": children.text("title"),
        "authors": _authors(children),
        "venue": children.text("journal") or children.text("booktitle") or children.text("school"),
        "volume": children.text("volume"),
        "number": children.text("number"),
        "pages": children.text("pages"),
        "year": children.text("year"),
        "doi": next((found[1] for address in addresses if (found := _DOI.fullmatch(address))), None),
        "url": addresses[0] if addresses else None,
        "extra": children.rest(),
    }


def _authors(children: Children) -> list[str]:
    """Take the authors, or the editors of what has none."""
    role = "author" if children.peek("author") else "editor"
    persons = children.elements(role)
    names = [name for person in persons if (name := text(person))]
    if any(name[-1].isdigit() for name in names) or any(person.attrib for person in persons):
        children.add(role, folded_children(persons).get(role))
        return [_NAMESAKE.sub("", name) for name in names]
    return names


READER: Final = Reader("dblp_xml", "DBLP, XML", sniff, read, (".xml",), "xml")
