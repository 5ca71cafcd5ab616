"""Turn the papers of a captured page into entries: the abstract, and what the page tells beside it.

The site prints papers of its list of trends twice, for narrow and for wide screens: both are one
entry. There it also shows a sentence that a machine wrote instead of the abstract, where it has
one; such a sentence is `ai_summary` in `extra`, as in the site's API.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from transforms.readers.base import Broken
from transforms.readers.hf_cards import any_paper_of, discussed_in, paper_of, vote_of
from transforms.readers.hf_facts import (
    author_count,
    comment_count,
    github_stars,
    is_fact,
    is_upvote,
    number_of,
    resolve_day,
    shown_day,
    submitter,
    votes_of,
)
from transforms.readers.hf_items import SOURCE, paper_page
from transforms.readers.rows import to_json
from transforms.readers.whole import has_wrong_byte, with_bytes_shown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from transforms.readers.base import Entry
    from transforms.readers.hf_blocks import Block
    from transforms.readers.hf_cards import Card

_LONG: Final = 100
"""Characters from which a text without the end of a sentence is running text that was cut."""

_ENDS: Final = (".", "!", "?", "\u3002", "\u2026", ":", ";")
_CLOSERS: Final = "\"'\u201d\u2019)]}*$"
_SENTENCE_BREAK: Final = re.compile(r"(?<![A-Z])(?<!e\.g)(?<!i\.e)(?<!\bvs)(?<!\bal)[.!?]['\")\]]*\s+[\"'(\[]?[A-Z0-9]")
_PROFILE: Final = re.compile(r"(?:https?://(?:huggingface\.co|hf\.co))?/(?P<name>[\w.-]+)/?")
_CODE: Final = re.compile(r"https?://(?:www\.)?github\.com/[\w.-]+/[\w.-]+.*")
_AI_LABEL: Final = re.compile(r"AI[- ]generated summary", re.IGNORECASE)


class PageFacts(NamedTuple):
    """What a page says of all its papers: the day it shows, the last day it can have been made, whether it is of trends."""

    day: dt.date | None
    is_day_inferred: bool
    latest: dt.date
    is_of_trends: bool


def entries_of(cards: Iterable[Card], facts: PageFacts, lines: Sequence[str]) -> Iterator[Entry | Broken]:
    """Yield one entry for each paper of a page, in the order in which it first prints them."""
    papers: dict[str, list[Card]] = {}
    for card in cards:
        papers.setdefault(card.paper_id or _key(card.title.text), []).append(card)
    for same in papers.values():
        yield _entry(same, facts, lines)


def _key(title: str) -> str:
    return "".join(char for char in title.casefold() if char.isalnum()) or title


def _entry(cards: list[Card], facts: PageFacts, lines: Sequence[str]) -> Entry | Broken:
    first = cards[0]
    raw = "\n\n".join(_raw(card, lines) for card in cards)
    if has_wrong_byte(raw) or any(map(has_wrong_byte, _texts(cards))):
        return Broken(with_bytes_shown(raw), "holds bytes that are not UTF-8", _line(first))
    told = _Told(facts)
    for card in cards:
        told.take(card)
    return {
        "line": _line(first),
        "raw": raw,
        "source": SOURCE,
        "source_record_id": first.paper_id,
        "arxiv_id": first.paper_id,
        "url": paper_page(first.paper_id) if first.paper_id else None,
        "title": first.title.text,
        "abstract": told.abstract,
        "authors": list(first.authors) or None,
        "published_date": told.published,
        "seen_date": facts.day,
        "is_seen_date_inferred": facts.is_day_inferred if facts.day else None,
        "extra": to_json(told.extra) if told.extra else None,
    }


def _texts(cards: list[Card]) -> Iterator[str]:
    """Yield all that is read of a paper, some of which may stand on lines far from it."""
    for card in cards:
        yield from (block.text for block in (*card.lead, card.title, *card.body))
        yield from card.authors


def _line(card: Card) -> int:
    return (*card.lead, card.title)[0].line


def _raw(card: Card, lines: Sequence[str]) -> str:
    blocks = (*card.lead, card.title, *card.body)
    last = blocks[-1]
    end = last.end or last.line + last.text.count("\n") + 1
    return "\n".join(lines[blocks[0].line - 1 : end - 1]).strip()


class _Told:
    """Gathers what the cards of one paper tell; the first word on a thing holds, a second one stays beside it."""

    def __init__(self, facts: PageFacts) -> None:
        self._facts = facts
        self.abstract: str | None = None
        self.published: str | None = None
        self.extra: dict[str, Any] = {}

    def take(self, card: Card) -> None:
        prose = _prose(card)
        self._take_prose([block for block in card.body if block in prose and not _AI_LABEL.fullmatch(block.text)], card)
        after_submitter = False
        for at, block in enumerate((*card.lead, *card.body)):
            if block in prose:
                self._links(block.links)
                continue
            name = submitter(block.text)
            if after_submitter and name is None and not is_fact(block.text):
                self._say("submittedOnDailyBy", _profile(block))
            elif name:
                self._say("submittedOnDailyBy", {"fullname": name})
            elif name is None:
                self._take_fact(block, is_before=at < len(card.lead))
            after_submitter = name == ""

    def _take_prose(self, prose: list[Block], card: Card) -> None:
        label = next((at for at, block in enumerate(card.body) if _AI_LABEL.fullmatch(block.text)), None)
        if label is not None:
            self._say("ai_summary", "\n".join(block.text for block in prose if block in card.body[:label]) or None)
            prose = [block for block in prose if block not in card.body[:label]]
        text = "\n".join(block.text for block in prose)
        if text and self._facts.is_of_trends and not _SENTENCE_BREAK.search(text):
            self._say("ai_summary", text)
        elif text and self.abstract in (None, text):
            self.abstract = text
        elif text:
            self._say("other", [text])

    def _take_fact(self, block: Block, *, is_before: bool) -> None:
        text, address = block.text, block.address or ""
        votes = votes_of(text)
        if discussed_in(block) or (count := comment_count(text)) is not None:
            self._say("numComments", number_of(text) if discussed_in(block) else count)
        elif votes is not None and (vote_of(block) or is_before or is_upvote(text)):
            self._say("upvotes", votes)
        elif (count := author_count(text)) is not None:
            self._say("numAuthors", count)
        elif (shown := shown_day(text)) is not None:
            self._say("numComments", shown.comments)
            self._take_day(text, resolve_day(shown, self._facts.latest))
        elif _CODE.fullmatch(address):
            self._say("githubRepo", address)
            self._say("githubStars", github_stars(text))
        elif not is_fact(text):
            self._take_other(block)
        elif votes is not None and any(char.isdigit() for char in text):
            self._say("numComments", votes)

    def _take_day(self, text: str, day: dt.date | None) -> None:
        if day and self.published is None:
            self.published = day.isoformat()
        if day is None or not re.search(r"\d{4}", text):
            self._say("published_as_shown", text.strip("·• \n"))

    def _take_other(self, block: Block) -> None:
        if _PROFILE.fullmatch(block.address or ""):
            self._say("organization", _profile(block))
        elif block.text not in {"", *self.extra.get("other", ())}:
            self._say("other", [block.text])
        is_known = block.address is None or any_paper_of(block) or _PROFILE.fullmatch(block.address)
        self._links((*block.links, *(() if is_known else (block.address or "",))))

    def _links(self, links: Iterable[str]) -> None:
        for link in links:
            if "?q=" not in link and "/avatars/" not in link:
                self._say("links", [link])

    def _say(self, name: str, value: object) -> None:
        if value is None:
            return
        before = self.extra.setdefault(name, value)
        if isinstance(before, list) and isinstance(value, list) and before is not value:
            before.extend(one for one in value if one not in before)


def _profile(block: Block) -> dict[str, str]:
    text = re.sub(r"^\[[^\[\]]{0,80}\]\s*", "", block.text)
    found = _PROFILE.fullmatch(block.address or "")
    return {"name": found["name"], "fullname": text} if found else {"fullname": text}


def _prose(card: Card) -> set[Block]:
    """Find the paragraphs of the abstract: running text behind the title, up to what is something else."""
    found: list[Block] = []
    texts = {_key(card.title.text)}
    for block in card.body:
        is_label = _AI_LABEL.fullmatch(block.text) is not None
        is_foreign = block.address is not None and paper_of(block) != card.paper_id
        if is_label or (not is_foreign and not is_fact(block.text) and _is_prose(block)):
            found += [block] * (_key(block.text) not in texts)
            texts.add(_key(block.text))
        elif found:
            break
    return set(found)


def _is_prose(block: Block) -> bool:
    text = block.text
    if block.level:
        return False
    return len(text) >= _LONG or (text.rstrip(_CLOSERS).endswith(_ENDS) and len(text.split()) > 1)
