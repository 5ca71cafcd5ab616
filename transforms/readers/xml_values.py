"""What an element says: its text as people read it, and all of it as JSON.

text     mixed content on one line; <sub> and <sup> stay, LaTeX gets its dollars, other markup goes
markup   mixed content as it is marked up
folded   the element with its attributes and children, as JSON has it:

    <a x="1"><b>2</b><b>3</b></a>   {"@x": "1", "b": ["2", "3"]}
    <a x="1">2</a>                  {"@x": "1", "#text": "2"}
    <a>2<i>3</i></a>                "2<i>3</i>"
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

_MEANING: Final = {"sub": ("<sub>", "</sub>"), "sup": ("<sup>", "</sup>"), "tex-math": ("$", "$")}
"""Markup without which a title says something else: 10<sup>5</sup>."""

_BLOCKS: Final = dict.fromkeys(("p", "br", "div", "li", "sec", "title", "list-item", "disp-formula"), ("\n", "\n"))
_WRITTEN: Final = _BLOCKS | _MEANING
_NOTHING: Final = ("", "")


def text(element: Element | None) -> str | None:
    """Return the text of an element and of all within it; None where there is none."""
    if element is None:
        return None
    found = "".join(_text_parts(element, [])) if len(element) else element.text
    return found if found and not found.isspace() else None


def _text_parts(element: Element, parts: list[str]) -> list[str]:
    parts.append(element.text or "")
    for child in element:
        before, after = _WRITTEN.get(child.tag, _NOTHING)
        parts.append(before)
        _text_parts(child, parts)
        parts += (after, child.tail or "")
    return parts


def markup(element: Element) -> str:
    """Return what stands in an element, tags and all, without namespaces."""
    return "".join(_markup_parts(element, []))


def _markup_parts(element: Element, parts: list[str]) -> list[str]:
    parts.append(_escaped(element.text))
    for child in element:
        attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in child.items())
        parts.append(f"<{child.tag}{attributes}>")
        _markup_parts(child, parts)
        parts += (f"</{child.tag}>", _escaped(child.tail))
    return parts


def _escaped(found: str | None) -> str:
    return (found or "").replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def loses_markup(element: Element) -> bool:
    """Tell whether `text` leaves out some of an element's markup."""
    return len(element) > 0 and any(child.tag not in _MEANING for child in element.iter() if child is not element)


def folded(element: Element) -> object:
    """Return an element as JSON has it; an element without anything is an empty text."""
    if not len(element):
        return _leaf(element) if element.attrib else element.text or ""
    inner = _inner(element)
    attributes: dict[str, object] = {f"@{name}": value for name, value in element.attrib.items()}
    if inner is None:
        return {**attributes, "#text": markup(element)} if attributes else markup(element)
    return attributes | inner if attributes else inner


def folded_children(elements: Iterable[Element]) -> dict[str, object]:
    """Return elements by their names, those that repeat as a list, empty ones left out."""
    found: dict[str, object] = {}
    for element in elements:
        value = folded(element)
        if value and not (isinstance(value, str) and value.isspace()):
            _put(found, element.tag, value)
    return found


def _inner(element: Element) -> dict[str, object] | None:
    """Return the children of an element by their names; None where text stands between them.

    The same as `folded_children`, in one loop and without a call for the many elements that are text
    alone: here goes by most of the time that reading takes beside the parser.
    """
    found: dict[str, object] = {}
    if _has_words(element.text):
        return None
    for child in element:
        if (tail := child.tail) and not tail.isspace():
            return None
        value: object = child.text
        if len(child):
            value = folded(child)
        elif child.attrib:
            value = _leaf(child)
        elif not value or value.isspace():  # type: ignore[attr-defined]  # it is text
            continue
        if (name := child.tag) in found:
            _put(found, name, value)
        elif value:
            found[name] = value
    return found


def _leaf(element: Element) -> dict[str, object]:
    """Return an element that has attributes, and text at most."""
    value: dict[str, object] = {f"@{name}": value for name, value in element.attrib.items()}
    if _has_words(element.text):
        value["#text"] = element.text
    return value


def _put(found: dict[str, object], name: str, value: object) -> None:
    if not value:
        return
    if name not in found:
        found[name] = value
    elif isinstance(earlier := found[name], list):
        earlier.append(value)
    else:
        found[name] = [earlier, value]


def _has_words(found: str | None) -> bool:
    return bool(found) and not found.isspace()  # type: ignore[union-attr]  # it is not None


class Children:
    """The children of an element, to be taken one by one; `rest` gives what nobody took, as JSON has it."""

    def __init__(self, element: Element | None) -> None:
        self._left: dict[str, list[Element]] = {}
        self._more: dict[str, object] = {}
        if element is None:
            return
        if element.attrib:
            self._more = {f"@{name}": value for name, value in element.attrib.items()}
        left = self._left
        is_mixed = _has_words(element.text)
        for child in element:
            if (name := child.tag) in left:
                left[name].append(child)
            else:
                left[name] = [child]
            is_mixed = is_mixed or _has_words(child.tail)
        if is_mixed:
            self.add("#text", " ".join(filter(None, (element.text, *(child.tail for child in element)))))

    def attribute(self, name: str) -> str | None:
        """Take an attribute of the element itself."""
        value = self._more.pop(f"@{name}", None)
        return value if isinstance(value, str) else None

    def element(self, name: str) -> Element | None:
        """Take the first child of that name."""
        left = self._left.get(name)
        return left.pop(0) if left else None

    def children(self, name: str) -> Children:
        """Take the first child of that name, to take its own children from it."""
        return Children(self.element(name))

    def elements(self, name: str) -> list[Element]:
        """Take all children of that name."""
        return self._left.pop(name, [])

    def peek(self, name: str) -> list[Element]:
        """Look at the children of that name that nobody took."""
        return self._left.get(name, [])

    def text(self, name: str) -> str | None:
        """Take the text of the first child of that name; attributes and markup that it leaves out go to the rest."""
        left = self._left.get(name)
        if not left:
            return None
        child = left.pop(0)
        if child.attrib or len(child):
            self._keep_marks(name, child)
            return text(child)
        return child.text if _has_words(child.text) else None

    def _keep_marks(self, name: str, child: Element) -> None:
        if loses_markup(child):
            self.add(f"{name}_markup", folded(child))
        elif child.attrib:
            self.add(name, folded(child))

    def add(self, name: str, value: object) -> None:
        """Put something more into the rest."""
        if value:
            self._more[name] = value

    def rest(self) -> dict[str, object]:
        """Return what nobody took."""
        return self._more | folded_children(chain.from_iterable(self._left.values()))
