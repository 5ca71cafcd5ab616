"""What the readers of XML share: how they recognise a form, and how an element becomes an entry.

stream  --utf8_chunks-->  --Pieces-->  --Parser-->  Parsed  --the form's mapping-->  Entry, or Broken
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, batched, head_text
from transforms.readers.rows import to_json
from transforms.readers.xml_bytes import utf8_chunks
from transforms.readers.xml_parse import Parsed, Parser
from transforms.readers.xml_pieces import DOCTYPE, Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from xml.etree.ElementTree import Element

    Fields = dict[str, object]

_ROOT: Final = re.compile(
    rf"(?s)(?>\s++|<\?(?>[^?]++|\?(?!>))*+\?>|<!--(?>[^-]++|-(?!->))*+-->|{DOCTYPE})*+"
    r"<([A-Za-z_][\w.-]*+)(?=[\s/>])([^<>]*+)>(.*+)"
)


class Root(NamedTuple):
    """The first element of a dump: its name, its attributes, and what follows of the first bytes."""

    name: str
    attributes: str
    rest: str


class NotAPaper(NamedTuple):
    """Why an element is no paper: deleted, a person, a message."""

    reason: str


def find_root(head: Head) -> Root | None:
    """Return the element with which a dump begins; None where it is no XML."""
    found = _ROOT.match(head_text(head))
    return Root(found[1], found[2], found[3]) if found else None


def sure_of_root(head: Head, names: Container[str]) -> float:
    """Say how sure a form is that only its root bears one of these names: 1 or 0."""
    root = find_root(head)
    return 1.0 if root and root.name in names else 0.0


def read_elements(
    stream: BinaryIO, info: DumpInfo, elements: tuple[str, ...], openings: tuple[str, ...] = ()
) -> Iterator[Parsed | Broken]:
    """Yield the elements of a dump that bear these names, and the start tags of those that hold others.

    What is cut off, not closed or not well-formed comes as Broken. Raises DamagedDumpError and
    HostileDumpError as `xml_encoding` and `xml_pieces` do.
    """
    return Parser().parse(Pieces(utf8_chunks(stream, info), info, elements, openings).cut())


def to_entry(found: Parsed, mapping: Callable[[Element], Fields | NotAPaper]) -> Entry | Broken:
    """Turn an element into an entry; `extra` of the mapping is any value that JSON has."""
    try:
        fields = mapping(found.tree)
        if isinstance(fields, NotAPaper):
            return Broken(found.raw, fields.reason, found.line)
        extra = fields.pop("extra", None)
        fields |= {"line": found.line, "raw": found.raw, "extra": to_json(extra) if extra else None}
        return fields | {"authors": fields.get("authors") or None}
    except RecursionError:
        return Broken(found.raw, "is nested too deeply", found.line)


def read_mapped(
    stream: BinaryIO, info: DumpInfo, elements: tuple[str, ...], mapping: Callable[[Element], Fields | NotAPaper]
) -> Iterator[Batch]:
    """Yield an entry for each of the elements that bear these names. Raises as `read_elements` does."""
    return batched(
        found if isinstance(found, Broken) else to_entry(found, mapping)
        for found in read_elements(stream, info, elements)
    )
