"""What holds for every registered reader, whatever it is given: records, rejects or one clear error.

A reader that is added to the registry is held to all of this; it needs an example in
tests/support/reader_examples.py.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import resource
import signal
import zlib
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

import pytest
from effort import IS_THOROUGH, tried
from hypothesis import given
from hypothesis import strategies as st
from reader_examples import EXAMPLES

from transforms.errors import DumpError
from transforms.readers import READERS, recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.reading import read_dump
from transforms.schema import RAW_RECORD, RAW_REJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.readers.base import Reader

MAY_REFUSE_A_CUT_DUMP: Final = {
    "parquet": "says where its rows are at its end",
    "hf_papers_text": "has nothing but the order of its lines; a cut page is refused as a whole",
}
"""Readers that cannot know what stands before the cut, and why."""

MEGABYTE: Final = 1_000_000
HOSTILE_BYTES: Final = MEGABYTE if IS_THOROUGH else MEGABYTE // 10

CPU_SECONDS: Final = 10 if IS_THOROUGH else 3
"""For so many hostile bytes: more is a hang."""

EXAMPLE_CUTS: Final = 10_000 if IS_THOROUGH else 100
"""Places at which an example is cut; none has so many bytes as the larger number."""

Entry = tuple[int, str | None, str]
"""Position, title (None of a reject), raw."""

each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
each_reader_of_text = pytest.mark.parametrize(
    "reader", [reader for reader in READERS if reader.takes == "text"], ids=lambda reader: reader.name
)


def read(reader: Reader, data: bytes, name: str = "dump") -> list[Entry]:
    """Read to the end and check what holds of all batches; an error must say where and what to do."""
    info = DumpInfo(name, dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
    entries: list[Entry] = []
    try:
        for batch in read_dump(reader, io.BytesIO(data), Head(name, data[:HEAD_BYTES]), info).batches:
            assert (batch.records.schema, batch.rejects.schema) == (RAW_RECORD, RAW_REJECT)
            assert batch.rejects["reason"].null_count() == batch.rejects["raw"].null_count() == 0
            entries += batch.records.select("position", "title", "raw").iter_rows()
            entries += [(position, None, raw) for position, raw in batch.rejects.select("position", "raw").iter_rows()]
            for extra in batch.records["extra"].drop_nulls():
                assert isinstance(json.loads(extra), dict)
    except DumpError as error:
        assert name in error.where  # noqa: PT017  # either outcome is right
        assert error.hint  # noqa: PT017
        raise
    assert sorted(position for position, _, _ in entries) == list(range(1, len(entries) + 1))
    return sorted(entries, key=lambda entry: entry[0])


def survive(reader: Reader, data: bytes) -> list[Entry]:
    """Read what may be anything: one error is as good as entries."""
    try:
        return read(reader, data)
    except DumpError:
        return []


@contextmanager
def limits(seconds: float, gigabytes: float = 1.0) -> Iterator[None]:
    """Break off what takes longer, in time of the processor, and fail where this process grew by more than the memory."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds} s of the processor")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    _forget_peak()
    held_bytes = _peak_bytes()  # by what other tests left behind
    try:
        yield
        assert _peak_bytes() - held_bytes < gigabytes * 1e9
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _forget_peak() -> None:
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_bytes() -> int:
    """The most memory that this process held since `_forget_peak`; where that is not known, ever."""
    status = Path("/proc/self/status")
    if status.exists() and (peak := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))):
        return int(peak[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_every_reader_has_an_example() -> None:
    assert {reader.name for reader in READERS} == set(EXAMPLES)


@each_reader
def test_example_is_recognised_and_read_whole(reader: Reader) -> None:
    data = EXAMPLES[reader.name]
    assert recognise(Head("dump", data[:HEAD_BYTES])) == reader
    titles = [title for _, title, _ in read(reader, data)]
    assert len(set(titles)) == len(titles) == 3
    assert None not in titles


@each_reader
@tried
@given(data=st.binary(max_size=400))
def test_any_bytes(reader: Reader, data: bytes) -> None:
    survive(reader, data)


@each_reader
@tried
@given(data=st.data())
def test_example_with_anything_in_it(reader: Reader, data: st.DataObject) -> None:
    example = EXAMPLES[reader.name]
    start = data.draw(st.integers(0, len(example)), "start")
    end = data.draw(st.integers(start, min(len(example), start + 40)), "end")
    pieces = st.sampled_from([example[i : i + 12] for i in range(0, len(example), 12)])
    noise = st.lists(st.one_of(st.binary(max_size=8), pieces), max_size=6).map(b"".join)
    survive(reader, example[:start] + data.draw(noise, "noise") + example[end:])


@each_reader
@tried
@given(data=st.data())
def test_head_of_the_example_and_then_anything(reader: Reader, data: st.DataObject) -> None:
    example = EXAMPLES[reader.name]
    length = data.draw(st.integers(0, len(example)))
    text = st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)
    survive(reader, example[:length] + data.draw(st.one_of(st.binary(max_size=100), text)))


@each_reader_of_text
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encoding_makes_no_difference_to_text(reader: Reader, encoding: str) -> None:
    example = EXAMPLES[reader.name]
    assert recognise(Head("dump", example.decode().encode(encoding))) == reader
    assert read(reader, example.decode().encode(encoding)) == read(reader, example)


@each_reader
@pytest.mark.parametrize("piece", [b"\n", b" ", b'"', b"{", b"[", b"(", b"<", b"<a>", b"&", b"@", b"\\", b"\t", b"x"])
def test_long_run_of_one_sign_is_no_hang(reader: Reader, piece: bytes) -> None:
    """Behind half an example, so that the reader is well inside of what it knows."""
    example = EXAMPLES[reader.name]
    with limits(CPU_SECONDS):
        survive(reader, example[: len(example) // 2] + piece * (HOSTILE_BYTES // len(piece)))


@each_reader
def test_long_run_of_examples_is_no_hang(reader: Reader) -> None:
    example = EXAMPLES[reader.name]
    with limits(CPU_SECONDS):
        survive(reader, example * (HOSTILE_BYTES // len(example)))


@each_reader
def test_entries_before_a_cut_survive(reader: Reader) -> None:
    assert_cuts_harm_no_earlier_entry(reader, EXAMPLES[reader.name], EXAMPLE_CUTS)


def assert_cuts_harm_no_earlier_entry(reader: Reader, data: bytes, cuts: int) -> None:
    """Cut the dump at evenly spread places, each between two characters."""
    whole = read(reader, data)
    begins = places_of(whole, data)
    for number in range(1, min(cuts, len(data))):
        cut = between_characters(data, len(data) * number // min(cuts, len(data)))
        try:
            left = read(reader, data[:cut])
        except DumpError:
            closed = sum(begin < cut for begin in begins[1:] if begin is not None)
            assert reader.name in MAY_REFUSE_A_CUT_DUMP or closed == 0, f"cut at byte {cut:,}"
            continue
        closed = max((index for index, begin in enumerate(begins) if begin is not None and begin < cut), default=0)
        assert [title for _, title, _ in left[:closed]] == [title for _, title, _ in whole[:closed]], f"cut at {cut:,}"


def places_of(entries: list[Entry], data: bytes) -> list[int | None]:
    """Find the byte at which each entry begins, by its raw text or else by its title; None where it is not found."""
    begins: list[int | None] = []
    after = 0
    for _, title, raw in entries:
        texts = [raw, raw.replace("\n", "\r\n"), *(form(title) for form in (str, escape, json.dumps) if title)]
        found = [data.find(text.strip('"').encode(), after) for text in texts if text]
        place = next((at for at in found if at >= 0), None)
        begins.append(place)
        after = after if place is None else place + 1
    return begins


def between_characters(data: bytes, cut: int) -> int:
    """Move a cut back out of a character of UTF-8."""
    while cut and data[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut


CUTS: Final = 50
"""Places at which a capture is cut."""

CORPUS_BYTES: Final = MEGABYTE
"""How much a reader reads over all cuts of its captures, but for three cuts of each: `make torture` lifts it."""

MOST_CAPTURES: Final = 5
"""The smallest captures of each reader are cut; `make torture` cuts them all."""


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return zlib.decompress(data, wbits=31) if data.startswith(b"\x1f\x8b") else data


@cache
def corpus_dumps(folder: Path) -> list[tuple[Path, bytes, Reader]]:
    """The captures, each with the reader that knows it, the smallest first; of the daily listings five."""
    return [*_recognised(folder)]


def _recognised(folder: Path) -> Iterator[tuple[Path, bytes, Reader]]:
    daily = sorted(folder.glob("arxiv_daily_jsonl/*.gz"), key=lambda path: path.stat().st_size)
    captures = {path for path in folder.glob("*/*") if path.is_file()} - set(daily[MOST_CAPTURES:])
    for path in sorted(captures, key=lambda path: (path.stat().st_size, path)):
        data = unpacked(path)
        try:
            yield path, data, recognise(Head(path.name, data[:HEAD_BYTES]))
        except DumpError:
            continue


@pytest.mark.corpus
@each_reader
def test_cut_captures_lose_nothing_before_the_cut(reader: Reader, shared: Path) -> None:
    dumps = [(path, data) for path, data, found in corpus_dumps(shared / "corpus") if found == reader]
    for path, data in dumps if IS_THOROUGH else dumps[:MOST_CAPTURES]:
        cuts = CUTS if IS_THOROUGH else max(3, min(CUTS, CORPUS_BYTES // len(dumps) // max(1, len(data))))
        try:
            assert_cuts_harm_no_earlier_entry(reader, data, cuts)
        except AssertionError as error:
            raise AssertionError(f"{path.parent.name}/{path.name}: {error}") from error
        except DumpError:  # one that is refused whole has nothing to lose
            continue
