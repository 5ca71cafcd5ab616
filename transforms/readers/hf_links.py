r"""Find the links of a captured page, whichever way its program wrote them.

    [text](address)   [text](<address> "title")   [text][7] ... [7]: address     markdown
    [                                                                            some programs let the
    text                                                                         text of a link run over
    ](address)                                                                   blank lines
    [7]text ... References  7. address                                           lynx, links, elinks

Brackets are matched by hand: CommonMark, which the libraries implement, knows no link over blank
lines and no numbers of lynx, and would take the stars and underlines of formulas for emphasis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN: Final = re.compile(r"\\[\s\S]|!?\[|\]")
_INLINE: Final = re.compile(
    r"\(\s{0,9}(?:<(?P<angled>[^<>\n]{0,2000})>|(?P<bare>(?:[^()\s\\]|\\.|\([^()\s]{0,200}\)){0,2000}))"
    r"(?:\s{1,9}(?:\"[^\"]{0,500}\"|'[^']{0,500}'))?\s{0,9}\)(?:\s{0,2}\{[#.][^{}]{0,300}\}){0,5}"
)
_REFERENCE: Final = re.compile(r"\[(?P<label>[^\[\]\n]{0,100})\]")
_DEFINITION: Final = re.compile(
    r"^[ \t]{0,9}\[(?P<label>[^\[\]\n]{1,100})\]:[ \t]{0,9}<?(?P<address>[^\s<>]{1,2000})>?.{0,500}$", re.MULTILINE
)
_NUMBERED: Final = re.compile(
    r"^[ \t]{0,9}(?P<label>\d{1,5})\.[ \t]{1,4}(?P<address>(?:https?|file|mailto):\S{1,2000})[ \t]*$", re.MULTILINE
)
_REFERENCES: Final = re.compile(r"^[ \t]{0,9}(?:References|Links|Visible links)[ \t]*:?[ \t]*$", re.MULTILINE)
_ADDRESS: Final = re.compile(r"(?:[a-z][a-z+.-]{1,15}:|\.{0,2}/|[#?])\S*|$", re.IGNORECASE)
_LYNX_MARK: Final = re.compile(r"\[(\d{1,5})\]")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")

_MOST_OPEN: Final = 50
"""Brackets that may be open at once; more is no text."""

_UNDEFINED: Final = ""
"""The address of a link by number whose list of addresses is not in the capture."""

_LABEL_LENGTH: Final = 100

_HABIT: Final = 5
"""Links by number without an address from which they are the habit of the program and not a citation."""


class Piece(NamedTuple):
    """Some text of the page, the place where it begins, the address that it links to, and the place of that link.

    `skipped` counts the line ends between it and the piece before: of an image, or of an address.
    """

    start: int
    text: str
    address: str | None
    link: int | None = None
    skipped: int = 0


class _Link(NamedTuple):
    start: int
    inner: int
    inner_end: int
    end: int
    address: str
    is_image: bool


def cut_at_links(text: str) -> Iterator[Piece]:
    """Yield the text of a page in pieces that link to one place or to none, without images and lists of addresses."""
    end = 0
    for piece in _cut(text):
        yield piece._replace(skipped=text.count("\n", end, piece.start))
        end = piece.start + len(piece.text)


def _cut(text: str) -> Iterator[Piece]:
    numbered = _lynx_addresses(text)
    if numbered:
        yield from _lynx_pieces(text, numbered)
        return
    defined = {found["label"].casefold(): found["address"] for found in _DEFINITION.finditer(text) if _is_whole(found)}
    body = _DEFINITION.sub(lambda found: " " * len(found[0]), text)
    yield from _pieces(body, _links(body, defined))


def _is_whole(definition: re.Match[str]) -> bool:
    """Leave out the last address of a numbered list that may have been cut off with the page."""
    return definition.end() < len(definition.string) or not definition["label"].isdecimal()


def _links(text: str, defined: dict[str, str]) -> list[_Link]:
    """Match brackets, innermost first; those without a target stay text."""
    takes_any_number = len(re.findall(r"\]\[\d{1,4}\]", text)) >= _HABIT
    opened: list[re.Match[str]] = []
    links: list[_Link] = []
    used = 0
    for token in _TOKEN.finditer(text):
        if token.start() < used:
            continue
        if token[0] != "]":
            if token[0] in {"[", "!["}:
                opened = [*opened[-_MOST_OPEN:], token]
        elif opened:
            opening = opened.pop()
            label = text[opening.end() : token.start()] if token.start() - opening.end() <= _LABEL_LENGTH else ""
            if target := _target(text, token.end(), label, defined, takes_any_number=takes_any_number):
                address, used = target
                links.append(
                    _Link(opening.start(), opening.end(), token.start(), used, address, is_image=opening[0] == "![")
                )
    return sorted(links)


def _target(
    text: str, at: int, label: str, defined: dict[str, str], *, takes_any_number: bool
) -> tuple[str, int] | None:
    """Return the address behind a closing bracket, and where it ends."""
    if inline := _INLINE.match(text, at):
        address = (inline["angled"] or inline["bare"] or "").replace("\\", "")
        return (address, inline.end()) if _ADDRESS.match(address) else None
    if reference := _REFERENCE.match(text, at):
        name = (reference["label"] or label).casefold()
        if name in defined:
            return defined[name], reference.end()
        if takes_any_number and name.isdecimal():
            return _UNDEFINED, reference.end()
    if label.casefold() in defined and not label.isdecimal():
        return defined[label.casefold()], at
    return None


def _pieces(text: str, links: list[_Link]) -> Iterator[Piece]:
    """Walk over links and what stands between them; a link within a link keeps its own address."""
    inside: list[_Link] = []
    at = 0
    for link in [*links, _Link(len(text), 0, 0, 0, "", is_image=False)]:
        while inside and inside[-1].end <= link.start:
            closing = inside.pop()
            yield from _piece(text, at, closing.inner_end, [*inside, closing])
            at = closing.end
        yield from _piece(text, at, link.start, inside)
        inside.append(link)
        at = link.inner


def _piece(text: str, start: int, end: int, inside: list[_Link]) -> Iterator[Piece]:
    if start < end and not any(link.is_image for link in inside):
        link = inside[-1] if inside else None
        yield Piece(start, text[start:end], link.address if link else None, link.start if link else None)


def _lynx_addresses(text: str) -> dict[str, str]:
    headings = list(_REFERENCES.finditer(text))
    listed = _NUMBERED.finditer(text, headings[-1].end()) if headings else ()
    return {found["label"]: found["address"] for found in listed}


def without_lynx_marks(text: str) -> str:
    """Take the numbers of lynx out of a text whose list of addresses was cut off."""
    numbers = [mark[1] for mark in _LYNX_MARK.finditer(text)]
    counted = {number for number, due in zip(numbers, range(1, len(numbers) + 1), strict=True) if int(number) == due}
    return _LYNX_MARK.sub("", text) if len(counted) >= _HABIT else text


def _lynx_pieces(text: str, addresses: dict[str, str]) -> Iterator[Piece]:
    """Take the text behind each number up to the next one or the next blank line for the link's."""
    end = [heading.start() for heading in _REFERENCES.finditer(text)][-1]
    at, address = 0, None
    for mark in _counted(_LYNX_MARK.finditer(text, 0, end), addresses):
        yield from _lynx_paragraphs(text, at, mark.start(), address)
        at, address = mark.end(), addresses[mark[1]]
    yield from _lynx_paragraphs(text, at, end, address)


def _lynx_paragraphs(text: str, start: int, end: int, address: str | None) -> Iterator[Piece]:
    blank = _BLANK_LINE.search(text, start, end) if address else None
    if blank:
        yield Piece(start, text[start : blank.start()], address, start)
        start, address = blank.start(), None
    if start < end:
        yield Piece(start, text[start:end], address, start if address else None)


def _counted(marks: Iterable[re.Match[str]], addresses: dict[str, str]) -> Iterator[re.Match[str]]:
    """Leave out numbers that do not go up: they are citations in the text."""
    last = 0
    for mark in marks:
        if mark[1] in addresses and int(mark[1]) > last:
            last = int(mark[1])
            yield mark
