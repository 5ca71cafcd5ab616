"""Build batches from the rows of a table, column by column.

    rows --some thousands--> part --some parts--> batch

What `base.batched` does for entries, this does for rows that are not entries yet. Parts are small,
so that few parsed rows are held; what is made of them takes much less memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from transforms.readers.base import BATCH_SIZE, Batch, Broken, series
from transforms.readers.rows import Row, Rows
from transforms.schema import RAW_RECORD, RAW_REJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Numbered = tuple[int, Row | Broken]

_PART_ROWS: Final = 2000
_PART_LENGTH: Final = 4 * 1024 * 1024
"""Length of the raw text from which a part is full, however few its rows."""

_BATCH_BYTES: Final = 128 * 1024 * 1024
"""Memory of frames from which a batch is full."""

_BYTES: Final = frozenset({"raw", "extra"})
_TOO_DEEP: Final = "is JSON that is nested too deeply"


def table_batches(rows: Iterable[Row | Broken]) -> Iterator[Batch]:
    """Count the rows 1, 2, 3 ... and gather them into bounded batches; one that is nested too deeply is a reject."""
    known = Rows()
    return joined(part_of(part, known) for part in _parts(rows))


def joined(parts: Iterable[Batch]) -> Iterator[Batch]:
    """Gather small batches into bounded ones."""
    held: list[Batch] = []
    for part in parts:
        if held and _rows([*held, part]) > BATCH_SIZE:
            yield _joined(held)
            held = []
        held.append(part)
        if _rows(held) >= BATCH_SIZE or _bytes(held) > _BATCH_BYTES:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _rows(parts: Iterable[Batch]) -> int:
    return sum(part.records.height + part.rejects.height for part in parts)


def _bytes(parts: Iterable[Batch]) -> float:
    return sum(part.records.estimated_size() + part.rejects.estimated_size() for part in parts)


def _parts(rows: Iterable[Row | Broken]) -> Iterator[list[Numbered]]:
    part: list[Numbered] = []
    length = 0
    for position, row in enumerate(rows, start=1):
        part.append((position, row))
        length += len(row.raw)
        if len(part) == _PART_ROWS or length > _PART_LENGTH:
            yield part
            part, length = [], 0
    if part:
        yield part


def part_of(part: Sequence[Numbered], known: Rows) -> Batch:
    """Return the rows of a part, each with its position; one that is nested too deeply is a reject."""
    rows = [(position, row) for position, row in part if isinstance(row, Row)]
    try:
        columns = known.columns([row for _, row in rows])
    except RecursionError:
        return part_of([(position, _unless_too_deep(row, known)) for position, row in part], known)
    columns["position"] = [position for position, _ in rows]
    frame = pl.DataFrame([_series(name, columns.get(name), len(rows)) for name in RAW_RECORD])
    broken = [(position, row.line, row.raw, row.reason) for position, row in part if isinstance(row, Broken)]
    return Batch(frame, pl.DataFrame(broken, schema=RAW_REJECT, orient="row"))


def _unless_too_deep(row: Row | Broken, known: Rows) -> Row | Broken:
    if isinstance(row, Row):
        try:
            known.columns([row])
        except RecursionError:
            raw = row.raw if isinstance(row.raw, str) else row.raw.decode()
            return Broken(raw, _TOO_DEEP, row.line)
    return row


def _series(name: str, values: list[Any] | None, height: int) -> pl.Series:
    if name in _BYTES and values and isinstance(next((value for value in values if value is not None), None), bytes):
        return pl.Series(name, values, pl.Binary).cast(pl.String)
    return series(name, values, height)


def _joined(parts: Sequence[Batch]) -> Batch:
    records, rejects = (
        pl.concat(frames) for frames in zip(*((part.records, part.rejects) for part in parts), strict=True)
    )
    return Batch(records, rejects)
