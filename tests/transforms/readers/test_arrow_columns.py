"""Reading the columns of Parquet whole gives what reading its rows one by one gives."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pyarrow import parquet as pq

from transforms.errors import DamagedDumpError
from transforms.readers.arrow_columns import records_of
from transforms.readers.base import DumpInfo
from transforms.readers.parquet import READER
from transforms.readers.rows import Row, Rows, to_json
from transforms.readers.table_batches import part_of

if TYPE_CHECKING:
    import polars as pl

INFO = DumpInfo("table.parquet", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))

NAMES = [
    *(
        "title",
        "Title",
        "paper_title",
        "authors",
        "Author",
        "abstract",
        "summary",
        "year",
        "Pub Year",
        "volume",
        "number",
    ),
    *("pmid", "source", "Source", "id", "paper_id", "doi", "arxiv_id", "url", "abs", "pdf", "seen_date", "published"),
    *("extra", "raw", "note", 'say "é"\n', "", "0", "member 0", "*", "^.*$"),
]
ODD_TEXTS = [
    *(
        "",
        " ",
        "\t\n",
        "\x1c\x1f",
        "\u2003",
        "\u200b",
        " A title ",
        'say "no"\\\n\x00\x7f',
        "1995",
        "1995.0",
        " 7.0\n",
        "٣.0",
    ),
    *("2503.11731", "2503.11731v2", "math.GT/0309136", "https://arxiv.org/abs/2503.11731", "https://arxiv.org/pdf/1"),
    *("A. B. Cee and D. Eff", "Cee, A.; Eff, D.", "&nbsp;", "2025-03-01", "arxiv", "null", "[]"),
]
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=5)
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
OBJECTS = st.fixed_dictionaries({"name": st.none() | TEXTS, "given": st.none() | TEXTS})
TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), TEXTS),
    (pa.large_string(), TEXTS),
    (pa.dictionary(pa.int8(), pa.string()), TEXTS),
    (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.bool_(), st.booleans()),
    (pa.float64(), st.floats() | st.sampled_from([1995.0, 0.5, -0.0, 1e300])),
    (pa.list_(pa.string()), st.lists(st.none() | TEXTS, max_size=3)),
    (pa.large_list(pa.large_string()), st.lists(st.none() | TEXTS, max_size=3)),
    (pa.list_(pa.int32()), st.lists(st.none() | st.integers(0, 9), max_size=2)),
    (pa.list_(pa.struct({"name": pa.string(), "given": pa.string()})), st.lists(st.none() | OBJECTS, max_size=2)),
    (pa.struct({"name": pa.string(), "given": pa.string()}), OBJECTS),
    (pa.date32(), DAYS),
    (pa.timestamp("us"), st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))),  # noqa: DTZ001  # Arrow has such
    (pa.decimal128(9, 2), st.integers(-99, 99).map(lambda number: Decimal(number).scaleb(-2))),
    (pa.binary(), st.binary(max_size=4)),
    (pa.null(), st.none()),
]


@st.composite
def tables(draw: st.DrawFn) -> pa.RecordBatch:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    height = draw(st.integers(1, 4))
    columns = []
    for _ in names:
        dtype, values = draw(st.sampled_from(TYPES))
        columns.append(pa.array(draw(st.lists(st.none() | values, min_size=height, max_size=height)), dtype))
    return pa.RecordBatch.from_arrays(columns, names)


def row_by_row(table: pa.RecordBatch, first: int) -> pl.DataFrame:
    rows = (Row(row, None, to_json(row)) for row in table.to_pylist())
    return part_of(list(enumerate(rows, start=first)), Rows()).records


@given(table=tables(), first=st.integers(1, 9))
def test_columns_read_whole_are_those_read_row_by_row(table: pa.RecordBatch, first: int) -> None:
    assert_frame_equal(records_of(table, first), row_by_row(table, first))


@given(texts=st.lists(st.none() | TEXTS, min_size=1, max_size=3), name=st.sampled_from(NAMES))
def test_text_is_read_alike_under_any_name(texts: list[str | None], name: str) -> None:
    table = pa.RecordBatch.from_pydict({name: pa.array(texts, pa.string()), "url": ["arxiv.org/"] * len(texts)})
    assert_frame_equal(records_of(table, 1), row_by_row(table, 1))


def test_slices_are_read_from_where_they_begin() -> None:
    table = pa.RecordBatch.from_pydict({"title": ["A", "B", "C"], "authors": [["X"], [" Y ", None, ""], []]}).slice(1)
    assert_frame_equal(records_of(table, 2), row_by_row(table, 2))


def pack(table: pa.Table, row_group_size: int | None = None) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=row_group_size)
    return file


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_text_that_is_not_utf8_is_damage(*, is_dictionary: bool) -> None:
    title = pa.array([b"caf\xe9", b"B"]).view(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, title.buffers())
    table = pa.table({"title": text.dictionary_encode() if is_dictionary else text})
    with pytest.raises(DamagedDumpError, match=r"is damaged Parquet: .*UTF-?8"):
        list(READER.read(pack(table), INFO))


def test_small_row_groups_are_gathered_and_long_rows_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.readers.parquet._BATCH_BYTES", 1_000)
    titles = ["A" * (900 if number % 50 == 0 else 5) + str(number) for number in range(300)]
    batches = list(READER.read(pack(pa.table({"title": titles}), row_group_size=7), INFO))
    assert len(batches) == 1
    assert batches[0].records["title"].to_list() == titles
    assert batches[0].records["position"].to_list() == list(range(1, 301))


def test_long_texts_of_a_dictionary_are_held_a_few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    heights: list[int] = []

    def watched(batch: pa.RecordBatch, first: int) -> pl.DataFrame:
        heights.append(batch.num_rows)
        return records_of(batch, first)

    monkeypatch.setattr("transforms.readers.parquet._BATCH_BYTES", 10_000)
    monkeypatch.setattr("transforms.readers.parquet.records_of", watched)
    table = pa.table({"title": pa.array(["A" * 1_000] * 100).dictionary_encode()})
    batches = list(READER.read(pack(table), INFO))
    assert (max(heights) <= 10, sum(heights), sum(batch.records.height for batch in batches)) == (True, 100, 100)
