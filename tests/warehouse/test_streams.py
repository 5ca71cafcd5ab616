from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError, UnreadableDumpError
from warehouse.streams import open_dump, read_head, sha256_file
from warehouse.unpack import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
NOISE = random.Random(7).randbytes(300_000)  # noqa: S311  # bytes that do not pack, the same each time
UNREADABLE = Path("/proc/self/mem")
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"

each_compression = pytest.mark.parametrize("compression", PACKERS)


def unpack(path: Path, data: bytes, limits: Limits | None = None) -> bytes:
    path.write_bytes(data)
    with open_dump(path, limits) if limits else open_dump(path) as dump:
        return dump.stream.read()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dump"


@each_compression
def test_compression_is_known_by_its_bytes_and_not_by_the_name(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(PACKERS[compression](NOISE))
    with open_dump(path) as dump:
        head = read_head(dump)
        assert (head.name, NOISE.startswith(head.data), len(head.data)) == ("page.txt", True, 65_536)
        assert dump.stream.read() == NOISE
        assert (dump.compression, dump.byte_count) == (compression, len(NOISE))


def test_plain_dump_can_seek_and_is_counted(path: Path) -> None:
    path.write_bytes(NOISE)
    with open_dump(path) as dump:
        assert (dump.compression, dump.byte_count, dump.stream.seekable()) == (None, len(NOISE), True)
        assert dump.stream.read() == NOISE
        dump.stream.seek(5)
        assert dump.stream.read(2) == NOISE[5:7]


def test_empty_dump_opens(path: Path) -> None:
    assert unpack(path, b"") == b""


@each_compression
@pytest.mark.parametrize("padding", [b"", b"\0" * 512], ids=["bare", "padded"])
def test_members_follow_each_other(path: Path, compression: str, padding: bytes) -> None:
    pack = PACKERS[compression]
    assert unpack(path, pack(b"one ") + pack(b"") + pack(NOISE) + padding) == b"one " + NOISE


def test_zstd_frames_without_data_are_skipped(path: Path) -> None:
    pack = PACKERS["zst"]
    assert unpack(path, SKIPPABLE + pack(b"a") + SKIPPABLE + pack(b"b") + SKIPPABLE) == b"ab"


@each_compression
@pytest.mark.parametrize("share", [0.0001, 0.5, 0.9999], ids=["in the header", "half", "in the last bytes"])
def test_truncated_data_is_damaged_with_its_last_byte(path: Path, compression: str, share: float) -> None:
    data = PACKERS[compression](NOISE)
    data = data[: max(6, int(share * len(data)))]
    with pytest.raises(DamagedDumpError, match=f"ends early: .* after byte {len(data):,}"):
        unpack(path, data)


@each_compression
def test_changed_byte_is_damaged(path: Path, compression: str) -> None:
    data = bytearray(PACKERS[compression](b"text " * 50_000))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(DamagedDumpError, match=f"damaged {compression}|ends early"):
        unpack(path, bytes(data))


@each_compression
def test_something_else_after_the_data_is_damaged(path: Path, compression: str) -> None:
    with pytest.raises(DamagedDumpError, match="goes on with something else"):
        unpack(path, PACKERS[compression](NOISE) + b"and the rest of another file")


@each_compression
def test_bomb_is_hostile(path: Path, compression: str) -> None:
    limits = Limits(max_ratio=200, free_bytes=1_000_000)
    bomb = PACKERS[compression](bytes(30_000_000))
    with pytest.raises(HostileDumpError, match="more than 200 times"):
        unpack(path, bomb, limits)


@each_compression
def test_what_packs_well_but_is_small_is_fine(path: Path, compression: str) -> None:
    assert len(unpack(path, PACKERS[compression](bytes(8_000_000)))) == 8_000_000


def test_xz_that_asks_for_too_much_memory_is_hostile(path: Path) -> None:
    data = lzma.compress(NOISE, preset=9)
    with pytest.raises(HostileDumpError, match="memory"):
        unpack(path, data, Limits(max_memory=1_000_000))


def make_loop(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


def make_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda folder: folder, "directory", id="folder"),
        pytest.param(lambda folder: folder / "none", "No such file", id="missing"),
        pytest.param(make_loop, "symbolic links", id="symlink loop"),
        pytest.param(make_pipe, "not a regular file", id="named pipe"),
        pytest.param(lambda folder: folder / "a\0b", "null", id="NUL in the name"),
        pytest.param(lambda folder: folder / ("x" * 300), "too long", id="name too long"),
    ],
)
def test_unreadable(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    path = make(tmp_path)
    with pytest.raises(UnreadableDumpError, match=reason), open_dump(path):
        pass
    with pytest.raises(UnreadableDumpError, match=reason):
        sha256_file(path)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs Linux, where this file opens and cannot be read")
def test_error_while_reading_says_which_dump() -> None:
    with pytest.raises(UnreadableDumpError, match="mem: cannot be read: Input/output error"), open_dump(UNREADABLE):
        pass


def test_names_are_shown_so_that_they_cannot_forge_a_message(tmp_path: Path) -> None:
    path = tmp_path / 'a\nERROR: "all" lost'
    with pytest.raises(UnreadableDumpError) as caught:
        sha256_file(path)
    assert "\n" not in str(caught.value)


def test_sha256(path: Path) -> None:
    path.write_bytes(NOISE)
    assert sha256_file(path) == hashlib.sha256(NOISE).hexdigest()


@given(data=st.binary(max_size=2_000), compression=st.sampled_from([*PACKERS, None]), cut=st.integers(0, 60))
def test_any_bytes_are_unpacked_or_give_one_dump_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, compression: str | None, cut: int
) -> None:
    packed = PACKERS[compression](data) if compression else data
    path = tmp_path_factory.getbasetemp() / "any"
    try:
        unpacked = unpack(path, packed[: len(packed) - cut])
    except DumpError as error:
        assert error.where == "any"  # noqa: PT017  # either outcome is right
    else:
        assert data.startswith(unpacked) or cut or compression is None
