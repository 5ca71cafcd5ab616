"""The commands by which people decide: `paperlake same | different | undo | review`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from flows.options import LakeOption, WaitOption  # noqa: TC001  # typer reads the annotations
from flows.settings import DEFAULT_LAKE, DEFAULT_WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from transforms.dedupe.verdicts import Verdict

FirstArgument = Annotated[
    str,
    typer.Argument(
        metavar="A", help="A record_id; or a paper_id, DOI or arXiv id, for the record that founded the paper."
    ),
]
SecondArgument = Annotated[str, typer.Argument(metavar="B", help="The other, named alike.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides.", show_default="your user name")
]
BecauseOption = Annotated[str | None, typer.Option("--because", metavar="TEXT", help="Why, in your words.")]


def same(
    a: FirstArgument,
    b: SecondArgument,
    lake: LakeOption = DEFAULT_LAKE,
    *,
    because: BecauseOption = None,
    by: ByOption = None,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Decide that two records are one paper, now and in every later run.

    The records are shown by `paperlake explain`; the decision is taken back by `paperlake undo`.

    Example: `paperlake same 5d41402abc4b2a76-0000003 10.5555/pl.2026.0108 --because "talk and article"`
    """
    _say("same", (a, b), lake, because=because, by=by, wait=wait)


def different(
    a: FirstArgument,
    b: SecondArgument,
    lake: LakeOption = DEFAULT_LAKE,
    *,
    because: BecauseOption = None,
    by: ByOption = None,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Decide that two records are not one paper, now and in every later run, whatever ties them together.

    The other records of their paper go where they fit better.

    Example: `paperlake different 5d41402abc4b2a76-0000003 7d793037a0760186-0000012 --because "two editorials"`
    """
    _say("different", (a, b), lake, because=because, by=by, wait=wait)


def _say(
    verdict: Verdict, names: tuple[str, str], lake: str, *, because: str | None, by: str | None, wait: float
) -> None:
    from flows.decide import say_verdict  # noqa: PLC0415
    from warehouse.lake import lake_at  # noqa: PLC0415

    say_verdict(verdict, names, lake_at(lake), by=by, because=because, wait_seconds=wait)


def undo(
    a: Annotated[
        str | None, typer.Argument(metavar="A", help="One of the two; none: the latest decision.", show_default=False)
    ] = None,
    b: Annotated[str | None, typer.Argument(metavar="B", help="The other.", show_default=False)] = None,
    lake: LakeOption = DEFAULT_LAKE,
    *,
    by: ByOption = None,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Take back the decision on two records: the papers are as if it had never been made.

    Example: `paperlake undo`

    Example: `paperlake undo 5d41402abc4b2a76-0000003 7d793037a0760186-0000012`
    """
    from flows.decide import undo_verdict  # noqa: PLC0415
    from warehouse.lake import lake_at  # noqa: PLC0415

    undo_verdict((a, b), lake_at(lake), by=by, wait_seconds=wait)


def review(
    lake: LakeOption = DEFAULT_LAKE,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many pairs to ask about.")] = 20,
    by: ByOption = None,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Walk through the pairs that are least certain, side by side, and decide on each: y, n, s(kip) or q(uit).

    Each answer holds at once and in every later run. In a pipe, answers are read line by line.

    Example: `paperlake review --limit 10`
    """
    from flows.review import review as walk_through  # noqa: PLC0415
    from warehouse.lake import lake_at  # noqa: PLC0415

    walk_through(lake_at(lake), limit=limit, by=by, wait_seconds=wait)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (same, different, undo, review)
"""The commands of this module, in the order of the help."""
