from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from warehouse import landing
from warehouse.landing import find_dumps

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = 1_700_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.jsonl", "deep/c.csv", "c.csv.part", ".hidden", "d.tmp", "lake/data/x.parquet"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        os.utime(file, (LONG_AGO, LONG_AGO))
    return tmp_path


def names(files: list[Path], folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in files]


def test_folder_gives_whole_files_in_order_of_names(folder: Path) -> None:
    found = find_dumps([str(folder)], outside=folder / "lake")
    assert names(found.files, folder) == ["a.jsonl", "b.txt", "deep/c.csv"]
    assert names(found.left_for_later, folder) == ["c.csv.part", "d.tmp"]
    assert found.problems == []


def test_globs_files_and_folders_overlap_without_repeats(folder: Path) -> None:
    paths = [str(folder / "*.txt"), str(folder / "b.txt"), str(folder / "deep"), str(folder / "**/*.csv")]
    assert names(find_dumps(paths, outside=folder / "lake").files, folder) == ["b.txt", "deep/c.csv"]


def test_file_whose_name_looks_like_a_glob_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a[1]*.txt").write_text("x")
    found = find_dumps([str(tmp_path / "a[1]*.txt")], outside=tmp_path / "lake")
    assert names(found.files, tmp_path) == ["a[1]*.txt"]


def test_file_that_grows_is_left_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = tmp_path / "upload.txt"
    growing.write_text("x")
    monkeypatch.setattr(landing, "WATCH_SECONDS", 0.3)
    writer = threading.Thread(target=lambda: (time.sleep(0.1), growing.write_text("xy")))
    writer.start()
    found = find_dumps([str(tmp_path)], outside=tmp_path / "lake")
    writer.join()
    assert (found.files, found.left_for_later) == ([], [growing])


def test_loop_of_links_is_walked_once(folder: Path) -> None:
    (folder / "deep" / "again").symlink_to(folder)
    assert names(find_dumps([str(folder)], outside=folder / "lake").files, folder) == ["a.jsonl", "b.txt", "deep/c.csv"]


@pytest.mark.parametrize(("name", "what"), [("missing", "no such file"), ("none-*.txt", "no such file")])
def test_path_that_is_not_there_is_a_problem(tmp_path: Path, name: str, what: str) -> None:
    (problem,) = find_dumps([str(tmp_path / name)], outside=tmp_path / "lake").problems
    assert what in problem.what
    assert problem.where == str(tmp_path / name)


def test_empty_folder_is_a_problem_unless_it_may_be_empty(tmp_path: Path) -> None:
    (problem,) = find_dumps([str(tmp_path)], outside=tmp_path / "lake").problems
    assert "no dumps" in problem.what
    assert find_dumps([str(tmp_path)], outside=tmp_path / "lake", may_be_empty=True).problems == []
