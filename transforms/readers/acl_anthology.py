"""Read the XML of the ACL Anthology (https://github.com/acl-org/acl-anthology/tree/master/data/xml).

    <collection id="P18">
      <volume id="1"> <meta> booktitle, year, editors ... </meta>
        <frontmatter> </frontmatter>
        <paper id="1"> title, author, abstract ... </paper>

A paper's venue and year stand in its volume. The front matter is no paper: like the rest of the
volume it goes to `extra` of its papers, and is a reject where the volume has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched
from transforms.readers.xml_form import find_root, read_elements, to_entry
from transforms.readers.xml_values import Children, folded_children, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields
    from transforms.readers.xml_parse import Parsed

SOURCE: Final = "acl"

_SITE: Final = "https://aclanthology.org/"
_ELEMENTS: Final = ("paper", "meta", "frontmatter")
_OPENINGS: Final = ("collection", "volume", "event")
_META: Final = {
    "journal": "journal-title",
    "booktitle": "booktitle",
    "volume": "journal-volume",
    "number": "journal-issue",
    "year": "year",
}
_NAME_PARTS: Final = 2
_FIRST_WORKSHOP_OF_D19: Final = 5


def sniff(head: Head) -> float:
    """Say how sure it is: a collection of volumes."""
    root = find_root(head)
    return 1.0 if root and root.name == "collection" and "<volume " in root.rest else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the papers. Raises as `read_elements` does."""
    return batched(_entries(stream, info))


def _entries(stream: BinaryIO, info: DumpInfo) -> Iterator[Entry | Broken]:
    volume = _Volume("")
    for found in read_elements(stream, info, _ELEMENTS, _OPENINGS):
        if isinstance(found, Broken):
            yield found
        elif found.name == "paper":
            volume.paper_count += 1
            yield to_entry(found, volume.fields)
        elif found.name in _OPENINGS:
            yield from volume.lonely_front_matter()
            volume = _opened(volume, found)
        else:
            volume.learn(found)
    yield from volume.lonely_front_matter()


def _opened(volume: _Volume, found: Parsed) -> _Volume:
    if found.name == "collection":
        return _Volume(found.tree.get("id") or "", None)
    return _Volume(volume.collection, found.tree if found.name == "volume" else None)


class _Volume:
    """What is known of the volume whose papers are being read; outside of a volume, nothing."""

    def __init__(self, collection: str, opening: Element | None = None) -> None:
        self.collection = collection
        self.paper_count = 0
        self._opening = opening
        self._about: dict[str, object] = Children(opening).rest()
        self._meta: dict[str, str | None] = {}
        self._front_matter: Parsed | None = None

    def learn(self, found: Parsed) -> None:
        """Take up what the volume says of itself; an event, which holds <meta> too, says nothing of papers."""
        if self._opening is None:
            return
        self._about |= folded_children([found.tree])
        if found.name == "meta":
            self._meta = {name: text(found.tree.find(path)) for name, path in _META.items()}
        else:
            self._front_matter = found

    def fields(self, paper: Element) -> Fields:
        """Return the fields of a paper of this volume."""
        children = Children(paper)
        number = children.attribute("id") or ""
        given = text(next(iter(children.peek("url")), None))
        own_id = given if given and ":" not in given else self._id(number)
        fields = {
            "source": SOURCE,
            "source_record_id": own_id,
            "title": children.text("title"),
            "abstract": children.text("abstract"),
            "authors": _authors(children),
            "venue": children.text("journal") or self._meta.get("journal") or self._meta.get("booktitle"),
            "volume": children.text("volume") or self._meta.get("volume"),
            "number": children.text("issue") or self._meta.get("number"),
            "pages": children.text("pages"),
            "year": children.text("year") or self._meta.get("year"),
            "doi": children.text("doi"),
            "url": given if given and ":" in given else f"{_SITE}{own_id}",
        }
        children.add("collection", self.collection)
        children.add("proceedings", self._about)
        children.add("@id", number)
        return {**fields, "extra": children.rest()}

    def _id(self, paper: str) -> str:
        """Build the id of a paper as the Anthology does: P18-1001 until 2019, 2020.acl-main.1 since."""
        volume = (self._opening.get("id") if self._opening is not None else None) or ""
        if self.collection[:1].isdigit() or not (volume.isdigit() and paper.isdigit()):
            return f"{self.collection}-{volume}.{paper}"
        is_workshop = self.collection[:1] == "W" or self.collection == "C69"
        if is_workshop or (self.collection == "D19" and int(volume) >= _FIRST_WORKSHOP_OF_D19):
            return f"{self.collection}-{int(volume):02d}{int(paper):02d}"
        return f"{self.collection}-{int(volume)}{int(paper):03d}"

    def lonely_front_matter(self) -> Iterator[Broken]:
        """Yield the front matter of a volume without papers, so that it is not lost."""
        if self._front_matter and not self.paper_count:
            found = self._front_matter
            yield Broken(found.raw, "is the front matter of a volume without papers", found.line)


def _authors(children: Children) -> list[str]:
    """Take the authors; where more is known of one than the name, all stay."""
    persons = children.elements("author")
    if any(person.keys() or len(person) > _NAME_PARTS for person in persons):
        children.add("author", folded_children(persons)["author"])
    names = (" ".join(filter(None, (text(person.find(part)) for part in ("first", "last")))) for person in persons)
    return [name or text(person) or "" for name, person in zip(names, persons, strict=True)]


READER: Final = Reader("acl_anthology", "ACL Anthology, XML", sniff, read, (".xml",), "xml")
