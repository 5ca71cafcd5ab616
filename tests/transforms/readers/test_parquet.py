from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from transforms.errors import DamagedDumpError, HostileDumpError, UnknownFormatError
from transforms.readers.base import DumpInfo
from transforms.readers.parquet import READER

INFO = DumpInfo("table.parquet", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))


def pack(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def read(data: bytes) -> list[dict[str, object]]:
    return [row for batch in READER.read(io.BytesIO(data), INFO) for row in batch.records.iter_rows(named=True)]


def test_columns_of_any_type_become_text_or_extra() -> None:
    table = pa.table(
        {
            "Title": ["A", None],
            "authors": [["X Y", "Z"], []],
            "year": pa.array([1999, None], pa.int16()),
            "volume": [2.0, None],
            "published": [dt.date(1999, 5, 1), None],
            "seen_date": pa.array([1_740_830_400, None], pa.timestamp("s")),
            "pages": [b"1-2", None],
            "number": [Decimal(7), None],
            "score": [0.5, float("nan")],
            "tags": [{"a": [1, None]}, None],
        }
    )
    first, second = read(pack(table))
    expected = {
        "position": 1,
        "line": None,
        "title": "A",
        "authors": ["X Y", "Z"],
        "year": "1999",
        "volume": "2",
        "published_date": "1999-05-01",
        "seen_date": dt.date(2025, 3, 1),
        "pages": "1-2",
        "number": "7",
        "extra": '{"score":0.5,"tags":{"a":[1,null]}}',
    }
    assert {name: first[name] for name in expected} == expected
    assert str(first["raw"]).startswith('{"Title":"A","authors":["X Y","Z"],"year":1999,')
    assert [name for name, value in second.items() if value is not None] == ["position", "raw", "source"]


def test_times_of_pandas_are_times() -> None:
    """pandas writes them to the nanosecond."""
    day = pa.array([1_740_830_400_000_000_001, None], pa.timestamp("ns", "UTC"))
    first, second = read(pack(pa.table({"title": ["A", "B"], "published": day, "seen_date": day, "sent": day})))
    assert (first["published_date"], first["seen_date"]) == ("2025-03-01T12:00:00+00:00", dt.date(2025, 3, 1))
    assert first["extra"] == '{"sent":"2025-03-01T12:00:00+00:00"}'
    assert (second["published_date"], second["seen_date"], second["extra"]) == (None, None, None)


def test_rows_come_in_batches() -> None:
    data = pack(pa.table({"title": [str(n) for n in range(25_000)]}))
    batches = list(READER.read(io.BytesIO(data), INFO))
    assert max(batch.records.height for batch in batches) <= 10_000
    assert [title for batch in batches for title in batch.records["title"]] == [str(n) for n in range(25_000)]


def test_columns_of_the_same_name_are_kept_apart() -> None:
    table = pa.Table.from_arrays([pa.array(["A"]), pa.array(["x"]), pa.array(["y"])], names=["title", "note", "note"])
    assert read(pack(table))[0]["extra"] == '{"note":"x","note (column 3)":"y"}'


def test_table_without_titles_is_another_format() -> None:
    with pytest.raises(UnknownFormatError, match="without a column of titles; it has name, year"):
        read(pack(pa.table({"name": ["A"], "year": [1]})))


GOOD = pack(pa.table({"title": ["A" * 50] * 1_000}))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD[:-1], id="last byte gone"),
        pytest.param(GOOD[: len(GOOD) // 2], id="half"),
        pytest.param(b"PAR1", id="magic alone"),
        pytest.param(b"PAR1" + bytes(50) + b"\xff\xff\xff\x7fPAR1", id="foot of 2 GB"),
        pytest.param(GOOD[:4] + bytes(40) + GOOD[44:], id="pages overwritten"),
    ],
)
def test_broken_parquet_is_damage(data: bytes) -> None:
    with pytest.raises(DamagedDumpError, match=r"table\.parquet: is damaged Parquet"):
        read(data)


def test_parquet_inside_of_a_compression_is_refused() -> None:
    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(DamagedDumpError, match="inside of another compression"):
        list(READER.read(Unseekable(GOOD), INFO))


def test_parquet_that_unpacks_beyond_measure_is_hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.readers.parquet._MAX_FREE_BYTES", 10_000)
    monkeypatch.setattr("transforms.readers.parquet._MAX_RATIO", 5)
    table = pa.table({"title": ["A" * 100_000 + str(n) for n in range(20)]})
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", use_dictionary=False)
    with pytest.raises(HostileDumpError, match="more than 5 times its size"):
        read(file.getvalue())
