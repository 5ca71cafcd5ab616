"""Read a Hugging Face papers page that was saved as HTML: of a day, of a list, of one paper.

    <div data-target="DailyPapers" data-props="{&quot;dailyPapers&quot;:[{&quot;paper&quot;: ...}, ...]}">

The page carries what it shows as JSON in an attribute, and far more than it shows: abstracts,
authors, days. They are the objects of the site's API (`hf_items`). Of a page without them, as some
programs save it, the visible text is read like other captures (`hf_visible`).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from transforms.errors import DamagedDumpError
from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched, head_text, place
from transforms.readers.hf_blocks import cut_blocks
from transforms.readers.hf_items import iso_day, item_entry
from transforms.readers.hf_json import Cut, cut_items
from transforms.readers.hf_papers_markdown import entries_of_blocks
from transforms.readers.hf_visible import Visible
from transforms.readers.whole import read_whole, with_bytes_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SURE: Final = 0.98

_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:(?><!--.{0,2000}?-->)\s*+)*+<(?:!doctype html|html|head|body|div|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_OWN: Final = re.compile(
    r"<title>\s*(?:(?:Daily|Trending) Papers - Hugging Face|Paper page - )|\bDailyPapersPage\b|data-target=[\"']DailyPapers[\"']"
    r"|saved from url=\(\d+\)https://huggingface\.co/papers\b"
    r"|property=[\"']og:url[\"']\s+content=[\"']https://huggingface\.co/papers\b",
    re.IGNORECASE,
)
_PROPS: Final = re.compile(r"\bdata-props=(?:\"([^\"]*)|'([^']*))")
_LIST: Final = re.compile(r'"\w{1,50}"\s{0,9}:\s{0,9}(?=\[\s{0,99}\{\s{0,99}"paper"\s{0,9}:)')
_DAILY: Final = re.compile(r'"dailyPapers"\s{0,9}:\s{0,9}(?=\[)')
_PAPER: Final = re.compile(r'"paper"\s{0,9}:\s{0,9}(?=\{)')
_DAY: Final = re.compile(r'"date"\s{0,9}:\s{0,9}"([^"]{1,40})"')


def sniff(head: Head) -> float:
    """Say how sure it is: HTML that says it is this page."""
    text = head_text(head)
    return _SURE if _HTML.match(text) and _OWN.search(text) else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the papers of the page in its order, each once.

    Raises DamagedDumpError for NUL and for a page that breaks off before its first paper,
    HostileDumpError for a page that would exhaust the machine.
    """
    text = read_whole(stream, info)
    entries = list(_once(_props_entries(text)))
    return batched(entries or _visible_entries(text, info))


def _props_entries(text: str) -> Iterator[Entry | Broken]:
    for found in _PROPS.finditer(text):
        props = with_bytes_shown(html.unescape(found[1] if found[1] is not None else found[2]))
        line = text.count("\n", 0, found.start()) + 1
        day = next((day for shown in _DAY.finditer(props) if (day := iso_day(shown[1]))), None)
        for cut in _cuts(props, line):
            entry = cut.value if isinstance(cut.value, Broken) else item_entry(cut.value, line, cut.text)
            yield (
                entry | {"seen_date": day, "is_seen_date_inferred": False if day else None}
                if isinstance(entry, dict)
                else entry
            )


def _cuts(props: str, line: int) -> Iterator[Cut]:
    """Cut the lists of papers out of one attribute, or the one paper that it is about."""
    end = 0
    for found in sorted([*_LIST.finditer(props), *_DAILY.finditer(props)], key=lambda found: found.start()):
        if found.end() >= end:
            end = yield from cut_items(props, found.end(), line)
    if end == 0 and (paper := _PAPER.search(props)):
        cuts = list(cut_items(props, paper.end(), line))
        yield from (cut for cut in cuts if isinstance(cut.value, Broken) or _is_paper(cut.value))


def _is_paper(value: Any) -> bool:
    """Tell the paper of a page from a mention of one."""
    return isinstance(value, dict) and "title" in value and ("summary" in value or "authors" in value)


def _once(entries: Iterable[Entry | Broken]) -> Iterator[Entry | Broken]:
    """Leave out a paper that another part of the page holds too, to the letter of its title."""
    seen: set[object] = set()
    for entry in entries:
        key = None if isinstance(entry, Broken) else (entry.get("source_record_id"), entry["title"])
        if key is None or key not in seen:
            seen.add(key)
            yield entry


def _visible_entries(text: str, info: DumpInfo) -> Iterator[Entry | Broken]:
    visible = Visible(text, info)
    blocks = cut_blocks(visible.pieces)
    count = 0
    for entry in entries_of_blocks(blocks, visible.text, info):
        count += 1
        if isinstance(entry, Broken):
            yield entry
        else:
            line = entry["line"]
            yield {**entry, "line": visible.lines[line - 1] if isinstance(line, int) else None}
    if not count and "</html" not in text[-10_000:].lower():
        hint = "save or capture the whole page again"
        raise DamagedDumpError("breaks off before its first paper", where=place(info), hint=hint)


READER: Final = Reader("hf_papers_html", "Hugging Face papers page saved as HTML", sniff, read, (".html", ".htm"))
