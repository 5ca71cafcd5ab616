"""Read the Hugging Face papers page, saved as text, in both of its layouts.

glued                                    spaced
Get trending papers in your inbox!       new
SubscribeFirst title                     Subscribe
First abstract                           byAK and the research community
Second title                             Mar 11
Second abstract                          First title   (a blank line after each)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, DumpInfo, Entry, Head, Reader, batched, first_lines
from transforms.readers.hf_entries import PageEntry, pair_up
from transforms.readers.hf_page import Page, PageLine, is_glued, is_signature, open_page
from transforms.readers.lines import decode_utf8, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = "huggingface"

_SNIFFED_LINES: Final = 100
_MARKUP: Final = re.compile(r"<\s*(!doctype|html|head|body)\b|#{1,6} |\[Subscribe\]\(|[{\[]\s*[\"{]", re.IGNORECASE)


def sniff(head: Head) -> float:
    """Say how sure it is that this is the page as text; markup of any kind is another format."""
    lines = [line.strip() for line in first_lines(head)[:_SNIFFED_LINES]]
    if any(_MARKUP.match(line) for line in lines) or not any(map(is_signature, lines)):
        return 0.0
    has_button = any(line == "Subscribe" or is_glued(line) for line in lines)
    return 0.95 if has_button else 0.8


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the papers of the page in its order.

    Raises DamagedDumpError where the page is truncated, is not UTF-8, or has another layout.
    """
    page = open_page(_page_lines(stream, info), info)
    return batched(_entry(entry, page) for entry in pair_up(page.lines, info))


def _page_lines(stream: BinaryIO, info: DumpInfo) -> Iterator[PageLine]:
    has_gap = True
    for line in read_lines(stream, info):
        text = decode_utf8(line, info).strip()
        if text:
            yield PageLine(line.number, text, has_gap)
        has_gap = not text


def _entry(entry: PageEntry, page: Page) -> Entry:
    abstract = [line.text for line in entry.abstract]
    return {
        "line": entry.title.number,
        "raw": "\n".join((entry.title.text, *abstract)),
        "source": SOURCE,
        "title": entry.title.text,
        "abstract": "\n".join(abstract) or None,
        "seen_date": page.date,
        "is_seen_date_inferred": page.is_date_inferred,
    }


READER: Final = Reader("hf_papers_text", "Hugging Face papers page saved as text", sniff, read, (".txt",))
