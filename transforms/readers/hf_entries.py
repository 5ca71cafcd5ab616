"""Tell which lines of a Hugging Face papers page are titles and which are abstracts.

    title                      a short line
    abstract, on one line      running text, usually far longer
      or on several            broken between words or between sentences
    title ...

No single sign is sure: blank lines may be missing or doubled, abstracts may be broken into lines
as short as titles. So each way to cut the lines into entries has a cost, and the cheapest is taken
(a shortest path, as in segmenting text). A title without an abstract in the midst of the page and
an abstract without a title are possible too, at a high price: where even so they are the cheapest
explanation, the page has another layout than this one, nothing of it can be trusted, and the dump
is refused.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.errors import DamagedDumpError
from transforms.readers.base import DumpInfo, place, shown
from transforms.readers.hf_costs import Look, look_at
from transforms.readers.hf_segment import Span, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transforms.readers.hf_page import PageLine

_WINDOW_LINES: Final = 4_000
"""Lines that are weighed together; bounds memory on a page without end."""

_WINDOW_OVERLAP: Final = 50
"""Entries at the end of a window that are weighed again in the next one."""

_MAX_BARE: Final = 5
"""Lines of abstracts without the end of any sentence up to which a page may be right."""


class PageEntry(NamedTuple):
    """One paper of a page: the line of its title, and the lines of its abstract (none only at the end)."""

    title: PageLine
    abstract: tuple[PageLine, ...]


def pair_up(lines: Iterable[PageLine], info: DumpInfo) -> Iterator[PageEntry]:
    """Group the lines of a page, chrome taken off, into its papers.

    Raises DamagedDumpError where titles and abstracts are out of step.
    """
    bare_count = 0
    for looks, span in _spans(map(look_at, lines)):
        _check(looks, span, info)
        title, *abstract = looks[span.start : span.end]
        bare_count += len(abstract) if all(look.is_like_title for look in abstract) else 0
        if bare_count > _MAX_BARE:
            raise _out_of_step(title.line, "too many abstracts read like titles", info)
        yield PageEntry(title.line, tuple(look.line for look in abstract))


def _spans(looks: Iterator[Look]) -> Iterator[tuple[list[Look], Span]]:
    window: list[Look] = []
    while True:
        window += islice(looks, _WINDOW_LINES - len(window))
        is_last = len(window) < _WINDOW_LINES
        spans = cut(window)
        settled = spans if is_last else spans[:-_WINDOW_OVERLAP] or spans
        for span in settled:
            yield window, span
        if is_last:
            return
        window = window[settled[-1].end :]


def _check(looks: list[Look], span: Span, info: DumpInfo) -> None:
    line = looks[span.start].line
    if span.is_orphan:
        raise _out_of_step(line, "running text stands where a title is due", info)
    if span.is_list:
        raise _out_of_step(line, "a title without an abstract is followed by the next one", info)


def _out_of_step(line: PageLine, what: str, info: DumpInfo) -> DamagedDumpError:
    return DamagedDumpError(
        f"the layout of the page has changed, titles and abstracts are out of step: {what}: {shown(line.text, 80)}",
        where=place(info, line.number),
        hint="look at the page around this line; capture it again, or give the papers as a table",
    )
