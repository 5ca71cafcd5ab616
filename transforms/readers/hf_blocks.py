"""Cut a captured page into its blocks: headings, paragraphs, items of lists, each with the address it links to.

    pieces of text with an address --> lines --> blocks

A block is what a person sees as one thing: the title over two lines, the paragraph that a program
wrapped at 72 columns. Where a line holds several things ("May 29", and "6" with a link) each is a
block of its own; a link inside of running text does not cut it.
"""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.readers.hf_facts import is_fact
from transforms.readers.whole import with_bytes_quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transforms.readers.hf_links import Piece

BOLD: Final = 7
"""The level of a line that is a heading only by its bold letters."""

_RUNNING_LENGTH: Final = 40
"""Characters without a link beside some with a link from which a line is running text."""

_CELL_MARKS: Final = 3
"""Bars of the row of a table: two cells at least."""

_UNDERLINE_RATIO: Final = 2
"""How much longer or shorter than a heading its underline may be."""

_HEADING: Final = re.compile(r"\s*(#{1,6})(?:\s+|(?=[\[*])|$)")
_HEADING_END: Final = re.compile(r"(?:\s+#+|\s*\{[#.][^{}]{0,200}\})\s*$")
_ITEM: Final = re.compile(r"\s*(?:(?:[*+-]|\d{1,3}\.)\s+)+")
_LONE_MARK: Final = re.compile(r"\s*[*+]\s*")
_QUOTE: Final = re.compile(r"^\s{0,3}(?:>\s?)+")
_BOX: Final = re.compile(r"^\s*\[{1,2}[ xX-]?\]\s+(?=\S)")
_UNDERLINE: Final = re.compile(r"\s*(={3,}|-{3,})\s*")
_RULE: Final = re.compile(
    r"\s*(?:(?:\*\s*){3,}|(?:_\s*){3,}|(?:-\s*){3,}|`{3,}.{0,40}|~{3,}.{0,40}|:{3,}.{0,200}|\|[\s:|-]*\|)\s*"
)
_TAG: Final = re.compile(
    r"</?(?:a|abbr|article|b|br|button|center|code|div|em|figure|font|h[1-6]|header|hr|i|img|input|kbd|label|li|main|nav|ol|p"
    r"|section|small|span|strong|sub|summary|sup|svg|table|tbody|td|th|thead|time|tr|u|ul)(?:\s[^<>]{0,1000})?/?>"
    r"|<!--[^<>]{0,1000}-->",
    re.IGNORECASE,
)
_AUTOLINK: Final = re.compile(r"<((?:https?|mailto):[^\s<>]{1,2000})>")
_HARD_BREAK: Final = re.compile(r"\\+(?=\s|$)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_BOLD: Final = re.compile(r"(\*\*\*|\*\*|__|\*|_)(?=\S)(.*\S)\1", re.DOTALL)
_CELL_END: Final = re.compile(r"(?<!\\)\|")
_ONLY_BOLD: Final = re.compile(r"\s*(?:\*\*|__)\s*")
_PLACEHOLDER: Final = re.compile(r"\[[^\[\]]{0,80}\]")
_SEARCH: Final = re.compile(r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co))?/papers/?\?q=|#(?!community)")


class Block(NamedTuple):
    """One thing on a page: its line, its text, where it links to, and which heading it is (0 for none).

    `has_gap` tells a blank line before it, `links` where words inside of its text link to, `link` the place
    of the link that it is in: two links to one address are two things. `end` is the line behind it, where its
    text has other line ends than the page.
    """

    line: int
    text: str
    address: str | None = None
    level: int = 0
    has_gap: bool = True
    links: tuple[str, ...] = ()
    link: int | None = None
    end: int | None = None


class _Part(NamedTuple):
    text: str
    address: str | None
    link: int | None = None


def cut_blocks(pieces: Iterable[Piece]) -> list[Block]:
    """Return the blocks of a page, in order."""
    lines = [block for line in _lines(pieces) for block in line]
    has_gaps = _headings_have_gaps(lines)
    groups: list[list[Block]] = []
    for block in lines:
        if groups and _goes_on(groups[-1][-1], block, headings_have_gaps=has_gaps):
            groups[-1].append(block._replace(level=groups[-1][0].level))
        else:
            groups.append([block])
    return [_whole(group) for group in groups]


def _whole(lines: list[Block]) -> Block:
    if len(lines) == 1:
        return lines[0]
    links = tuple(dict.fromkeys(link for line in lines for link in line.links))
    return lines[0]._replace(text="\n".join(line.text for line in lines), links=links)


def _headings_have_gaps(lines: list[Block]) -> bool:
    gaps = [after.has_gap for before, after in pairwise(lines) if before.level and not before.address]
    return bool(gaps) and 2 * sum(gaps) > len(gaps)


def _goes_on(before: Block, block: Block, *, headings_have_gaps: bool) -> bool:
    """Tell whether a line belongs to the same block as the line before it."""
    if block.has_gap or before.link != block.link or is_fact(before.text) or is_fact(block.text):
        return False
    if block.line == before.line or (block.level and not before.level):
        return False
    return not before.level or before.link is not None or headings_have_gaps


def _lines(pieces: Iterable[Piece]) -> Iterator[list[Block]]:
    """Yield the blocks of each line, before they are joined to those of the next."""
    has_gap, level = True, 0
    before: list[Block] = []
    for number, parts in _rows(_parts(pieces)):
        whole = "".join(part.text for part in parts)
        if not whole or whole.isspace():
            has_gap = True
            continue
        if not has_gap and (underlined := _underlined(before, whole)):
            before = [underlined]
            continue
        if _RULE.fullmatch(whole):
            has_gap = True
            continue
        is_running = not has_gap and bool(before) and len(before[-1].text) > _RUNNING_LENGTH
        marked = _without_marks(parts, is_running=is_running)
        level = marked.level or level
        if blocks := _blocks(marked, number, level, has_gap=has_gap):
            yield before
            before, level = blocks, 0
        has_gap = not blocks
    yield before


def _underlined(before: list[Block], line: str) -> Block | None:
    """Return the line before as a heading if this one underlines it, in about its length."""
    underline = _UNDERLINE.fullmatch(line)
    if (
        not underline
        or len(before) != 1
        or not len(before[0].text) / _UNDERLINE_RATIO <= len(underline[1]) <= _UNDERLINE_RATIO * len(before[0].text)
    ):
        return None
    return before[0]._replace(level=1 if underline[1][0] == "=" else 2)


def _rows(lines: Iterable[tuple[int, list[_Part]]]) -> Iterator[tuple[int, list[_Part]]]:
    """Take the rows of tables apart: each cell is a line, with nothing before it."""
    for number, parts in lines:
        whole = "".join(part.text for part in parts).strip()
        if (
            not whole.startswith("|")
            or not whole.endswith("|")
            or whole.count("|") < _CELL_MARKS
            or _RULE.fullmatch(whole)
        ):
            yield number, parts
            continue
        cell: list[_Part] = []
        for part in parts:
            first, *others = _CELL_END.split(part.text)
            cell.append(part._replace(text=first))
            for text in others:
                yield number, cell
                yield number, []
                cell = [part._replace(text=text)]
        yield number, cell


def _parts(pieces: Iterable[Piece]) -> Iterator[tuple[int, list[_Part]]]:
    number, parts, line = 1, list[_Part](), 1
    for piece in pieces:
        line += piece.skipped
        address = piece.address and with_bytes_quoted(piece.address)  # it may stand far off, in a list of addresses
        first, *others = piece.text.split("\n")
        parts.append(_Part(first, address, piece.link))
        for text in others:
            yield number, parts
            line += 1
            number, parts = line, [_Part(text, address, piece.link)]
    yield number, parts


class _Marked(NamedTuple):
    parts: list[_Part]
    level: int
    is_item: bool


def _without_marks(parts: list[_Part], *, is_running: bool) -> _Marked:
    """Take the marks of headings, lists, quotes and tables off a line, wherever a link begins."""
    filled = [part for part in parts if part.text.strip()]
    if not filled:
        return _Marked([], _level(parts), is_item=False)
    first, *others = filled
    text = _QUOTE.sub("", first.text, count=1)
    level, is_item = 0, False
    if heading := _HEADING.match(text):
        level, text = len(heading[1]), text[heading.end() :]
    elif (item := _ITEM.match(text)) and (not is_running or is_fact(text[item.end() :])):
        is_item, text = True, text[item.end() :]
    elif not is_running and _LONE_MARK.fullmatch(text):
        is_item, text = True, ""
    return _Marked([first._replace(text=_BOX.sub("", text, count=1)), *others], level, is_item)


def _level(parts: list[_Part]) -> int:
    heading = _HEADING.match("".join(part.text for part in parts))
    return len(heading[1]) if heading else 0


def _blocks(marked: _Marked, number: int, level: int, *, has_gap: bool) -> list[Block]:
    bare = [part for part in marked.parts if part.address or not _ONLY_BOLD.fullmatch(part.text)]
    level = level or (BOLD if len(bare) == 1 < len(marked.parts) else 0)
    parts = [part if _is_own(part) else part._replace(address=None, link=None) for part in bare]
    links = tuple(dict.fromkeys(part.address for part in marked.parts if part.address and part not in parts))
    unlinked = sum(len(part.text.strip()) for part in parts if part.address is None)
    if unlinked >= _RUNNING_LENGTH and len(parts) > 1:
        links += tuple(part.address for part in parts if part.address)
        parts = [_Part("".join(part.text for part in parts), None)]
    gap = has_gap or marked.is_item
    blocks = [_block(part, number, level, links, has_gap=gap) for part in _joined(parts)]
    return [block for block in blocks if block.text]


def _joined(parts: list[_Part]) -> list[_Part]:
    joined: list[_Part] = []
    for part in parts:
        if joined and joined[-1].link == part.link:
            joined[-1] = part._replace(text=joined[-1].text + part.text)
        else:
            joined.append(part)
    return joined


def _is_own(part: _Part) -> bool:
    """Tell a link that makes its text a thing of its own from one that explains a word, or repeats its address."""
    return part.address is not None and not _SEARCH.match(part.address) and part.text.strip() != part.address


def _block(part: _Part, number: int, level: int, links: tuple[str, ...], *, has_gap: bool) -> Block:
    text = plain_text(part.text)
    if level:
        text = _HEADING_END.sub("", text)
    bold = _BOLD.fullmatch(text)
    if bold and bold[1] not in bold[2]:
        text, level = bold[2], level or (BOLD if len(bold[1]) > 1 else 0)
    if _PLACEHOLDER.fullmatch(text):
        text = ""
    return Block(number, text, part.address, level, has_gap, links, part.link)


def plain_text(text: str) -> str:
    """Undo what markdown writes differently: escapes, hard breaks, entities, tags."""
    text = _AUTOLINK.sub(r"\1", text)
    text = _TAG.sub(lambda tag: " " if tag[0][1:3].lower() == "br" else "", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", _HARD_BREAK.sub("", text))
    return html.unescape(text).strip()
