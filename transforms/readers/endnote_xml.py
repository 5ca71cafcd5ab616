"""Read EndNote XML, as EndNote itself and Zotero, Mendeley and others export it.

EndNote wraps each run of letters in <style>, which says how they look; what is more than a font
(superscript, italic) becomes the markup that other forms have. A PubMed identifier is taken only
where the record names PubMed as its database: other databases number their records too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.xml_form import find_root, read_mapped
from transforms.readers.xml_values import Children, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields

SOURCE: Final = "endnote"

_FACES: Final = {"superscript": "sup", "subscript": "sub", "italic": "i", "bold": "b", "underline": "u"}
_PUBMED: Final = ("pubmed", "medline", "nlm")


def sniff(head: Head) -> float:
    """Say how sure it is: <xml> with <records> in it."""
    root = find_root(head)
    return 1.0 if root and root.name == "xml" and root.rest.lstrip().startswith("<records") else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the records. Raises as `read_mapped` does."""
    return read_mapped(stream, info, ("record",), _fields)


def _fields(record: Element) -> Fields:
    for element in record.iter():
        if element.find("style") is not None:
            _unstyle(element)
    children = Children(record)
    titles, dates = children.children("titles"), children.children("dates")
    periodical, urls = children.children("periodical"), children.children("urls")
    fields = {
        "source": SOURCE,
        "source_record_id": children.text("rec-number"),
        "title": titles.text("title"),
        "abstract": children.text("abstract"),
        "authors": _authors(children),
        "venue": _venue(titles, periodical),
        "volume": children.text("volume"),
        "number": _number(children),
        "pages": children.text("pages"),
        "year": dates.text("year"),
        "published_date": _date(dates),
        "doi": children.text("electronic-resource-num"),
        "pmid": _pmid(children),
        "url": _url(urls),
    }
    for name, left in (("titles", titles), ("periodical", periodical), ("dates", dates), ("urls", urls)):
        children.add(name, left.rest())
    return {**fields, "extra": children.rest()}


def _unstyle(element: Element) -> None:
    """Take the <style> of mere fonts out of an element; others become markup."""
    children = list(element)
    for child in children:
        element.remove(child)
    for child in children:
        faces = (child.get("face") or "").split()
        tag = next((_FACES[face] for face in faces if face in _FACES), None)
        if child.tag != "style" or tag:
            child.tag = tag or child.tag
            child.attrib = {} if tag else child.attrib
            element.append(child)
        else:
            _append_text(element, (text(child) or child.text or "") + (child.tail or ""))


def _append_text(element: Element, more: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + more
    else:
        element.text = (element.text or "") + more


def _authors(children: Children) -> list[str]:
    contributors = children.children("contributors")
    authors = contributors.elements("authors")
    children.add("contributors", contributors.rest())
    return [name for group in authors for author in group if (name := text(author))]


def _venue(titles: Children, periodical: Children) -> str | None:
    """Take the venue, which stands twice where it is a journal; the second only stays where it differs."""
    venue, journal = titles.text("secondary-title"), periodical.text("full-title")
    if venue and journal and venue != journal:
        periodical.add("full-title", journal)
    return venue or journal


def _number(children: Children) -> str | None:
    """Take the issue: EndNote calls it number, Zotero writes it under both names."""
    number, issue = children.text("number"), children.text("issue")
    if number and issue and number != issue:
        children.add("issue", issue)
    return number or issue


def _date(dates: Children) -> str | None:
    return dates.children("pub-dates").text("date")


def _pmid(children: Children) -> str | None:
    names = (text(name) or "" for field in ("name", "provider") for name in children.peek(f"remote-database-{field}"))
    is_pubmed = any(name.lower().startswith(_PUBMED) for name in names)
    return children.text("accession-num") if is_pubmed else None


def _url(urls: Children) -> str | None:
    """Return the first address; all of them stay where they are."""
    kinds = (kind for name in ("related-urls", "web-urls") for kind in urls.peek(name))
    return next((address for kind in kinds if (address := text(kind.find("url")))), None)


READER: Final = Reader("endnote_xml", "EndNote XML", sniff, read, (".xml",), "xml")
