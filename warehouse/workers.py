"""Threads that work on parts of a batch side by side; Polars, numpy and rapidfuzz let each other run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.dedupe.parts import Each

MOST: Final = 4
"""Threads at most: each holds a part, and what cannot be done side by side leaves little to more of them."""


@contextmanager
def side_by_side() -> Iterator[Each]:
    """Give a way to work on parts by as many threads as there are processors."""
    with ThreadPoolExecutor(min(MOST, os.cpu_count() or 1), thread_name_prefix="part") as pool:
        yield pool.map
