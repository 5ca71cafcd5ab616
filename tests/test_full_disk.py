"""A disk that is full at any moment of an ingest: nothing half there, and the next run finishes the work."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from effort import IS_THOROUGH
from fault_table import note_row
from pipeline import Ingested, Pipeline, content, without_expectations

from warehouse.maintain import maintain
from warehouse.verify import verify

NOW = dt.datetime.now(dt.UTC)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which takes root"),
]

DISK_KIB = 16 * 1024
FREE_KIB = (0, 4, 16, 40, 64, 96, 128, 192, 256, 320, 384, 512, 640, 800, 1024)
"""What is left of the disk: from nothing at all to nearly enough."""

TRIED_KIB = [FREE_KIB[start::3] for start in range(3)] if IS_THOROUGH else [(4, 384)]
"""Test by test. In short, two of them: `test_faults.py` fills the disk too, operation by operation."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, free_kib: int) -> Path:
    """Fill the disk but for `free_kib`; return the file that does."""
    status = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - free_kib * 1024))
    return ballast


@pytest.mark.parametrize("tried_kib", TRIED_KIB, ids=str)
def test_full_disk_leaves_the_lake_as_it_was_and_the_next_run_finishes(
    disk: Path, tmp_path: Path, tried_kib: tuple[int, ...]
) -> None:
    (tmp_path / "anchors.jsonl").write_bytes(lines(40, "anchors"))
    (tmp_path / "bridges.jsonl").write_bytes(lines(400, "bridges"))
    failed = 0
    with without_expectations():
        Pipeline(tmp_path / "lake").ingest(tmp_path / "anchors.jsonl")
        for free_kib in tried_kib:
            shutil.copytree(tmp_path / "lake", disk / f"lake-{free_kib}")
            failed += survives_with(free_kib, Pipeline(disk / f"lake-{free_kib}"), tmp_path, disk)
            subprocess.run(["rm", "-rf", str(disk / f"lake-{free_kib}")], check=True)
    note_row("small disk that is full", "ingest", len(tried_kib), failed, 0)
    assert failed >= len(tried_kib) // 2  # or else the disk was never full


def survives_with(free_kib: int, lake: Pipeline, dumps: Path, disk: Path) -> bool:
    """Ingest with so much space, hold the lake to its promises, and ingest with enough; say whether the first failed."""
    before = content(lake.lake)
    ballast = fill(disk, free_kib)
    error = error_of(lambda: lake.ingest(dumps / "bridges.jsonl"))
    ballast.unlink()
    if error:
        assert any(word in error.lower() for word in ("cannot write", "no space left", "disk is full")), error
        assert [row for row in content(lake.lake)["records"] if row not in before["records"]] == []
    lake.assert_sound()
    lake.ingest(dumps / "bridges.jsonl")
    assert len(content(lake.lake)["records"]) == 440
    maintain(lake.lake, now=NOW, keep_days=30)
    assert verify(lake.lake, deep=True) == []
    return bool(error)


def error_of(ingest: Callable[[], Ingested]) -> str:
    """Run an ingest; give what it complained of, nothing where all went well."""
    try:
        return " ".join(ingest().errors.values())
    except Exception as error:  # noqa: BLE001  # of paperlake, DuckDB or SQLite: whoever wrote last
        return str(error)
