"""Put addresses that stand alone, each below the text that links to it, back to their text.

Title of a Paper
https://huggingface.co/papers/3103.00017
Its abstract ...
https://huggingface.co/papers/3103.00017
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from transforms.readers.hf_cards import any_paper_of
from transforms.readers.whole import with_bytes_quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.readers.hf_blocks import Block

_ALONE: Final = re.compile(r"<?(https?://[^\s<>]{1,2000})>?")
_HABIT: Final = 2
"""Papers whose address stands alone from which it is the habit of the program, for all its links."""


def with_addresses(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a page with the addresses that stand alone taken for links of the block before."""
    lone = [_lone(block) for block in blocks]
    papers = {any_paper_of(address) for address in lone if address} - {None}
    if len(papers) < _HABIT:
        return list(blocks)
    kept: list[Block] = []
    for block, address in zip(blocks, lone, strict=True):
        if address is None:
            kept.append(block)
        elif kept and kept[-1].address is None:
            kept[-1] = kept[-1]._replace(address=address.address)
    return kept


def _lone(block: Block) -> Block | None:
    found = _ALONE.fullmatch(block.text) if block.address is None and not block.level else None
    return block._replace(address=with_bytes_quoted(found[1])) if found else None
