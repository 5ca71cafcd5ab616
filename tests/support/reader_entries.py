"""What a reader gives for some text, as plain rows: records as dicts without their empty columns."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from transforms.readers.base import DumpInfo

if TYPE_CHECKING:
    from transforms.readers.base import Reader


class Entries(NamedTuple):
    """Records and rejects of a dump, each in order."""

    records: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def titles(self) -> list[str | None]:
        return [record.get("title") for record in self.records]

    @property
    def count(self) -> int:
        return len(self.records) + len(self.rejects)


def entries_of(reader: Reader, data: str | bytes) -> Entries:
    """Read a whole dump; `extra` comes as an object."""
    raw = data.encode() if isinstance(data, str) else data
    batches = list(reader.read(io.BytesIO(raw), DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))
    records = [_plain(row) for batch in batches for row in batch.records.iter_rows(named=True)]
    return Entries(records, [row for batch in batches for row in batch.rejects.iter_rows(named=True)])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if value is not None}
    return kept | {"extra": json.loads(row["extra"] or "{}")}


def folded(text: str | None) -> str:
    """Text without differences of white space."""
    return " ".join((text or "").split())
