"""Read the page of one paper: its title, authors and abstract; what people say below it is not the paper's.

arxiv:3103.00017
# Title
Published on ... · Submitted by ...
Authors: Ada, Ben
## Abstract
a sentence by a machine, and below it "AI-generated summary", where the site has one
abstract
View arXiv page ...
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from transforms.readers.hf_blocks import Block
from transforms.readers.hf_cards import PAPER_PATH, Card

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABSTRACT: Final = re.compile(r"abstract", re.IGNORECASE)
_END: Final = re.compile(
    r"view (?:arxiv page|pdf)|community|models citing this paper.*|datasets citing.*|spaces citing.*|add to collection"
    r"|collections including.*|get this paper in your agent.*|sign up",
    re.IGNORECASE | re.DOTALL,
)
_ARXIV: Final = re.compile(r"arxiv:\s*(?P<id>\d{4}\.\d{4,5})(?:\s.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORS: Final = re.compile(r"authors?\s*:\s*(?P<names>.*)", re.IGNORECASE | re.DOTALL)
_SAID: Final = re.compile(
    r"^[^\w\n]{0,20}title:[^\w\n]{0,20}Paper page - (?P<title>[^\n\"]+)", re.IGNORECASE | re.MULTILINE
)
_OWN_ADDRESS: Final = re.compile(rf"^[^\n]{{0,40}}huggingface\.co{PAPER_PATH}[\"'>)]*[ \t]*$", re.MULTILINE)


def is_paper_page(blocks: Sequence[Block], text: str) -> bool:
    """Tell the page of one paper from a list: it has an abstract by name, and says whose page it is."""
    return _abstract_place(blocks) is not None and (_own_id(blocks, text) is not None or bool(_SAID.search(text)))


def paper_page_card(blocks: Sequence[Block], text: str) -> tuple[Sequence[Block], list[Card]]:
    """Return the top of the page and its one paper; no paper where it has no title."""
    abstract = _abstract_place(blocks) or 0
    title, begin = _title(blocks[:abstract], text)
    if title is None:
        return blocks, []
    end = next((at for at in range(abstract + 1, len(blocks)) if _is_end(blocks[at])), len(blocks))
    names, rest = _authors(blocks[begin:abstract])
    card = Card(_own_id(blocks, text), (), title, (*rest, *blocks[abstract + 1 : end]), names)
    return blocks[:begin], [card]


def _abstract_place(blocks: Sequence[Block]) -> int | None:
    return next((place for place, block in enumerate(blocks) if _ABSTRACT.fullmatch(block.text)), None)


def _own_id(blocks: Sequence[Block], text: str) -> str | None:
    for block in blocks:
        if found := _ARXIV.fullmatch(block.text):
            return found["id"]
    said = _OWN_ADDRESS.search(text[:2_000]) if _SAID.search(text) else None
    return said["id"] if said else None


def _title(top: Sequence[Block], text: str) -> tuple[Block | None, int]:
    """Find the title: the last heading above the abstract, else what stands below the id, else what the page is called."""
    headings = [place for place, block in enumerate(top) if block.level and not _ARXIV.fullmatch(block.text)]
    if headings:
        return top[headings[-1]], headings[-1] + 1
    below = next((place for place, block in enumerate(top) if _ARXIV.fullmatch(block.text)), None)
    if below is not None and below + 1 < len(top):
        return top[below + 1], below + 2
    if said := _SAID.search(text):
        return Block(text.count("\n", 0, said.start()) + 1, said["title"].strip()), len(top)
    return None, len(top)


def _authors(blocks: Sequence[Block]) -> tuple[tuple[str, ...], Sequence[Block]]:
    """Take the names behind `Authors:`, one to a block or all in one, with commas between."""
    for place, block in enumerate(blocks):
        if found := _AUTHORS.fullmatch(block.text):
            text = ",".join((found["names"], *(name.text for name in blocks[place + 1 :])))
            names = (" ".join(name.split()) for name in text.split(","))
            return tuple(name for name in names if any(map(str.isalpha, name))), blocks[:place]
    return (), blocks


def _is_end(block: Block) -> bool:
    return _END.fullmatch(block.text) is not None
