"""Tells whoever watches how far a run is; nobody by default.

The command line watches through this rather than through Prefect's log, which is for servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Step:
    """One sign of life: a stage, and how many of its parts are done.

    `line` is set when the stage has ended: the line of the log.
    """

    stage: str
    done: int = 0
    total: int = 0
    line: str | None = None


_watchers: list[Callable[[Step], None]] = []


def watch(watcher: Callable[[Step], None]) -> None:
    """Have `watcher` called with each step of the runs of this process."""
    _watchers.append(watcher)


def tell(step: Step) -> None:
    """Pass a step on to everyone who watches."""
    for watcher in _watchers:
        watcher(step)
