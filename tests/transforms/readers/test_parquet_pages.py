"""What pages of Parquet claim is looked at before pyarrow makes room for it."""

from __future__ import annotations

import base64
import datetime as dt
import io
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa
import pytest
from effort import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq
from pyarrow.parquet import encryption

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError
from transforms.readers.base import DumpInfo
from transforms.readers.parquet import READER
from transforms.readers.parquet_pages import unpacked_bytes
from transforms.readers.thrift_compact import I32, Reading, Wanted

INFO: Final = DumpInfo("table.parquet", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
TITLES: Final = pa.table({"title": [f"A title of number {number}" for number in range(300)], "doi": ["10.1/x"] * 300})


def packed(table: pa.Table = TITLES, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def varint(value: int) -> bytes:
    """Write an integer as Thrift does: zigzag, seven bits a byte."""
    value, written = value << 1, b""
    while value > 127:
        written, value = written + bytes([value & 127 | 128]), value >> 7
    return written + bytes([value])


def bent(data: bytes, claimed: int) -> bytes:
    """Make the first page claim so many bytes unpacked; its packed bytes, and all else, stay what they are."""
    begin = len(b"PAR1") + 3
    assert data[begin - 1] == 0x15, "the head of the page begins otherwise"
    end = next(place for place in range(begin, len(data)) if not data[place] & 128) + 1
    return data[:begin] + varint(claimed) + data[end:]


def titles(data: bytes) -> list[str]:
    return [title for batch in READER.read(io.BytesIO(data), INFO) for title in batch.records["title"]]


FORMS: Final = [
    pytest.param({}, id="dictionary"),
    pytest.param({"use_dictionary": False}, id="version 1"),
    pytest.param({"use_dictionary": False, "data_page_version": "2.0"}, id="version 2"),
]


@pytest.mark.parametrize("options", FORMS)
def test_page_that_claims_too_much_is_refused_before_room_is_made_for_it(options: dict[str, Any]) -> None:
    with pytest.raises(
        HostileDumpError, match=r"^table\.parquet: is Parquet with pages that claim 1,500,000,000 bytes"
    ):
        titles(bent(packed(**options), 1_500_000_000))
    assert pa.default_memory_pool().max_memory() < 1_500_000_000


def test_pages_of_all_columns_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(pa.table({"title": ["A" * 50_000], "abstract": ["B" * 50_000]}), use_dictionary=False)
    monkeypatch.setattr("transforms.readers.parquet_pages.MAX_HELD_BYTES", 90_000)
    with pytest.raises(HostileDumpError, match="claim 100,020 bytes to be unpacked at once, more than 90,000"):
        titles(data)
    monkeypatch.setattr("transforms.readers.parquet_pages.MAX_HELD_BYTES", 100_020)
    assert titles(data) == ["A" * 50_000]


def test_many_pages_of_a_column_are_held_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"title": [f"{number:01000}" for number in range(500)]})
    data = packed(table, use_dictionary=False, data_page_size=10_000, write_batch_size=5)
    monkeypatch.setattr("transforms.readers.parquet_pages.MAX_HELD_BYTES", 30_000)
    assert titles(data) == table["title"].to_pylist()
    assert unpacked_bytes(io.BytesIO(data), INFO) >= 500 * 1_004


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
@pytest.mark.parametrize("options", FORMS)
def test_honest_files_go_on_as_before(codec: str, options: dict[str, Any]) -> None:
    authors = pa.array([["A B", None], [], None] * 100)
    table = TITLES.append_column("authors", authors).append_column("note", pa.nulls(300, pa.string()))
    data = packed(table, compression=codec, row_group_size=130, **options)
    with pq.ParquetFile(io.BytesIO(data)) as file:
        footer = sum(file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups))
    assert footer * 0.7 < unpacked_bytes(io.BytesIO(data), INFO) <= footer, "the footer counts the heads as well"
    assert titles(data) == TITLES["title"].to_pylist()


def test_page_of_tens_of_megabytes_is_read() -> None:
    table = pa.table({"title": ["A", "B"], "abstract": ["x" * 12_000_000, "y" * 12_000_000]})
    assert titles(packed(table, use_dictionary=False, data_page_size=100_000_000)) == ["A", "B"]


def test_columns_of_the_footer_cannot_be_longer_than_the_file() -> None:
    data = packed(pa.table({"title": ["A" * 10_000]}), compression="none", use_dictionary=False)
    footer = int.from_bytes(data[-8:-4], "little")
    with pytest.raises(DamagedDumpError, match="columns of its footer are longer than the file"):
        titles(data[:4] + data[-8 - footer :])


class _Keys(encryption.KmsClient):  # type: ignore[misc]
    """Keeps keys in the open."""

    def wrap_key(self, key: bytes, _master: str) -> bytes:
        return base64.b64encode(key)


def test_encrypted_columns_are_refused_by_pyarrow_as_before() -> None:
    wanted = encryption.EncryptionConfiguration("footer", column_keys={"key": ["title"]}, plaintext_footer=True)
    factory = encryption.CryptoFactory(lambda _: _Keys())
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), wanted)
    with pytest.raises(DamagedDumpError, match="Cannot decrypt ColumnMetadata"):
        titles(packed(TITLES, encryption_properties=properties))


@settings(max_examples=EXAMPLES * 5, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=6))
def test_any_bytes_in_a_head_give_titles_or_one_error(place: int, damage: bytes) -> None:
    data = packed(TITLES, use_dictionary=False)
    data = data[:place] + damage + data[place + len(damage) :]
    with suppress(DumpError):
        titles(data)
    assert pa.default_memory_pool().max_memory() < 1_000_000_000


@given(st.binary())
def test_any_bytes_are_a_struct_or_one_fault(data: bytes) -> None:
    with suppress(ValueError):
        assert Reading(data).struct(Wanted(lists={1: Wanted({1: I32})})).integers == {}


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(b"\x15\x02", "end within", id="no end"),
        pytest.param(b"\x15\x02\x05\x02\x04\x00", "twice or of the wrong type", id="the same field twice"),
        pytest.param(b"\x16\x02\x00", "twice or of the wrong type", id="another type"),
        pytest.param(b"\x15\xff\xff\xff\xff\x7f\x00", "more than 32 bits", id="too large"),
        pytest.param(b"\x2c" * 40, "nested more than 32 deep", id="structs in structs"),
        pytest.param(b"\x29" + b"\x19" * 40, "nested more than 32 deep", id="lists in lists"),
        pytest.param(b"\x2e\x00", "no type 14", id="no such type"),
    ],
)
def test_what_could_be_understood_in_two_ways_is_a_fault(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Reading(data).struct(Wanted({1: I32}))
