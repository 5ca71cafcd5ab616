"""The forms of one search, read by different readers, say the same."""

from __future__ import annotations

import datetime as dt
import io
from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from transforms.normalize import normalize_records
from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.reading import read_dump

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

SAME: Final = ("title", "year", "doi", "volume", "number")
"""What no form leaves out or writes in its own way."""


@cache
def records(path: Path) -> pl.DataFrame:
    data = path.read_bytes()
    head = Head(path.name, data[:HEAD_BYTES])
    info = DumpInfo(path.name, dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
    raw = pl.concat([batch.records for batch in read_dump(recognise(head), io.BytesIO(data), head, info).batches])
    places = {"dump_id": pl.lit("a" * 64), "captured_date": pl.lit(dt.date(2025, 3, 20))}
    return normalize_records(raw.lazy(), **places).collect()


@pytest.mark.parametrize(
    ("one", "other", "count", "columns"),
    [
        ("csv", "zotero_export.xml", 1_233, (*SAME, "authors", "venue", "pages")),
        ("csv", "mendeley_export.xml", 1_233, SAME),
        ("ris", "zotero_export.bib", 1_000, (*SAME, "authors")),
    ],
)
def test_forms_of_one_search_are_the_same_records(
    one: str, other: str, count: int, columns: tuple[str, ...], shared: Path
) -> None:
    folder = shared / "corpus" / "endnote_and_zotero"
    found = [
        sorted(records(folder / name).select(columns).iter_rows(), key=repr) for name in (f"zotero_export.{one}", other)
    ]
    assert len(found[0]) == len(found[1]) == count
    assert [pair for pair in zip(*found, strict=True) if pair[0] != pair[1]] == []
