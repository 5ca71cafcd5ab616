"""Writes the result of a query: a table for people, or JSON, CSV or Parquet for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import orjson
import polars as pl
import pyarrow as pa

from flows.show import out, table
from warehouse.lake import lake_at
from warehouse.query import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROWS_AT_ONCE: Final = 10_000
"""Rows that are held while they are written."""

CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]"
"""Characters that a terminal obeys; tabs and ends of lines are text."""

FORMULA: Final = r"^[=+\-@\t\r]"
"""How a cell begins that a spreadsheet calculates (https://owasp.org/www-community/attacks/CSV_Injection)."""

NUMBER: Final = r"^[+-]?[0-9]+([.,][0-9]+)?$"


def write_result(lake: str, query: str, form: str, *, at: str | None = None) -> None:
    """Write what `query` gives, asked now or `at` a snapshot or time, to standard output, a bounded part at a time."""
    with ask(lake_at(lake), query, at=at) as connection:
        write_parts(_parts(connection.to_arrow_reader(ROWS_AT_ONCE)), form)


def write_parts(parts: Iterator[pl.DataFrame], form: str) -> None:
    """Write rows to standard output, part after part."""
    WRITERS[form](parts)
    sys.stdout.flush()


def _parts(reader: pa.RecordBatchReader) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts; one part without rows where there are none, for the sake of the header."""
    is_empty = True
    for batch in reader:
        is_empty = False
        yield _as_frame(pa.Table.from_batches([batch]))
    if is_empty:
        yield _as_frame(reader.schema.empty_table())


def _as_frame(part: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(part)
    if isinstance(frame, pl.Series):  # what Polars makes of a table is a frame; its types allow both
        return frame.to_frame()
    return frame


def _write_table(parts: Iterator[pl.DataFrame]) -> None:
    for part in parts:
        out().print(table(part.columns, part.iter_rows()))


def _write_json(parts: Iterator[pl.DataFrame]) -> None:
    write = sys.stdout.buffer.write
    separator = b"["
    for part in parts:
        for row in part.iter_rows(named=True):
            write(separator + orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS))
            separator = b",\n"
    write(b"[]\n" if separator == b"[" else b"]\n")


def _write_json_lines(parts: Iterator[pl.DataFrame]) -> None:
    for part in parts:
        for row in part.iter_rows(named=True):
            option = orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
            sys.stdout.buffer.write(orjson.dumps(row, default=str, option=option))


def _write_csv(parts: Iterator[pl.DataFrame]) -> None:
    for number, part in enumerate(parts):
        part.select(_flat(column) for column in part).write_csv(sys.stdout.buffer, include_header=number == 0)


def _flat(column: pl.Series) -> pl.Series:
    """Write what CSV has no form for, lists and structs, as JSON, and text as what a terminal or a spreadsheet only shows."""
    if column.dtype.is_nested():
        texts = [None if value is None else orjson.dumps(value, default=str).decode() for value in column.to_list()]
        return pl.Series(column.name, texts, pl.String)
    return _only_text(column) if column.dtype == pl.String else column


def _only_text(column: pl.Series) -> pl.Series:
    """Put an apostrophe before what a spreadsheet would calculate, and a sign in place of control characters."""
    text = pl.col(column.name).str.replace_all(CONTROL, "\N{REPLACEMENT CHARACTER}")
    is_formula = text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
    return column.to_frame().select(pl.when(is_formula).then("'" + text).otherwise(text).alias(column.name)).to_series()


def _write_parquet(parts: Iterator[pl.DataFrame]) -> None:
    pl.concat(parts).write_parquet(sys.stdout.buffer)


WRITERS: Final[Mapping[str, Callable[[Iterator[pl.DataFrame]], None]]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_json_lines,
    "csv": _write_csv,
    "parquet": _write_parquet,
}
"""One writer per format."""
