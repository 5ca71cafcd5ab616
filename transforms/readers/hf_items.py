"""Turn what Hugging Face says of a paper in JSON into an entry: the same object in its API and in its pages.

    {"paper": {"id", "title", "summary", "publishedAt", "authors": [{"name", ...}], "upvotes", ...},
     "publishedAt", "title", "summary", "numComments", "submittedBy": {...}}

Three dates stand there. `paper.publishedAt` is the day of the paper and becomes `published_date`;
`paper.submittedOnDailyAt` is the day on whose list it stands and becomes `seen_date`; the listing's
own `publishedAt` repeats the first in another time zone and goes to `extra`. So does `ai_summary`:
it is the site's text about the paper, not its abstract.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

from transforms.readers.base import Broken
from transforms.readers.rows import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transforms.readers.base import Entry

SOURCE: Final = "huggingface"
PAGE_OF_PAPER: Final = "https://huggingface.co/papers/"

ARXIV_ID: Final = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?")

_TEXTS: Final = {"title": "title", "abstract": "summary", "published_date": "publishedAt"}
_UNSAID: Final[tuple[object, ...]] = (None, "", [], {})
_ISO_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T|$)")


def item_entry(item: object, line: int | None, raw: str) -> Entry | Broken:
    """Return the entry of one listed paper, or of a paper alone. Everything without a column goes to `extra`."""
    if not isinstance(item, dict):
        return Broken(raw, "is JSON but not an object", line)
    try:
        return _entry(item, line, raw)
    except RecursionError:
        return Broken(raw, "is JSON that is nested too deeply", line)


def _entry(item: dict[str, Any], line: int | None, raw: str) -> Entry | Broken:
    paper, listing = _parts(item)
    entry: dict[str, object] = {"line": line, "raw": raw, "source": SOURCE}
    for column, key in _TEXTS.items():
        entry[column] = _take_text(column, key, paper, listing)
    if entry["title"] is None:
        return Broken(raw, "has no title", line)
    entry |= _identity(paper)
    entry["authors"] = _take_authors(paper)
    entry["seen_date"] = iso_day(paper.get("submittedOnDailyAt"))
    entry["is_seen_date_inferred"] = False if entry["seen_date"] else None
    entry["extra"] = _extra(paper, listing)
    return entry


def iso_day(value: object) -> dt.date | None:
    """Read the day of an ISO instant; None for anything else."""
    found = _ISO_DAY.match(value) if isinstance(value, str) else None
    try:
        return dt.date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def paper_page(paper_id: str) -> str:
    """Return the address of a paper at Hugging Face."""
    return PAGE_OF_PAPER + paper_id


def _parts(item: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    paper = item.get("paper")
    if not isinstance(paper, dict):
        return dict(item), {}
    return dict(paper), {key: value for key, value in item.items() if key != "paper"}


def _take_text(column: str, key: str, paper: dict[str, Any], listing: dict[str, Any]) -> str | None:
    """Take a text of the paper, else of the listing; what the listing says otherwise stays there."""
    for part in (paper, listing):
        text = part.get(key)
        if isinstance(text, str) and text.strip():
            del part[key]
            if column != "published_date" and listing.get(key) == text:
                del listing[key]
            return text
    return None


def _identity(paper: dict[str, Any]) -> dict[str, object]:
    own = paper.get("id")
    if not isinstance(own, str) or not own.strip():
        return {}
    del paper["id"]
    is_arxiv = ARXIV_ID.fullmatch(own) is not None
    return {"source_record_id": own, "url": paper_page(own), "arxiv_id": own if is_arxiv else None}


def _take_authors(paper: dict[str, Any]) -> list[str] | None:
    """Take the names; what else is said of the authors stays, in their order, if every one of them has a name."""
    authors = paper.get("authors")
    if not isinstance(authors, list):
        return None
    names = [author.get("name") if isinstance(author, dict) else author for author in authors]
    found = [name for name in names if isinstance(name, str) and name.strip()]
    if len(found) == len(names):
        rest = [_without_name(author) for author in authors]
        paper["authors"] = rest if any(rest) else []
    return found or None


def _without_name(author: object) -> object:
    return {key: value for key, value in author.items() if key != "name"} if isinstance(author, dict) else {}


def _extra(paper: dict[str, Any], listing: dict[str, Any]) -> str | None:
    """Keep what is left: of the paper as it is, of the listing under its name where it says something else."""
    said = {key: value for key, value in paper.items() if value not in _UNSAID}
    told = {key: value for key, value in listing.items() if value not in _UNSAID and said.get(key) != value}
    if told:
        said["listing"] = told
    return to_json(said) if said else None
