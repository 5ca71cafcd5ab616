from __future__ import annotations

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError
from transforms.readers import lines
from transforms.readers.base import DumpInfo
from transforms.readers.lines import read_lines

INFO = DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))


def split(data: bytes) -> list[bytes]:
    return [line.data for line in read_lines(io.BytesIO(data), INFO)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"\n", [b""], id="one blank line"),
        pytest.param(b"a\nb", [b"a", b"b"], id="no line end at the end"),
        pytest.param(b"a\r\nb\r\n", [b"a", b"b"], id="CRLF"),
        pytest.param(b"a\rb\rc", [b"a", b"b", b"c"], id="CR"),
        pytest.param(b"a\rb\nc", [b"a\rb", b"c"], id="CR inside of a line"),
        pytest.param("a\u2028b\x0bc\n".encode(), ["a\u2028b\x0bc".encode()], id="separators of Unicode"),
        pytest.param(b"\xef\xbb\xbfa\n", [b"a"], id="byte order mark"),
        pytest.param("é\nb".encode("utf-16"), ["é".encode(), b"b"], id="UTF-16"),
        pytest.param("\ufeffé\r\nb".encode("utf-16-be"), ["é".encode(), b"b"], id="UTF-16, big end first"),
    ],
)
def test_lines(data: bytes, expected: list[bytes]) -> None:
    assert split(data) == expected


@pytest.mark.parametrize(
    "data",
    ["é".encode("utf-16")[:-1], b"\xff\xfe\x00\xd8a\x00"],
    ids=["half a character", "half a pair"],
)
def test_broken_utf16_is_damage(data: bytes) -> None:
    with pytest.raises(DamagedDumpError, match="dump: says that it is UTF-16"):
        split(data)


@given(data=st.binary(max_size=60).map(lambda data: b"x" + data), size=st.integers(1, 20))
def test_chunks_do_not_show(data: bytes, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_CHUNK_BYTES", size)
        found = list(read_lines(io.BytesIO(data + b"\n"), INFO))
    if b"\r" not in data:
        assert [line.data for line in found] == data.split(b"\n")
        assert [(data + b"\n")[line.offset :][: len(line.data)] for line in found] == [line.data for line in found]
    assert [line.number for line in found] == list(range(1, len(found) + 1))
