"""A dump is copied while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zstandard

from warehouse.raw_copy import kept_beside

if TYPE_CHECKING:
    from pathlib import Path

DATA = bytes(range(256)) * 20_000


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "dump"
    path.write_bytes(DATA)
    return path


def test_plain_dump_is_packed(dump: Path, tmp_path: Path) -> None:
    with kept_beside(dump, tmp_path, None):
        pass
    with zstandard.ZstdDecompressor().stream_reader((tmp_path / "raw.zst").read_bytes()) as plain:
        assert plain.read() == DATA


def test_packed_dump_is_kept_as_it_is(dump: Path, tmp_path: Path) -> None:
    with kept_beside(dump, tmp_path, "gz"):
        pass
    assert (tmp_path / "raw.gz").read_bytes() == DATA


def test_copy_is_given_up_where_the_block_fails(tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.symlink_to("/dev/zero")
    with pytest.raises(KeyboardInterrupt), kept_beside(endless, tmp_path, None):
        raise KeyboardInterrupt


def test_what_the_disk_did_is_raised_at_the_end(dump: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), kept_beside(dump, tmp_path / "gone", None):
        pass
