"""An index for every file of a lake, however small, so that tests need no large ones."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from warehouse import index, large_files

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def everything_indexed() -> Iterator[None]:
    """Have every file indexed, and every index asked, by this process in the block."""
    with ExitStack() as patched:
        for few in ("MANY_RECORDS", "MANY_ROWS"):
            patched.enter_context(patch.object(large_files, few, 1))
        patched.enter_context(patch.object(index, "MOST_WANTED", float("inf")))
        yield
