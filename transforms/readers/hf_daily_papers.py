"""Read what Hugging Face's API answers to `/api/daily_papers`: one array, each paper an object.

An answer to `/api/papers/ID` (one object without the listing around it) and JSON lines of either
are the same objects in another order, and are read too. Which field becomes which column stands in
`hf_items`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched, head_text
from transforms.readers.hf_items import item_entry
from transforms.readers.hf_json import Cut, cut_documents
from transforms.readers.whole import read_whole, with_bytes_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_SURE: Final = 0.97

_LISTED: Final = re.compile(r'\s*(?:\[\s*)?\{\s*"paper"\s*:\s*\{\s*"_?id"\s*:')
_OBJECT: Final = re.compile(r"\s*(?:\[\s*)?\{")
_OWN_KEYS: Final = re.compile(
    r'"(discussionId|submittedOnDailyAt|submittedOnDailyBy|isAuthorParticipating|ai_keywords)"\s*:'
)
_PAPER_KEYS: Final = re.compile(r'"(upvotes|summary|publishedAt)"\s*:')


def sniff(head: Head) -> float:
    """Say how sure it is: objects with a paper inside, or with keys that no other source has."""
    text = head_text(head)
    if _LISTED.match(text):
        return _SURE
    if not _OBJECT.match(text) or not _OWN_KEYS.search(text):
        return 0.0
    return _SURE if len(set(_PAPER_KEYS.findall(text))) > 1 else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the papers in the order of the answer; what does not parse or has no title becomes a reject.

    Raises DamagedDumpError for NUL, HostileDumpError for an answer that is far too large.
    """
    text = with_bytes_shown(read_whole(stream, info))  # so written, a wrong byte costs its own entry alone
    return batched(_entry(cut) for cut in cut_documents(text))


def _entry(cut: Cut) -> Entry | Broken:
    return cut.value if isinstance(cut.value, Broken) else item_entry(cut.value, cut.line, cut.text)


READER: Final = Reader(
    "hf_daily_papers", "answers of Hugging Face's daily papers API", sniff, read, (".json", ".jsonl")
)
