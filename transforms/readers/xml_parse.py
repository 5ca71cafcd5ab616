r"""Parse the pieces of an XML dump, many at once, and mend what can be mended without guessing.

    Piece, Piece, ...  --joined-->  <pieces>...</pieces>  --expat-->  Parsed, Parsed, ...
                                           \--at a fault--> one by one --mended--> Parsed, or Broken

No document type reaches the parser, so there is no entity to expand and no address to fetch: an
entity that HTML knows by name (DBLP writes them) is put in from a table, any other makes its record
a reject. Mended are characters that XML forbids and prefixes that were declared outside of the
piece. Namespaces mean nothing to the readers: a tag is known by its local name.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET  # what it is unsafe against needs a DTD, and gets none

from transforms.readers.base import Broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_pieces import Piece

_BATCH_BYTES: Final = 64 * 1024
"""Pieces that are parsed at once: setting up the parser takes longer than a small record."""

_ENTITIES: Final = {
    name[:-1].encode(): "".join(f"&#{ord(char)};" for char in text).encode()
    for name, text in html5.items()
    if name.endswith(";")
}
_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*+);")
_UNKNOWN_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z_][\w.-]{0,60}+);")
_CDATA: Final = b"<![CDATA["

_FORBIDDEN: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]++|\xef\xbf[\xbe\xbf]")
_REFERENCES: Final = re.compile(rb"(?:&#(?:[xX][0-9A-Fa-f]{1,7}|[0-9]{1,7});)++")
_HIGHEST_CHARACTER: Final = 0x10FFFF
_PREFIX: Final = re.compile(rb"[<\s/]([A-Za-z_][\w.-]{0,60}+):(?=[A-Za-z_])")
_MAX_PREFIXES: Final = 50


class Parsed(NamedTuple):
    """A piece of a dump and the element that it turned out to be."""

    name: str
    line: int
    raw: str
    tree: Element


class Parser:
    """Parses the pieces of one dump, and remembers what it learned of its prefixes and its encoding."""

    def __init__(self) -> None:
        self._prefixes: dict[bytes, None] = {}
        self._is_utf8 = False

    def parse(self, pieces: Iterable[Piece]) -> Iterator[Parsed | Broken]:
        """Yield what the pieces hold, in their order."""
        batch: list[Piece] = []
        size = 0
        for piece in pieces:
            batch.append(piece)
            size += len(piece.data)
            if size > _BATCH_BYTES:
                yield from self._batch(batch)
                batch, size = [], 0
        yield from self._batch(batch)

    def _batch(self, pieces: list[Piece]) -> Iterator[Parsed | Broken]:
        trees = self._together(pieces)
        if trees is None:
            yield from map(self._alone, pieces)
            return
        for piece, tree in zip(pieces, trees, strict=True):
            yield Parsed(piece.name, piece.line, piece.data.decode(), tree)

    def _together(self, pieces: list[Piece]) -> list[Element] | None:
        """Return the elements of all pieces, None where one of them has a fault."""
        if any(piece.fault for piece in pieces):
            return None
        try:
            trees = list(self._tree(_named_entities(b"".join(piece.data for piece in pieces))))
        except ET.ParseError:
            return None
        self._is_utf8 = self._is_utf8 or not all(piece.data.isascii() for piece in pieces)
        return trees if [tree.tag for tree in trees] == [piece.name for piece in pieces] else None

    def _tree(self, data: bytes) -> Element:
        declared = b"".join(b' xmlns:%s="%s"' % (prefix, prefix) for prefix in self._prefixes)
        tree = ET.fromstring(b"<pieces%s>%s</pieces>" % (declared, data))  # noqa: S314  # no DTD: see above
        if self._prefixes or b"xmlns" in data or b"xml:" in data:
            _forget_namespaces(tree)
        return tree

    def _alone(self, piece: Piece) -> Parsed | Broken:
        try:
            raw = piece.data.decode()
            self._is_utf8 = self._is_utf8 or not raw.isascii()
        except UnicodeDecodeError as error:
            decoded = None if self._is_utf8 or piece.fault else _as_windows(piece.data)
            if decoded is None:
                raw = piece.data.decode(errors="backslashreplace")
                return Broken(raw, piece.fault or f"is not UTF-8 at byte {error.start + 1:,} of the entry", piece.line)
            raw = decoded
        if piece.fault:
            return Broken(raw, piece.fault, piece.line)
        return self._mended(piece, raw)

    def _mended(self, piece: Piece, raw: str) -> Parsed | Broken:
        data = _named_entities(raw.encode())
        try:
            trees = list(self._tree(data))
        except ET.ParseError:
            try:
                trees = list(self._with_prefixes(_allowed(data)))
            except ET.ParseError as error:
                return Broken(raw, _reason(error, data, piece), piece.line)
        if len(trees) != 1 or trees[0].tag != piece.name:
            return Broken(raw, f"is not one <{piece.name}>", piece.line)
        return Parsed(piece.name, piece.line, raw, trees[0])

    def _with_prefixes(self, data: bytes) -> Element:
        for found in _PREFIX.finditer(data):
            if len(self._prefixes) < _MAX_PREFIXES and found[1] not in {b"xml", b"xmlns"}:
                self._prefixes[found[1]] = None
        return self._tree(data)


def _forget_namespaces(tree: Element) -> None:
    for element in tree.iter():
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]
        if any(name[0] == "{" for name in element.keys()):  # noqa: SIM118  # an element is no dict
            element.attrib = {name.rpartition("}")[2]: value for name, value in element.items()}


def _as_windows(data: bytes) -> str | None:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return None


def _named_entities(data: bytes) -> bytes:
    """Put in the characters that HTML knows by name, outside of CDATA."""
    if b"&" not in data or not _ENTITY.search(data):
        return data
    text, *others = data.split(_CDATA)
    return _CDATA.join((_replaced(text), *map(_after_cdata, others)))


def _after_cdata(data: bytes) -> bytes:
    literal, end, text = data.partition(b"]]>")
    return literal + end + _replaced(text)


def _replaced(data: bytes) -> bytes:
    return _ENTITY.sub(lambda found: _ENTITIES.get(found[1], found[0]), data)


def _allowed(data: bytes) -> bytes:
    """Take out the control characters and halves of characters that XML forbids; NUL stays, it is damage."""
    return _REFERENCES.sub(_allowed_references, _FORBIDDEN.sub(b"", data))


def _allowed_references(found: re.Match[bytes]) -> bytes:
    """Join characters written as two halves (UTF-16), and drop those that XML forbids."""
    numbers = (number.rstrip(b";") for number in found[0].split(b"&#")[1:])
    codes = (int(number[1:], 16) if number[:1] in b"xX" else int(number) for number in numbers)
    text = "".join(chr(code) for code in codes if code <= _HIGHEST_CHARACTER)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    kept = (char for char in whole if char >= " " or char in "\t\n\r")
    return "".join(f"&#{ord(char)};" for char in kept if char not in "\ufffe\uffff").encode()


def _reason(error: ET.ParseError, data: bytes, piece: Piece) -> str:
    """Say what is wrong, where, and why an entity of a DTD stays what it is."""
    row = error.position[0]
    what = str(error).split(":")[0]
    if what.startswith("undefined entity") and (name := _UNKNOWN_ENTITY.search(data)):
        return f"names the entity &{name[1].decode()};, which is not known; what a DTD declares is never expanded"
    if b"\0" in data:
        return f"holds NUL at byte {data.index(0) + 1:,} of the entry; the copy is damaged"
    return f"is not well-formed XML: {what} in line {piece.line + row - 1:,}"
