"""What the pages of a Parquet file claim to be, read from their heads before pyarrow makes room for them.

    footer --chunks-->  a column's part of a row group: where it stands, how long it is
    chunk  --heads-->   page, page, page ...: packed and unpacked bytes, as they claim

pyarrow takes as much memory as the head of a page says, and only then finds that the page has less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.errors import DamagedDumpError, HostileDumpError
from transforms.readers.base import DumpInfo, place
from transforms.readers.thrift_compact import I32, I64, CutShortError, Reading, Struct, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_HELD_BYTES: Final = 512 * 1024 * 1024
"""Pages that are unpacked side by side, one of each column and its dictionary, may claim so much together: pyarrow holds
them beside what it makes of them. Programs write pages of 1 MB, and larger ones only where somebody asks for them."""

_TAIL_BYTES: Final = 8
"""The length of the footer, and the name of the format."""

_HEAD_BYTES: Final = (512, 64 * 1024, 16 * 1024 * 1024)
"""How far to look for the end of a page's head: 20 to 100 bytes, unless it tells long values; pyarrow takes no more than 16 MB."""

_SLACK_BYTES: Final = 100
"""Old writers leave the head of a dictionary out of the length of its chunk (PARQUET-816); pyarrow reads on for so many bytes."""

_VALUES, _LENGTH, _DATA, _DICTIONARY = 5, 7, 9, 11
_DETAILS, _KEY = 3, 8
_CHUNK: Final = Wanted(
    structs={_DETAILS: Wanted(dict.fromkeys((_VALUES, _LENGTH, _DATA, _DICTIONARY), I64)), _KEY: Wanted()}
)
_COLUMNS, _ROW_GROUPS = 1, 4
_FOOTER: Final = Wanted(lists={_ROW_GROUPS: Wanted(lists={_COLUMNS: _CHUNK})})
"""Fields of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData, in the numbers of parquet.thrift."""

_TYPE, _UNPACKED, _PACKED, _COUNT = 1, 2, 3, 1
_DATA_PAGES: Final = {0: 5, 3: 8}
"""The types of data pages, of both versions, and the fields with their heads."""

_DICTIONARY_PAGE: Final = 2
_HEAD: Final = Wanted(
    dict.fromkeys((_TYPE, _UNPACKED, _PACKED), I32), dict.fromkeys(_DATA_PAGES.values(), Wanted({_COUNT: I32}))
)
"""Fields of PageHeader and of the heads of its data pages."""


class _Chunk(NamedTuple):
    begin: int
    length: int
    values: int


class _Page(NamedTuple):
    is_dictionary: bool
    unpacked: int


def unpacked_bytes(stream: BinaryIO, info: DumpInfo) -> int:
    """Return how many bytes all pages have unpacked, as their heads say; encrypted ones are passed over.

    Raises DamagedDumpError where footer or heads make no sense, HostileDumpError where pages claim more than
    MAX_HELD_BYTES. The stream stays where it is.
    """
    here = stream.tell()
    size = stream.seek(0, 2)
    try:
        return sum(_unpacked(stream, chunks, size, info) for chunks in _row_groups(stream, size))
    except ValueError as error:
        hint = "copy or write the file again"
        raise DamagedDumpError(f"is damaged Parquet: {error}", where=place(info), hint=hint) from error
    finally:
        stream.seek(here)


def _footer(stream: BinaryIO, size: int) -> Struct:
    stream.seek(max(0, size - _TAIL_BYTES))
    length = int.from_bytes(stream.read(_TAIL_BYTES)[:4], "little")
    stream.seek(max(0, size - _TAIL_BYTES - length))
    return Reading(stream.read(length)).struct(_FOOTER)


def _row_groups(stream: BinaryIO, size: int) -> list[list[_Chunk]]:
    row_groups = [_chunks(group) for group in _footer(stream, size).lists.get(_ROW_GROUPS, [])]
    if sum(chunk.length for chunks in row_groups for chunk in chunks) > size:
        raise ValueError("the columns of its footer are longer than the file")
    return row_groups


def _chunks(row_group: Struct) -> list[_Chunk]:
    return [_chunk(column) for column in row_group.lists.get(_COLUMNS, []) if _KEY not in column.structs]


def _chunk(column: Struct) -> _Chunk:
    try:
        numbers = column.structs[_DETAILS].integers
        begin, length, values = numbers[_DATA], numbers[_LENGTH], numbers[_VALUES]
    except KeyError:
        raise ValueError("its footer does not say where a column is") from None
    if 0 < numbers.get(_DICTIONARY, 0) < begin:
        begin = numbers[_DICTIONARY]
    if begin < 0 or length < 0:
        raise ValueError("its footer gives a column a place or length below zero")
    return _Chunk(begin, length, values)


def _unpacked(stream: BinaryIO, chunks: list[_Chunk], size: int, info: DumpInfo) -> int:
    """Return what the pages of one row group claim, all together."""
    held = total = 0
    for chunk in chunks:
        largest = {True: 0, False: 0}
        for page in _pages(stream, chunk, size):
            total += page.unpacked
            held += max(0, page.unpacked - largest[page.is_dictionary])
            largest[page.is_dictionary] = max(largest[page.is_dictionary], page.unpacked)
            if held > MAX_HELD_BYTES:
                raise HostileDumpError(
                    f"is Parquet with pages that claim {held:,} bytes to be unpacked at once, more than {MAX_HELD_BYTES:,}",
                    where=place(info),
                    hint="copy the file again; if it is genuine, write it with pages of 1 MB or as JSON lines",
                )
    return total


def _pages(stream: BinaryIO, chunk: _Chunk, size: int) -> Iterator[_Page]:
    """Walk over the pages of a column as pyarrow does: until it has all values or the chunk ends."""
    at, values = chunk.begin, 0
    end = min(size, chunk.begin + chunk.length + _SLACK_BYTES)
    while values < chunk.values and at < end:
        head, head_length = _head(stream, at, end)
        packed, unpacked = head.integers.get(_PACKED, -1), head.integers.get(_UNPACKED, -1)
        at += head_length + packed
        if packed < 0 or unpacked < 0 or at > end:
            raise ValueError("a page is longer than its column, or shorter than nothing")
        kind = head.integers.get(_TYPE, -1)
        data = head.structs.get(_DATA_PAGES.get(kind, -1), Struct())
        values += max(0, data.integers.get(_COUNT, 0))
        yield _Page(kind == _DICTIONARY_PAGE, unpacked)


def _head(stream: BinaryIO, at: int, end: int) -> tuple[Struct, int]:
    for length in _HEAD_BYTES:
        stream.seek(at)
        reading = Reading(stream.read(min(length, end - at)))
        try:
            return reading.struct(_HEAD), reading.place
        except CutShortError:
            if length >= end - at:
                break
    raise ValueError("the head of a page has no end")
