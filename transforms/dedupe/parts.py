"""Work on bounded parts of a table, one after the other or side by side.

What is decided about a record, or about a pair, depends on nothing else, so that parts of a table give
what the whole table gives. Who calls may have the parts worked on by several threads: Polars,
numpy and rapidfuzz let others run while they compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl

T = TypeVar("T")
R = TypeVar("R")


class Each(Protocol):
    """How parts are worked on: gives the results in the order of the parts, as `map` does."""

    def __call__(self, work: Callable[[T], R], parts: Iterable[T], /) -> Iterable[R]:
        """Apply `work` to each of the parts."""


def in_turn(work: Callable[[T], R], parts: Iterable[T], /) -> Iterable[R]:
    """Work on one part after the other."""
    return [work(part) for part in parts]


def parts_of(frame: pl.DataFrame, rows: int) -> list[pl.DataFrame]:
    """Cut a table into parts of at most so many rows; a table without rows is one part."""
    return [frame[start : start + rows] for start in range(0, max(frame.height, 1), rows)]
