"""Read what an OAI-PMH server answers to ListRecords and GetRecord (https://www.openarchives.org/OAI/openarchivesprotocol.html).

The metadata of a record come as arXiv writes them (arXiv, arXivRaw) or in Dublin Core (oai_dc). A
record that its source deleted has none and is a reject, like one in metadata that are not known
and like the errors that a server reports.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Head, Reader
from transforms.readers.oai_metadata import arxiv, arxiv_raw, dublin_core
from transforms.readers.rows import ARXIV
from transforms.readers.xml_form import NotAPaper, find_root, read_mapped
from transforms.readers.xml_values import Children, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields

_ROOTS: Final = frozenset({"OAI-PMH", "ListRecords", "GetRecord"})
_KNOWN: Final[Mapping[str, Callable[[Children], Fields]]] = {
    "arXiv": arxiv,
    "arXivRaw": arxiv_raw,
    "dc": dublin_core,
}
_ANSWER: Final = re.compile(r"<(?:ListRecords|GetRecord|record|error)\b")
_ARXIV_REPOSITORY: Final = "arxiv.org"


def sniff(head: Head) -> float:
    """Say how sure it is: the root is OAI-PMH, or the list within it, and there is a record or an error."""
    root = find_root(head)
    return 1.0 if root and root.name in _ROOTS and _ANSWER.search(root.rest) else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the records; where the list goes on (resumptionToken) is no entry. Raises as `read_mapped` does."""
    return read_mapped(stream, info, ("record", "error"), _fields)


def _fields(element: Element) -> Fields | NotAPaper:
    record = Children(element)
    if element.tag == "error":
        return NotAPaper(f"is an error that the server reports: {record.attribute('code')}: {text(element)}")
    header = record.children("header")
    if header.attribute("status") == "deleted":
        return NotAPaper("is deleted by its source")
    metadata = element.find("metadata")
    found = metadata[0] if metadata is not None and len(metadata) else None
    if found is None or found.tag not in _KNOWN:
        what = "has no metadata" if found is None else f"has metadata in <{found.tag}>"
        return NotAPaper(f"{what}; arXiv, arXivRaw and oai_dc are read")
    record.elements("metadata")
    children = Children(found)
    children.attribute("schemaLocation")
    fields = _identity(header) | _KNOWN[found.tag](children)
    record.add("header", header.rest())
    record.add(found.tag, children.rest())
    return {**fields, "extra": record.rest()}


def _identity(header: Children) -> Fields:
    """Return source and id from an identifier as OAI writes it: oai:arXiv.org:0704.0001."""
    identifier = header.text("identifier") or ""
    _, _, rest = identifier.strip().partition("oai:")
    repository, _, local = rest.partition(":")
    if repository.lower() == _ARXIV_REPOSITORY:
        return {"source": ARXIV, "source_record_id": local, "arxiv_id": local}
    return {"source": repository or "oai", "source_record_id": identifier or None}


READER: Final = Reader("oai_pmh", "OAI-PMH: arXiv, arXivRaw and Dublin Core records", sniff, read, (".xml",), "xml")
