"""How results look: tables on a terminal, plain tables in a pipe.

Text from dumps is shown with its control characters made visible, so that it can neither move the
cursor nor recolour the terminal, and rich markup in it is taken as it stands.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from warehouse.address import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flows.report import Report
    from warehouse.overview import Explanation, Status

PIPE_WIDTH: Final = 200
"""Columns of a table where there is no terminal to ask."""

SHOWN_RECORDS: Final = 6
"""Records that fit side by side."""

SHOWN_LINKS: Final = 12
"""Matches of one paper up to which all are shown, beyond it the surest chain."""

SHOWN_CHARS: Final = 280
"""Characters of a long text that are shown."""

COMPARED: Final = ("title", "authors", "venue", "year", "pages", "doi", "arxiv_id", "url", "abstract")


def plain(value: object) -> Text:
    """Make a value safe to show: control characters become visible pictures."""
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return Text("".join(_visible(char) for char in text))


def say(text: str) -> None:
    """Print one line for people to standard error, whatever stands in it."""
    print(plain(text).plain, file=sys.stderr, flush=True)  # noqa: T201  # data alone goes to standard output


def _visible(char: str) -> str:
    if char == "\n":
        return " "
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def out() -> Console:
    """Give the console of standard output."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, highlight=False, soft_wrap=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> Table:
    """Make a table; columns whose values are all numbers are set to the right."""
    listed = [list(row) for row in rows]
    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
    for number, name in enumerate(columns):
        is_number = bool(listed) and all(isinstance(row[number], int | float) for row in listed)
        made.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in listed:
        made.add_row(*map(plain, row))
    return made


def show_report(report: Report) -> None:
    """Print the table that a run ends with."""
    lines = [
        [line.staged.name, line.staged.reader or "", line.entries_read, line.records_kept, line.entries_rejected]
        for line in (report.batch.accepted if report.batch else ())
    ]
    console = out()
    if lines:
        console.print(table(["dump", "reader", "read", "kept", "rejected"], lines))
    totals: list[list[object]] = [
        ["dumps new", report.published],
        ["dumps known", report.known_dumps],
        ["dumps refused", len(report.problems)],
        ["dumps left for later", len(report.left_for_later)],
        ["read", report.total("entries_read")],
        ["kept", report.total("records_kept")],
        ["rejected", report.total("entries_rejected")],
        ["new papers", report.resolution.new_papers],
        ["known papers", report.resolution.known_papers],
    ]
    console.print(table(["this run", "count"], totals))


def show_status(status: Status, place: str) -> None:
    """Print the state of a lake."""
    console = out()
    console.print(table(["in the lake", "count"], list(status.counts.items()), title=place))
    columns = [
        "finished_at",
        "status",
        "dumps_published",
        "dumps_failed",
        "records_kept",
        "entries_rejected",
        "new_papers",
    ]
    runs = [[_cell(run[name]) for name in columns] for run in status.runs]
    console.print(table([name.replace("_", " ") for name in columns], runs, title="last runs"))
    if status.refused:
        refused = [[name_of(row["uri"]), row["error"]] for row in status.refused]
        console.print(table(["dump", "why"], refused, title="refused dumps"))


def _cell(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else value


def show_explanation(found: Explanation) -> None:
    """Print the records of a paper side by side, what joins them, and what was kept apart from them."""
    console = out()
    shown = found.records[:SHOWN_RECORDS]
    names = {record["record_id"]: f"record {number}" for number, record in enumerate(found.records, start=1)}
    console.print(plain(f"{found.paper['paper_id']}  {found.paper['title']}"))
    rows = [[field, *(shorten(record[field]) for record in shown)] for field in ("record_id", *_places(), *COMPARED)]
    filled = [row for row in rows if any(cell is not None and str(cell) for cell in row[1:])]
    console.print(table(["", *(names[record["record_id"]] for record in shown)], filled))
    if len(found.records) > len(shown):
        console.print(f"and {len(found.records) - len(shown)} more records")
    _show_chain(found, names, console)
    if found.decisions:
        columns = ["pair", "verdict", "by", "on", "because"]
        rows = [_decision_row(decision, names) for decision in found.decisions]
        console.print(table(columns, rows, title="what people decided"))
    if found.apart:
        rows = [_apart_row(match, names) for match in found.apart]
        console.print(table(["pair", "rule", "probability", "paper", "title"], rows, title="what was kept apart"))


def _show_chain(found: Explanation, names: dict[str, str], console: Console) -> None:
    """Print the links that tie the records together, the surest first, or all where they are few."""
    if not found.matches:
        console.print("one record: nothing was merged" if len(found.records) == 1 else "no match: people joined them")
        return
    links = found.matches if len(found.matches) <= SHOWN_LINKS else found.chain
    columns = ["pair", "rule", "title", "abstract", "authors", "probability"]
    console.print(table(columns, [_match_row(match, names) for match in links], title="why they are one"))
    if len(links) < len(found.matches):
        console.print(f"the surest chain; {len(found.matches) - len(links)} more in the table matches")


def _places() -> tuple[str, ...]:
    return ("uri", "reader", "position", "seen_date")


def _pair(row: dict[str, Any], names: dict[str, str], sign: str) -> str:
    a, b = row["record_id_a"], row["record_id_b"]
    return f"{names.get(a, a)} {sign} {names.get(b, b)}"


def _match_row(match: dict[str, Any], names: dict[str, str]) -> list[object]:
    similarities = [match["title_similarity"], match["abstract_similarity"], match["author_similarity"]]
    rule = match["rule"] if match["is_linked"] else f"{match['rule']} (too weak alone)"
    shown = [None if s is None else f"{s:.3f}" for s in similarities]
    return [_pair(match, names, "="), rule, *shown, f"{match['probability']:.3f}"]


def _decision_row(decision: dict[str, Any], names: dict[str, str]) -> list[object]:
    sign = {"same": "=", "different": "≠"}.get(decision["verdict"], "?")
    by, on = decision["decided_by"], f"{decision['decided_at']:%Y-%m-%d %H:%M}"
    return [_pair(decision, names, sign), decision["verdict"], by, on, decision["reason"]]


def _apart_row(match: dict[str, Any], names: dict[str, str]) -> list[object]:
    return [_pair(match, names, "≠"), match["rule"], f"{match['probability']:.3f}", match["paper_id"], match["title"]]


def shorten(value: object, length: int = SHOWN_CHARS) -> object:
    """Cut a long text; the parts of a list are set in one line."""
    text = "; ".join(map(str, value)) if isinstance(value, list) else value
    if isinstance(text, str) and len(text) > length:
        return f"{text[:length]}…"
    return text
