"""Read BibTeX for a test, from text or bytes, to the end."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any, Final

import orjson

from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.bibtex import READER
from transforms.readers.reading import read_dump

if TYPE_CHECKING:
    from transforms.readers.base import Batch

INFO: Final = DumpInfo("library.bib", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))

Row = dict[str, Any]


def batches(data: str | bytes) -> list[Batch]:
    """Read as an ingest does, whatever the encoding."""
    raw = data.encode() if isinstance(data, str) else data
    return list(read_dump(READER, io.BytesIO(raw), Head(INFO.name, raw[:HEAD_BYTES]), INFO).batches)


def read(data: str | bytes) -> tuple[list[Row], list[Row]]:
    """Give the records and the rejects."""
    found = batches(data)
    records = [row for batch in found for row in batch.records.iter_rows(named=True)]
    return records, [row for batch in found for row in batch.rejects.iter_rows(named=True)]


def one(data: str | bytes) -> Row:
    """Give the only record, columns without a value left out, `extra` parsed."""
    [row], rejects = read(data)
    assert rejects == []
    row["extra"] = orjson.loads(row["extra"])
    return {name: value for name, value in row.items() if value is not None}


def keys(data: str | bytes) -> tuple[list[str | None], list[str]]:
    """Give the keys of the records, and the first line of each reject."""
    records, rejects = read(data)
    return [row["source_record_id"] for row in records], [row["raw"].partition("\n")[0] for row in rejects]
