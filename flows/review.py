"""Walks through the least certain pairs with a person who decides: same, different, or not now.

On a terminal one key answers; in a pipe one line does.
"""

from __future__ import annotations

import os
import sys
import termios
import tty
from typing import TYPE_CHECKING, Final

from flows.decide import new_run, person, told
from flows.show import out, plain
from flows.side_by_side import show_pair
from transforms.errors import UsageError
from warehouse.decide import Said, decide
from warehouse.pairs import compare, doubtful_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transforms.dedupe.verdicts import Verdict
    from warehouse.lake import Lake

QUIT: Final = "q"
SKIP: Final = "s"
VERDICTS: Final[Mapping[str, Verdict]] = {"y": "same", "n": "different"}
ENDS: Final = ("", "\x04", "\x00")
"""No more keys, Ctrl-D, and what Linux makes of a Ctrl-D that was typed while lines were read."""

QUESTION: Final = "one paper? y(es) n(o) s(kip) q(uit) "


def review(lake: Lake, *, limit: int, by: str | None, wait_seconds: float) -> None:
    """Ask about at most `limit` pairs, and put each answer into effect before the next is shown."""
    name, console = person(by), out()
    counts = dict.fromkeys(("same", "different", "skipped"), 0)
    pairs = doubtful_pairs(lake, limit)
    for number, ids in enumerate(pairs, start=1):
        pair = compare(lake, *ids)
        if pair.decisions:  # an answer to an earlier pair settled this one
            continue
        console.print(f"pair {number} of {len(pairs)}")
        show_pair(pair, console)
        answer = ask()
        if answer == QUIT:
            break
        if answer == SKIP:
            counts["skipped"] += 1
            continue
        verdict = VERDICTS[answer]
        try:
            outcome = decide(Said(verdict, *ids, name), lake, new_run(verdict, ids), wait_seconds=wait_seconds)
        except UsageError as error:  # somebody else decided meanwhile
            console.print(plain(f"not written: {error}"), soft_wrap=True)
            continue
        counts[verdict] += 1
        console.print(plain(f"{verdict}; {told(outcome)}"), soft_wrap=True)
    summary = ", ".join(f"{count} {word}" for word, count in counts.items())
    console.print(summary if pairs else "nothing to review: every match is certain or decided")


def ask() -> str:
    """Get one of the answers: a key on a terminal, the first letter of a line in a pipe; the end of it quits."""
    while True:
        answer = _key() if sys.stdin.isatty() else _line()
        sys.stdout.write("\n")
        if answer in (*VERDICTS, SKIP, QUIT):
            return answer


def _put_question() -> None:
    sys.stdout.write(QUESTION)
    sys.stdout.flush()


def _key() -> str:
    """Read one key; what was typed before the question is not lost. Ctrl-C and Ctrl-D quit."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        _put_question()  # now that a key answers it
        key = os.read(terminal, 1).decode(errors="replace").lower()
    except KeyboardInterrupt:
        return QUIT
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    return key if key not in ENDS else QUIT


def _line() -> str:
    _put_question()
    line = sys.stdin.readline()
    return line.strip()[:1].lower() if line else QUIT
