"""Work on the rows that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable


def only_where(col: pl.Expr, is_due: Callable[[pl.Expr], pl.Expr], step: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Apply `step` to the rows of a text column that `is_due` selects; the others cost nothing.

    Written with `when` and `otherwise`, each step would name its input three times, and ten steps
    59,049 times: the selection therefore happens on the column once it is there.
    """

    def on_selected(values: pl.Series) -> pl.Series:
        frame = values.alias("").to_frame()
        due = frame.select(is_due(pl.col("")).fill_null(value=False)).to_series()
        if not due.any():
            return values
        changed = frame.filter(due).select(step(pl.col(""))).to_series()
        return values.scatter(due.arg_true(), changed)

    return col.map_batches(on_selected, return_dtype=pl.String, is_elementwise=True)
