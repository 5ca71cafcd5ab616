"""The captured pages beside the repository, from the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pipeline import Pipeline

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = [pytest.mark.corpus, pytest.mark.integration]


@pytest.fixture(scope="module")
def pages(shared: Path) -> list[Path]:
    return sorted((shared / "corpus" / "hf_papers_text").glob("*.txt"))


@pytest.fixture(scope="module")
def run(
    paperlake: Command, pages: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    lake = tmp_path_factory.mktemp("captures") / "lake"
    return lake, paperlake("ingest", *pages, "--lake", lake)


def counts(report: str) -> dict[str, int]:
    found = re.findall(r"^  (\w[\w ]+?) +([\d,]+) *$", report.split("this run")[1], re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in found}


def test_five_pages_hold_584_papers(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    lake, done = run
    assert done.returncode == 0, done.stderr
    assert counts(done.stdout) == {
        "dumps new": 5,
        "dumps known": 0,
        "dumps refused": 0,
        "dumps left for later": 0,
        "read": 648,
        "kept": 648,
        "rejected": 0,
        "new papers": 584,
        "known papers": 0,
    }
    Pipeline(lake).assert_sound()


def test_second_ingest_finds_nothing_new(
    paperlake: Command, run: tuple[Path, subprocess.CompletedProcess[str]], pages: list[Path]
) -> None:
    done = paperlake("ingest", pages[0].parent / "*.txt", "--lake", run[0])
    assert done.returncode == 0, done.stderr
    shown = counts(done.stdout)
    assert (shown["dumps known"], shown["dumps new"], shown["read"], shown["new papers"]) == (5, 0, 0, 0)


def test_count_of_papers_is_answered(paperlake: Command, run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    done = paperlake("sql", "select count(*) n from papers", "--lake", run[0], "--format", "json")
    assert done.stdout == '[{"n":584}]\n'


def test_paper_of_four_dumps_shows_its_four_records(
    paperlake: Command, run: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    query = """
        SELECT paper_id, list(DISTINCT uri) AS places FROM paper_records
        JOIN records USING (record_id) JOIN dumps USING (dump_id)
        GROUP BY paper_id HAVING count(*) = 4 AND count(DISTINCT dump_id) = 4 ORDER BY paper_id LIMIT 1"""
    (paper,) = json.loads(paperlake("sql", query, "--lake", run[0], "--format", "json").stdout)
    shown = paperlake("explain", paper["paper_id"], "--lake", run[0]).stdout
    assert all(f"record {number}" in shown for number in range(1, 5))
    assert "record 5" not in shown
    assert len(re.findall(r"record \d = record \d", shown)) >= 3
    records = _columns(shown, 4)
    assert len(paper["places"]) == 4
    assert all(any("".join(place.split()) in record for record in records) for place in paper["places"])


def test_titles_and_abstracts_are_those_of_the_truth(
    run: tuple[Path, subprocess.CompletedProcess[str]], pages: list[Path]
) -> None:
    """All 648 entries, as somebody else read them, in the order of the pages."""
    truth = json.loads((pages[0].parent / "truth.json").read_text(encoding="utf-8"))
    found = Pipeline(run[0]).rows("""
        SELECT parse_filename(uri) AS file, position, title, abstract
        FROM records JOIN dumps USING (dump_id) ORDER BY file, position""")
    assert [(row["file"], _folded(row["title"]), _folded(row["abstract"])) for row in found] == _entries(truth)


def _columns(shown: str, count: int) -> list[str]:
    """The columns of the records side by side, each without white space: a path that was folded is whole again."""
    lines = shown.splitlines()
    (heading,) = [line for line in lines if line.split()[:2] == ["record", "1"] and "=" not in line]
    starts = [heading.index(f"record {number}") for number in range(1, count + 1)]
    ends = [*starts[1:], None]
    return [
        "".join("".join(line[start:end].split()) for line in lines) for start, end in zip(starts, ends, strict=True)
    ]


def _folded(text: str | None) -> str:
    return " ".join((text or "").split())


def _entries(truth: Any) -> list[tuple[str, str, str]]:
    return [
        (name, _folded(entry["title"]), _folded(entry.get("abstract")))
        for name, entries in sorted(truth.items())
        for entry in entries
    ]
