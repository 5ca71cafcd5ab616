"""Ingests into a lake in a process of its own: one_ingest.py LAKE MOMENT PATH...

MOMENT is `never`, or when the process kills itself: `before` or `after` its commit.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pipeline import Pipeline, without_expectations

from warehouse import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = publish.transaction


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def transaction(*arguments: Any, **named: Any) -> Iterator[Any]:
    """Publish as ever, and die while all is written and nothing committed, or just when it is."""
    with REAL(*arguments, **named) as connection:
        yield connection
        if sys.argv[2] == "before":
            die()
    if sys.argv[2] == "after":
        die()


if __name__ == "__main__":
    with without_expectations(), patch.object(publish, "transaction", transaction):
        Pipeline(sys.argv[1]).ingest(*sys.argv[3:])
