"""Tell on a captured page of Hugging Face which blocks are titles, and which block belongs to which paper.

    101                          a vote, or who submitted it: may stand before the title
    ### [Title](/papers/ID)      title
    [Abstract](/papers/ID)       what follows, up to what stands before the next title
    [- 8 authors](/papers/ID)
    · May 29 [6](/papers/ID#community)

The programs that capture pages differ in what they make a heading, a link or bold, and in the order
around the title. What they share is that a title is either a heading or the first link to a paper.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.readers.hf_facts import comment_count, is_fact, is_upvote, shown_day, submitter, votes_of
from transforms.readers.hf_page import is_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.readers.hf_blocks import Block

PAPER_PATH: Final = r"/papers/(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"
_PAPER: Final = re.compile(rf"(?:.{{0,200}}?(?:huggingface\.co|hf\.co))?{PAPER_PATH}/?(?:[?](?!q=).{{0,200}})?")
_VOTE: Final = re.compile(r".{0,200}?/login\?next=%2Fpapers%2F(?P<id>\d{4}\.\d{4,5})(?:\W.{0,200})?", re.IGNORECASE)
_COMMUNITY: Final = re.compile(rf".{{0,200}}?{PAPER_PATH}#.{{1,50}}")

_TITLE_LENGTH: Final = 400
"""Characters that a title has at most; the longest of 648 real ones has 144."""

_OF_THE_SITE: Final = re.compile(
    r"(?:hugging face\b.{0,80}|.{0,80}\bpapers?|by|(?:by\b.{0,80})?\band the research community|extracted text|.{0,60}hugging face)",
    re.IGNORECASE | re.DOTALL,
)


class Card(NamedTuple):
    """One paper of a page: what stands before its title, the title, and what stands behind; its id and authors if shown."""

    paper_id: str | None
    lead: tuple[Block, ...]
    title: Block
    body: tuple[Block, ...]
    authors: tuple[str, ...] = ()


def paper_of(block: Block) -> str | None:
    """Return the id of the paper whose page a block links to."""
    found = _PAPER.fullmatch(block.address) if block.address else None
    return found["id"] if found else None


def vote_of(block: Block) -> str | None:
    """Return the id of the paper that a block invites to vote for."""
    found = _VOTE.fullmatch(block.address) if block.address else None
    return found["id"] if found else None


def discussed_in(block: Block) -> str | None:
    """Return the id of the paper whose discussion a block links to."""
    found = _COMMUNITY.fullmatch(block.address) if block.address else None
    return found["id"] if found else None


def any_paper_of(block: Block) -> str | None:
    """Return the id of the paper that a block links to in any way."""
    return paper_of(block) or vote_of(block) or discussed_in(block)


def cut_cards(blocks: Sequence[Block]) -> tuple[Sequence[Block], list[Card]]:
    """Return the top of a page and its papers, in order and as often as it prints them."""
    return cards_at(blocks, title_places(blocks))


def cards_at(blocks: Sequence[Block], places: list[int]) -> tuple[Sequence[Block], list[Card]]:
    """Return the top of a page and its papers, whose titles stand at these places."""
    if not places:
        return blocks, []
    start = _end_of(blocks, -1, places[0], votes_lead=True)
    votes_lead = any(votes_of(block.text) is not None for block in blocks[start : places[0]])
    ends = [_end_of(blocks, place, following, votes_lead=votes_lead) for place, following in pairwise(places)]
    starts = [start, *ends]
    cards = [
        _card(blocks, start, place, end) for start, place, end in zip(starts, places, [*ends, len(blocks)], strict=True)
    ]
    return blocks[: starts[0]], cards


def title_places(blocks: Sequence[Block]) -> list[int]:
    """Return where the titles stand: headings that link to papers, else other headings, else first links to papers."""
    headings = [(place, block) for place, block in enumerate(blocks) if block.level and _may_be_title(block)]
    levels = {block.level for _, block in headings if paper_of(block)}
    linked = [place for place, block in headings if paper_of(block) or (block.level in levels and block.address == "")]
    return linked or _heading_places(blocks) or _link_places(blocks)


def _may_be_title(block: Block) -> bool:
    return len(block.text) <= _TITLE_LENGTH and not is_fact(block.text) and not is_signature(block.text)


def _heading_places(blocks: Sequence[Block]) -> list[int]:
    """Find headings without a link: those of the level that is most frequent, the site's own left out."""
    own = {
        place: block.level
        for place, block in enumerate(blocks)
        if block.level and not block.address and _may_be_title(block) and not _OF_THE_SITE.fullmatch(block.text)
    }
    papers = {paper_of(block) for block in blocks} - {None}
    levels = Counter(level for level in own.values() if level > 1)
    if not levels or 2 * max(levels.values()) < len(papers):
        return []
    level = max(levels, key=lambda level: (levels[level], level))
    return [place for place in own if own[place] == level]


def _link_places(blocks: Sequence[Block]) -> list[int]:
    """Find the first text that links to each paper, and where it is printed again, the same text."""
    places: list[int] = []
    current, title = None, ""
    for place, block in enumerate(blocks):
        paper = paper_of(block)
        if paper and _may_be_title(block) and (paper != current or block.text == title):
            places.append(place)
            current, title = paper, block.text
    return places


def _end_of(blocks: Sequence[Block], place: int, following: int, *, votes_lead: bool) -> int:
    """Return where the blocks of one paper end and those before the next title begin.

    Votes that name no paper stand before the titles if they do before the first one.
    """
    known = (any_paper_of(block) for block in blocks[place + 1 : following])
    own = paper_of(blocks[place]) if place >= 0 else None
    own = own or (next((paper for paper in known if paper), None) if place >= 0 else None)
    next_paper = paper_of(blocks[following])
    end, is_counted = following, False
    while end - 1 > place:
        block = blocks[end - 1]
        paper = any_paper_of(block)
        is_name = end - 2 > place and submitter(blocks[end - 2].text) == "" and not paper
        if paper:
            belongs = paper == next_paper and paper != own
        else:
            is_vote = votes_lead and votes_of(block.text) is not None and not is_counted
            is_counted = is_counted or is_vote
            belongs = is_vote or is_name or submitter(block.text) is not None or (votes_lead and is_upvote(block.text))
            belongs = belongs and not _is_comment_count(blocks, end - 1)
        if not belongs:
            break
        end -= 1
    return end


def _is_comment_count(blocks: Sequence[Block], place: int) -> bool:
    """Tell a number behind a date, of comments, from a number before a title, of votes."""
    text = blocks[place].text
    if comment_count(text) is not None:
        return True
    is_number = votes_of(text) is not None and not is_upvote(text)
    before = blocks[place - 1] if place else None
    return bool(is_number and before and before.line == blocks[place].line and shown_day(before.text))


def _card(blocks: Sequence[Block], start: int, place: int, end: int) -> Card:
    lead, title, body = tuple(blocks[start:place]), blocks[place], tuple(blocks[place + 1 : end])
    others = (any_paper_of(block) for block in (*body, *lead))
    paper_id = paper_of(title) or next((paper for paper in others if paper), None)
    return Card(paper_id, lead, title, body)
