from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration


def counts(table: str) -> dict[str, int]:
    """Read the rows of a table that end in a number: name, number."""
    found = re.findall(r"^\s*(\S.*?)\s{2,}([\d,]+)\s*$", table, re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in found}


@pytest.fixture(scope="module")
def samples_run(
    paperlake: Command, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of samples, ingested from the command line: the lake, and how the command ended."""
    lake = tmp_path_factory.mktemp("samples") / "lake"
    return lake, paperlake("ingest", samples, "--lake", lake)


def test_samples_go_in_but_for_the_broken_ones(samples_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = samples_run
    assert done.returncode == 1, done.stderr
    dumps, run = done.stdout.split("this run")
    assert re.findall(r"(\S+) +(\w+) +(\d+) +(\d+) +(\d+) *$", dumps, re.MULTILINE) == [
        ("hf-papers-2026-03-11.txt", "hf_papers_text", "7", "7", "0"),
        ("hf-papers-2026-03-12.txt", "hf_papers_text", "5", "5", "0"),
        ("hf-papers-2026-03-13.txt", "hf_papers_text", "6", "6", "0"),
        ("hostile-2026-03-14.jsonl", "jsonl", "7", "3", "4"),
        ("reading-list-2026-03-14.csv", "csv", "4", "4", "0"),
    ]
    assert counts(run) == {
        "dumps new": 5,
        "dumps known": 0,
        "dumps refused": 1,
        "dumps left for later": 0,
        "read": 29,
        "kept": 25,
        "rejected": 4,
        "new papers": 15,
        "known papers": 0,
    }


def test_refused_dump_is_named_with_the_reason(
    samples_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = samples_run
    (truncated,) = [line for line in done.stderr.splitlines() if line.startswith("refused: ")]
    assert re.fullmatch(
        r"refused: truncated\.txt\.gz: ends early: .* \(copy or capture the whole file again\)", truncated
    )


def test_stages_are_told_on_stderr_and_the_report_on_stdout(
    samples_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = samples_run
    stages = re.findall(r"^(\w+) +in +[\d,]+ +out +[\d,]+ +rejected +[\d,]+ +[\d.]+ s$", done.stderr, re.MULTILINE)
    assert stages == ["find", "read", "normalize", "check", "resolve", "validate", "publish"]
    assert len(done.stderr.splitlines()) == len(stages) + 1  # and the refused dump
    assert "refused:" not in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_second_ingest_finds_nothing_new(
    paperlake: Command, samples_run: tuple[Path, subprocess.CompletedProcess[str]], samples: Path
) -> None:
    lake, _ = samples_run
    pages = sorted(samples.glob("hf-papers-*.txt"))
    done = paperlake("ingest", *pages, "--lake", lake)
    assert done.returncode == 0, done.stderr
    shown = counts(done.stdout)
    assert (shown["dumps new"], shown["dumps known"], shown["read"], shown["new papers"]) == (0, 3, 0, 0)


def test_refused_dumps_are_tried_again(
    paperlake: Command, samples_run: tuple[Path, subprocess.CompletedProcess[str]], samples: Path
) -> None:
    done = paperlake("ingest", samples, "--lake", samples_run[0])
    assert done.returncode == 1
    shown = counts(done.stdout)
    assert (shown["dumps new"], shown["dumps known"], shown["dumps refused"]) == (0, 5, 1)


def test_ingest_of_nothing_ends_with_3(paperlake: Command, tmp_path: Path) -> None:
    done = paperlake("ingest", tmp_path / "missing", "--lake", tmp_path / "lake")
    assert done.returncode == 3
    assert "there is no such file or folder (check the path)" in done.stderr
    assert not (tmp_path / "lake").exists()


def test_ingest_of_an_empty_folder_ends_with_3(paperlake: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = paperlake("ingest", tmp_path / "empty", "--lake", tmp_path / "lake")
    assert done.returncode == 3
    assert "there are no dumps in this folder (put dump files into it)" in done.stderr


def test_answer_goes_into_a_pipe(
    paperlake: Command, samples_run: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    done = paperlake("sql", "SELECT count(*) AS n FROM papers", "--format", "json", cwd=samples_run[0].parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, '[{"n":15}]\n', "")


def test_refused_query_ends_with_3(
    paperlake: Command, samples_run: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    done = paperlake("sql", "SELECT * FROM '/etc/passwd'", "--lake", samples_run[0])
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ")
    assert "root:" not in done.stderr
