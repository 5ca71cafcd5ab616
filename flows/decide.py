"""Takes what a person says of two records from the command line to the lake, and says what came of it."""

from __future__ import annotations

import datetime as dt
import getpass
import uuid
from typing import TYPE_CHECKING

from flows.settings import VERSION
from flows.show import plain
from transforms.errors import UsageError
from warehouse.batch import Run
from warehouse.decide import Outcome, Said, decide, latest, tell

if TYPE_CHECKING:
    from transforms.dedupe.verdicts import Verdict
    from warehouse.lake import Lake


def say_verdict(
    verdict: Verdict, names: tuple[str, str], lake: Lake, *, by: str | None, because: str | None, wait_seconds: float
) -> None:
    """Put a verdict on two records (or papers) into effect, and print what it made of them."""
    outcome = decide(
        Said(verdict, *names, person(by), because), lake, new_run(verdict, names), wait_seconds=wait_seconds
    )
    print(plain(told(outcome)).plain)  # noqa: T201  # this is the command line


def undo_verdict(names: tuple[str | None, str | None], lake: Lake, *, by: str | None, wait_seconds: float) -> None:
    """Take back the decision on two records, or the latest one where none are named."""
    a, b = names
    if (a is None) != (b is None):
        raise UsageError("undo takes two records, or none for the latest decision", where=a or b or "")
    pair = latest(lake) if a is None or b is None else (a, b)
    say_verdict("undo", pair, lake, by=by, because=None, wait_seconds=wait_seconds)


def person(by: str | None) -> str:
    """Name the person who decides: as given, or as the system knows the user."""
    try:
        name = by if by is not None else getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        name = ""
    if not name.strip():
        raise UsageError("it is not known who decides", hint="name yourself with --by NAME")
    return name.strip()


def new_run(verdict: Verdict, names: tuple[str, str]) -> Run:
    """Begin the run that a decision is."""
    return Run(str(uuid.uuid4()), f"{verdict} {' '.join(names)}", VERSION, dt.datetime.now(dt.UTC))


def told(outcome: Outcome) -> str:
    """Say in one line what came of a verdict."""
    first, second = outcome.paper_ids
    now = f"one paper: {first}" if first == second else f"two papers: {first} and {second}"
    if outcome.earlier is None:
        return now
    word = "taken back" if outcome.verdict == "undo" else "said before"
    return f"{word}: {tell(outcome.earlier)}; {now}"
