"""Shows two records beside each other, with what differs marked."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from flows.show import SHOWN_CHARS, out, plain, table
from transforms.dedupe.weights import WEIGHTS
from warehouse.decide import tell

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.pairs import Pair

FIELDS: Final = (
    *("title", "authors", "venue", "year", "volume", "number", "pages"),
    *("doi", "arxiv_id", "pmid", "url", "abstract"),
)
"""What is compared, in the order in which people look."""

ORIGIN: Final = ("record_id", "paper_id", "uri", "position", "seen_date")
"""Where the two come from; differs always and is not marked."""

DIFFERS: Final = "≠"

STYLE: Final = "bold reverse"
"""Of the words that only one of the two has."""


def show_pair(pair: Pair, console: Console) -> None:
    """Print two records beside each other, and how they compare."""
    made = Table(box=box.SIMPLE_HEAD)
    for name, folds in (("", False), ("A", True), ("B", True)):
        made.add_column(name, overflow="fold", no_wrap=not folds)
    first, second = pair.records
    for field in ORIGIN:
        made.add_row(field, plain(first[field]), plain(second[field]))
    for field in FIELDS:
        a, b = plain(first[field]).plain, plain(second[field]).plain
        if a or b:
            mark = f"{DIFFERS} {field}" if a and b and a != b else field
            made.add_row(mark, *marked(a, b))
    console.print(made)
    console.print(plain(verdict_of(pair)), soft_wrap=True)


def show_compared(pair: Pair) -> None:
    """Print two records beside each other, every feature that the decision looked at, and what people said."""
    console = out()
    show_pair(pair, console)
    rows = [[name, f"{value:.3f}"] for name, value in pair.features.items()]
    console.print(table(["feature", "value"], rows, title="how they compare"))
    for decision in pair.decisions:
        console.print(plain(f"decided: {tell(decision)}"), soft_wrap=True)


def verdict_of(pair: Pair) -> str:
    """Say in one line what the rules make of the two, and what they are now."""
    side = "a match from" if pair.is_match else "less than a match,"
    now = "one paper" if pair.is_one_paper else "two papers"
    return f"probability {pair.probability:.3f} ({side} {WEIGHTS.match_probability}, level {pair.level}); now {now}"


def marked(a: str, b: str) -> tuple[Text, Text]:
    """Mark the words of each text that the other has not; a missing text marks nothing."""
    words_a, words_b = _words(a), _words(b)
    texts = (Text(), Text())
    for kind, i, j, m, n in SequenceMatcher(None, _folded(words_a), _folded(words_b), autojunk=False).get_opcodes():
        style = "" if kind == "equal" or not (a and b) else STYLE
        texts[0].append("".join(words_a[i:j]), style=style)
        texts[1].append("".join(words_b[m:n]), style=style)
    return _cut(texts[0]), _cut(texts[1])


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+", text[: 4 * SHOWN_CHARS])


def _folded(words: list[str]) -> list[Any]:
    return [word.strip().casefold() for word in words]


def _cut(text: Text) -> Text:
    if len(text) > SHOWN_CHARS:
        text.truncate(SHOWN_CHARS, overflow="ellipsis")
    return text
