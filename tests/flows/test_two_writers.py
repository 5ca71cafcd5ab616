"""Two runs at once do what one after the other would; one that waits too long says for whom."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from bad_dumps import lines
from pipeline import Pipeline, content

from transforms.errors import LakeBusyError
from warehouse.locking import writer_lock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[Any]]


@pytest.mark.integration
def test_two_ingests_of_overlapping_folders(installed_paperlake: Command, samples: Path, tmp_path: Path) -> None:
    pages = sorted(samples.glob("hf-papers-*.txt"))
    for name, chosen in {"left": pages[:2], "right": pages[1:]}.items():
        (tmp_path / name).mkdir()
        for page in chosen:
            (tmp_path / name / page.name).symlink_to(page)
    lake = Pipeline(tmp_path / "lake")
    with ThreadPoolExecutor() as pool:
        runs = pool.map(
            lambda name: installed_paperlake("ingest", tmp_path / name, "--lake", lake.lake.root), ("left", "right")
        )
    assert [(run.returncode, "refused:" in run.stderr) for run in runs] == [(0, False)] * 2
    lake.assert_sound()
    one_after_the_other = Pipeline(tmp_path / "other")
    one_after_the_other.ingest(tmp_path / "left")
    one_after_the_other.ingest(tmp_path / "right")
    assert lake.partition() == one_after_the_other.partition()
    assert {name: len(rows) for name, rows in content(lake.lake).items() if name != "paper_redirects"} == {
        name: len(rows) for name, rows in content(one_after_the_other.lake).items() if name != "paper_redirects"
    }


@pytest.mark.integration
def test_held_lake_is_named_with_its_holder(paperlake: Command, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "dump.jsonl").write_bytes(lines(3))
    lake = Pipeline(tmp_path / "lake").lake
    with writer_lock(lake.lock, owner="ingest landing 2026-03-11", wait_seconds=0):
        done = paperlake("ingest", tmp_path / "landing", "--lake", lake.root, "--wait", "0.5")
    assert done.returncode == 3
    assert re.search(
        r"error: \S+: ingest landing 2026-03-11 \(process \d+ on \S+, since \S+\) holds the lake; waited 0\.5 s "
        r"\(run again when it is done, or wait longer with --wait SECONDS\)",
        done.stderr,
    )
    assert "Traceback" not in done.stderr
    assert not lake.exists


def test_lake_is_free_again_after_its_holder(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "dump.jsonl").write_bytes(lines(3))
    lock = pipeline.lake.lock
    with (
        writer_lock(lock, owner="somebody", wait_seconds=0),
        pytest.raises(LakeBusyError, match="somebody "),
        writer_lock(lock, owner="another", wait_seconds=0),
    ):
        pass
    assert pipeline.ingest(tmp_path / "dump.jsonl").total("records_kept") == 3
