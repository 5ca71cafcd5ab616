from __future__ import annotations

import datetime as dt
import io
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError, UnknownFormatError
from transforms.readers import READERS, recognise
from transforms.readers.base import HEAD_BYTES, MAX_LINE_BYTES, Batch, DumpInfo, Head
from transforms.schema import RAW_RECORD, RAW_REJECT

NOISE = random.Random(3).randbytes(5_000)  # noqa: S311  # the same bytes each time


def read(data: bytes, name: str = "dump") -> list[Batch]:
    reader = recognise(Head(name, data[:HEAD_BYTES]))
    return list(reader.read(io.BytesIO(data), DumpInfo(name, dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        pytest.param(b"", DamagedDumpError, "is empty", id="empty"),
        pytest.param(b" \r\n\t\n", DamagedDumpError, "empty but for white space", id="white space"),
        pytest.param(b"\xef\xbb\xbf", DamagedDumpError, "empty but for white space", id="byte order mark only"),
        pytest.param("\ufeff \n".encode("utf-16-le"), DamagedDumpError, "empty but for white space", id="UTF-16 space"),
        pytest.param(bytes(5_000), DamagedDumpError, "is binary", id="NUL only"),
        pytest.param(NOISE, DamagedDumpError, "is binary", id="noise"),
        pytest.param(b"%PDF-1.7 ...", UnknownFormatError, "a PDF document", id="PDF"),
        pytest.param(b"\x89PNG" + NOISE, UnknownFormatError, "a picture", id="PNG"),
        pytest.param(b"PK\x03\x04rest", UnknownFormatError, "a ZIP archive", id="ZIP"),
        pytest.param(b"\x1f\x8b\x08rest", UnknownFormatError, "inside of another compression", id="gz in gz"),
        pytest.param(b"Dear Sir,\nno papers.", UnknownFormatError, "no known format.*Dear Sir, no", id="a letter"),
        pytest.param(b"name,year\nA,1999\n", UnknownFormatError, "no known format", id="table without titles"),
        pytest.param(b'{"items": [{"title": "A"}]}', UnknownFormatError, "no known format", id="titles further in"),
        pytest.param(b'[{"title": "A"}]', UnknownFormatError, "no known format", id="array"),
    ],
)
def test_what_no_reader_reads(data: bytes, error: type[DumpError], what: str) -> None:
    with pytest.raises(error, match=what) as caught:
        recognise(Head("some dump", data))
    assert caught.value.where == "some dump"
    assert caught.value.hint


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        recognise(Head("x", b"nothing of the kind"))
    assert all(reader.name in caught.value.hint for reader in READERS)


def test_names_cannot_forge_a_message() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        recognise(Head('a"\nERROR: all lost', b"text"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"title,year\nA,1999\n", "csv"),
        (b"id;title\n1;A\n", "csv"),
        ("title,year\nA,1\n".encode("utf-16-le"), "csv"),
        ("title\tyear\nA\t1\n".encode("utf-16-be"), "tsv"),
        (b"id\ttitle\n1\tA\n", "tsv"),
        (b'{"title": "A"}\n', "jsonl"),
        (b'{"id": 1, "tags": {"title": 2}, "Title": "' + b"A" * HEAD_BYTES, "jsonl"),
        (b'{"broken\n{"title": "A"}\n', "jsonl"),
        (b"ORCID,title\n1,A\n", "csv"),
        (b"% Zotero\n@misc{a, title={A}}\n", "bibtex"),
        (b"PAR1....", "parquet"),
        (b"Get trending papers in your email inbox!\nSubscribeA\nB", "hf_papers_text"),
    ],
)
def test_formats_are_recognised_by_content(data: bytes, name: str) -> None:
    assert recognise(Head("misleading.pdf", data)).name == name


def test_readers_have_unique_names() -> None:
    assert len({reader.name for reader in READERS}) == len(READERS)


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"title,year\nA,1999\n", id="csv"),
        pytest.param(b"title\tyear\nA\t1999\n", id="tsv"),
        pytest.param(b'{"title": "A"}\n', id="jsonl"),
        pytest.param(b"@misc{a, title={A}}\n", id="bibtex"),
        pytest.param(b"Get trending papers in your email inbox!\nSubscribeA\n", id="hf_papers_text"),
    ],
)
def test_line_of_50_megabytes_is_hostile_and_never_held_whole(begin: bytes) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # io's own type is not public
            size = min(len(buffer), 50_000_000 - self.given)
            text = (begin if self.given == 0 else b"").ljust(size, b"x")
            buffer[:size] = text
            self.given += size
            return size

    endless = Endless()
    reader = recognise(Head("dump", begin))
    with pytest.raises(HostileDumpError, match=r"dump, line \d: has a line of more than 16,777,216 bytes"):
        list(reader.read(io.BufferedReader(endless), DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))
    assert endless.given < MAX_LINE_BYTES + 4_000_000


PIECES = [
    *("title", "abstract", "id", ",", ";", "\t", "|", "\n", "\r\n", "\r", '"', '""', "'", " ", "{", "}", "[", "]", ":"),
    *(
        '{"title": "A"}\n',
        '"title"',
        "null",
        "NaN",
        "1e999",
        "\\u0000",
        "\\ud800",
        "\0",
        "é",
        "\ufeff",
        "\u2028",
        "x" * 301,
    ),
    *("Get trending papers in your email inbox!\n", "Subscribe", "new\n", "Mar 11\n", "A title\n", "Feb 30\n"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
STARTS = st.sampled_from(
    ["", "title,abstract\n", "title\tid\n", '{"title": "A"}\n', "Get trending papers in your email inbox!\n"]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "cp1252"])


@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.builds(lambda start, rest, enc: (start + rest).encode(enc, "replace"), STARTS, TEXTS, ENCODINGS),
        st.builds(lambda start, rest: start.encode() + rest, STARTS, st.binary(max_size=200)),
        st.builds(lambda rest: b"PAR1" + rest + b"PAR1", st.binary(max_size=200)),
    )
)
def test_any_bytes_give_batches_or_one_dump_error(data: bytes) -> None:
    try:
        batches = read(data)
    except DumpError as error:
        assert error.where.startswith("dump")  # noqa: PT017  # either outcome is right
        return
    positions = []
    for batch in batches:
        assert (batch.records.schema, batch.rejects.schema) == (RAW_RECORD, RAW_REJECT)
        assert batch.rejects["reason"].null_count() == batch.rejects["raw"].null_count() == 0
        positions += [*batch.records["position"], *batch.rejects["position"]]
    assert sorted(positions) == list(range(1, len(positions) + 1))


@given(titles=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=1))
def test_every_title_comes_back_from_json_lines(titles: list[str]) -> None:
    data = "".join(json.dumps({"title": title}, ensure_ascii=False) + "\n" for title in titles)
    assert [title for batch in read(data.encode()) for title in batch.records["title"]] == titles
