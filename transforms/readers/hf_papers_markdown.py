"""Read the Hugging Face papers page as crawlers and print-outs write it: markdown, or text with its addresses.

    text --links--> pieces --lines--> blocks --titles--> cards --> entries

No program's habits are known here, only the page: see `hf_cards` for what is a title, and
`hf_card_entries` for what is an abstract. A page without one link or heading is taken for its
order alone, like the page saved as text (`hf_plain_cards`); a page of one paper is `hf_paper_page`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched, head_text
from transforms.readers.hf_blocks import Block, cut_blocks
from transforms.readers.hf_card_entries import PageFacts, entries_of
from transforms.readers.hf_cards import PAPER_PATH, cut_cards
from transforms.readers.hf_facts import resolve_day, shown_day
from transforms.readers.hf_items import iso_day
from transforms.readers.hf_links import cut_at_links
from transforms.readers.hf_lone_addresses import with_addresses
from transforms.readers.hf_paper_page import is_paper_page, paper_page_card
from transforms.readers.hf_plain_cards import is_plain, plain_cards
from transforms.readers.whole import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transforms.readers.hf_cards import Card

_SURE: Final = 0.97
_LIKELY: Final = 0.7
_LEAST_TITLES: Final = 2

_OTHER_FORM: Final = re.compile(r"\s*(?:<(?:!doctype|html|head|body|\?xml|!--)|[\[{]\s*[{\"]|@\w+\s*\{)", re.IGNORECASE)
_MARK: Final = re.compile(
    r"\bpapers in your (?:email )?inbox|and the research community|next=%2Fpapers|Join the discussion on this paper page"
    r"|\b(?:Daily|Trending) Papers - Hugging Face|\bPaper page - |AI-generated summary"
    r"|^[^\w\n]{0,20}(?:source |page )?(?:url|source|address)\W{1,9}https?://huggingface\.co/papers\b",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS: Final = re.compile(rf"(?:huggingface\.co|hf\.co|[(<]){PAPER_PATH}|/login\?next=%2Fpapers%2F\d{{4}}\.")
_HEADING: Final = re.compile(r"^#{2,6} +\S", re.MULTILINE)
_CARD_FACT: Final = re.compile(
    r"^[^\w\n]{0,20}(?:·|\d+ authors?|Upvote(?: \d+)?|Submitted by\b.{0,60}|arxiv:\d{4}\.\d{4,5})[^\w\n]{0,20}$",
    re.MULTILINE | re.IGNORECASE,
)
_TITLE_LINK: Final = re.compile(
    rf"^[^\w\n]{0, 20}\[[^\n]{{2,400}}\]\((?:https?://(?:huggingface\.co|hf\.co))?{PAPER_PATH}", re.MULTILINE
)

_CAPTURED: Final = re.compile(
    r"^[^\w\n]{0,20}(?:retrieved|captured|exported|crawled|fetched|accessed|scraped|created|saved|date|timestamp|published time)\b"
    r"[^:\n]{0,20}:[^\w\n]{0,20}(\d{4}-\d\d-\d\d)",
    re.IGNORECASE | re.MULTILINE,
)
_OF_DATE: Final = re.compile(r"/papers(?:/date/|\?date=)(\d{4}-\d\d-\d\d)\b")
_TRENDS: Final = re.compile(r"trending papers", re.IGNORECASE)


def sniff(head: Head) -> float:
    """Say how sure it is: what only this page has, beside links to papers, headings or the facts of cards."""
    text = head_text(head)
    if _OTHER_FORM.match(text):
        return 0.0
    if _MARK.search(text) and (_ADDRESS.search(text) or _CARD_FACT.search(text) or len(_HEADING.findall(text)) > 1):
        return _SURE
    return _LIKELY if len(set(_TITLE_LINK.findall(text))) >= _LEAST_TITLES else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the papers of the page in its order, each once however often it is printed.

    Raises DamagedDumpError for NUL and for a page without links whose titles and abstracts are out
    of step, HostileDumpError for a page that is far too large.
    """
    text = read_whole(stream, info).replace("\r\n", "\n").replace("\r", "\n")
    page = text.replace("\f", " ")  # the end of a sheet
    return batched(entries_of_blocks(cut_blocks(cut_at_links(page)), text, info))


def entries_of_blocks(blocks: Sequence[Block], text: str, info: DumpInfo) -> Iterator[Entry | Broken]:
    """Yield the papers of a page that was cut into blocks; `text` is what the lines of the blocks count in."""
    found = with_addresses(blocks)
    top, cards = _cards(found, text.replace("\f", " "), info)
    return entries_of(cards, _facts(top, text, info), text.split("\n"))


def _cards(blocks: list[Block], text: str, info: DumpInfo) -> tuple[Sequence[Block], list[Card]]:
    if is_paper_page(blocks, text):
        return paper_page_card(blocks, text)
    top, cards = cut_cards(blocks)
    return plain_cards(text, info) if not cards and is_plain(blocks) else (top, cards)


def _facts(top: Sequence[Block], text: str, info: DumpInfo) -> PageFacts:
    """Read the day of the page: from its address, from the line above its papers, or from who captured it."""
    begin = text[:4_000]
    captured = next((day for found in _CAPTURED.finditer(begin) if (day := iso_day(found[1]))), None)
    latest = captured or info.modified_at.date()
    is_of_trends = any(block.level and _TRENDS.match(block.text) for block in top) or _is_of_trends(begin)
    shown = next((found for block in reversed(top) if (found := shown_day(block.text))), None)
    day = resolve_day(shown, latest) if shown and not is_of_trends else None
    if shown and day:
        return PageFacts(day, shown.year is None, day, is_of_trends)
    return PageFacts(captured, False, latest, is_of_trends)


def _is_of_trends(begin: str) -> bool:
    return (
        re.search(r"(?:URL|source)[^\n]{0,40}/papers/trending\b|Trending Papers - Hugging Face", begin, re.IGNORECASE)
        is not None
    )


READER: Final = Reader(
    "hf_papers_markdown", "Hugging Face papers page as markdown or text of a crawler", sniff, read, (".md", ".txt")
)
