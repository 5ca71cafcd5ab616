"""Read what a person sees of a saved HTML page of Hugging Face: the blocks of its text, with their links.

    tags --> text with headings marked as in markdown, blocks parted by blank lines --> blocks

So the rules that tell titles from abstracts on other captures hold here too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import lxml.etree
import lxml.html

from transforms.errors import HostileDumpError
from transforms.readers.base import place
from transforms.readers.hf_links import Piece

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from transforms.readers.base import DumpInfo

_UNSEEN: Final = frozenset(
    {"script", "style", "svg", "head", "template", "noscript", "iframe", "object", "select", "math"}
)
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "code", "em", "font", "i", "kbd", "mark", "small", "span", "strong", "sub", "sup", "u"}
)
_HEADINGS: Final = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_SPACE: Final = re.compile(r"\s+")
_MARKS: Final = str.maketrans({"\\": "\\\\", "&": "&amp;", "<": "&lt;", "`": "\\`", "*": "\\*", "_": "\\_"})
"""What markdown would read as marks."""

_MOST_ATTRIBUTES: Final = 10_000
"""Attributes of one tag, about: lxml compares each with each, and 10,000 cost 0.3 s."""

_ATTRIBUTE_BREAK: Final = re.compile(r"[\s\"'/]+")


class Visible:
    """The text of a page in pieces, and for each of its lines the line of the dump where it comes from."""

    def __init__(self, text: str, info: DumpInfo) -> None:
        _refuse_flood(text, info)
        self.pieces: list[Piece] = []
        self.lines: list[int] = [1]
        self._length = 0
        if (root := _tree(text)) is not None:
            self._walk(root)

    @property
    def text(self) -> str:
        """All pieces in one."""
        return "".join(piece.text for piece in self.pieces)

    def _walk(self, root: HtmlElement) -> None:
        """Go through the tree without recursion, however deep it is."""
        todo: list[tuple[HtmlElement, str | None, int | None, bool]] = [(root, None, None, False)]
        while todo:
            element, address, link, is_end = todo.pop()
            if is_end:
                self._add(self._gap(element), None, None, element)
                self._add(_plain(element.tail), address, link, element)
                continue
            todo.append((element, address, link, True))
            if not isinstance(element.tag, str) or element.tag in _UNSEEN:
                continue
            own, own_link = address, link
            if element.tag == "a" and element.get("href"):
                own, own_link = element.get("href"), self._length
            self._add(self._gap(element) + _HEADINGS.get(element.tag, ""), None, None, element)
            self._add(_plain(element.text), own, own_link, element)
            todo += [(child, own, own_link, False) for child in reversed(element)]

    def _gap(self, element: HtmlElement) -> str:
        if element.tag == "br":
            return "\n"
        return "" if element.tag in _INLINE or not isinstance(element.tag, str) else "\n\n"

    def _add(self, text: str, address: str | None, link: int | None, element: HtmlElement) -> None:
        if text:
            self.pieces.append(Piece(self._length, text, address, link))
            self.lines += [element.sourceline or 1] * text.count("\n")
            self._length += len(text)


def _plain(text: str | None) -> str:
    return _SPACE.sub(" ", text).translate(_MARKS) if text else ""


def _tree(text: str) -> HtmlElement | None:
    try:
        return lxml.html.document_fromstring(text.encode(errors="replace"), parser=_parser())
    except lxml.etree.ParserError:  # nothing but comments, or nothing
        return None


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True
    )


def _refuse_flood(text: str, info: DumpInfo) -> None:
    """Raise HostileDumpError for a tag with more attributes than the parser takes in good time."""
    for number, part in enumerate(text.split(">")):
        if (
            len(part) > _MOST_ATTRIBUTES
            and len(_ATTRIBUTE_BREAK.findall(part, max(0, part.find("<")))) > _MOST_ATTRIBUTES
        ):
            hint = "no page has that many; the file is damaged or something else"
            raise HostileDumpError(
                f"has a tag of more than {_MOST_ATTRIBUTES:,} attributes, the {number + 1:,}th",
                where=place(info),
                hint=hint,
            )
