"""Work on the rows that need it.

Written with `when` and `otherwise`, a step names its input three times, and ten steps in a row
59,049 times. Here the rows are selected once the column is there, and the step sees only them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[pl.Expr], pl.Expr]


def named(col: pl.Expr | str) -> pl.Expr:
    """Let a column be given by its name or as an expression."""
    return pl.col(col) if isinstance(col, str) else col


def only_where(col: pl.Expr, is_due: Rule, step: Rule) -> pl.Expr:
    """Apply `step` to the rows of a text column that `is_due` selects; the others stay as they are."""

    def changed(texts: pl.Series) -> pl.Series:
        due = _selected(texts, is_due)
        return texts.scatter(due.arg_true(), _applied(texts.filter(due), step)) if due.any() else texts

    return col.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def found_where(col: pl.Expr, is_due: Rule, step: Rule) -> pl.Expr:
    """Apply `step` to the rows of a text column that `is_due` selects; the others become null."""

    def found(texts: pl.Series) -> pl.Series:
        due = _selected(texts, is_due)
        nothing = pl.repeat(None, len(texts), dtype=pl.String, eager=True).alias(texts.name)
        return nothing.scatter(due.arg_true(), _applied(texts.filter(due), step)) if due.any() else nothing

    return col.map_batches(found, return_dtype=pl.String, is_elementwise=True)


def kept_where(col: pl.Expr, is_kept: Rule) -> pl.Expr:
    """Keep the texts of a column that `is_kept` selects; the others become null."""

    def kept(texts: pl.Series) -> pl.Series:
        return _applied(texts, lambda text: pl.when(is_kept(text)).then(text))

    return col.map_batches(kept, return_dtype=pl.String, is_elementwise=True)


def once_each(col: pl.Expr, rule: Rule) -> pl.Expr:
    """Apply a rule to each distinct text of a column, for columns that say the same in many rows."""

    def applied(texts: pl.Series) -> pl.Series:
        distinct = texts.unique()
        if 2 * len(distinct) > len(texts):
            return _applied(texts, rule)
        found = pl.DataFrame({"text": distinct, "found": _applied(distinct, rule)})
        rows = texts.alias("text").to_frame()
        return rows.join(found, on="text", how="left", nulls_equal=True, maintain_order="left")["found"]

    return col.map_batches(applied, return_dtype=pl.String, is_elementwise=True)


def _selected(texts: pl.Series, is_due: Rule) -> pl.Series:
    return _applied(texts, is_due).fill_null(value=False)


def _applied(texts: pl.Series, rule: Rule) -> pl.Series:
    return texts.alias("").to_frame().select(rule(pl.col(""))).to_series()
