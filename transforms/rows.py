"""Work on the rows that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable


def only_where(is_due: pl.Expr, col: pl.Expr, step: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Apply `step` to the rows of `col` that `is_due` selects; the others stay and cost next to nothing.

    The rows left out are null inside `step`: string kernels and `map_elements` pass over nulls.
    `step` must not turn a value into null.
    """
    return pl.coalesce(step(pl.when(is_due).then(col)), col)
