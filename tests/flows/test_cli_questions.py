from __future__ import annotations

import csv
import io
import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flows.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline import Pipeline

COMMANDS = ("ingest", "serve", "sql", "status", "explain", "same", "different", "undo", "review",
            "snapshots", "changes", "rollback", "verify", "maintain")  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    returncode: int
    data: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.data.decode()


@pytest.fixture
def paperlake(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run the command line in this process: what asks the lake needs no Prefect."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["paperlake", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsysbinary.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err.decode())

    return run


@pytest.fixture
def lake(sample_lake: Pipeline) -> Path:
    return sample_lake.lake.root


ROWS = [{"n": 1, "title": 'Ünder, "pressure"', "authors": ["a", "b"], "none": None}]
QUERY = "SELECT 1 AS n, 'Ünder, \"pressure\"' AS title, ['a', 'b'] AS authors, NULL::DATE AS none"


def test_sql_as_json(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("sql", QUERY, "--lake", lake, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ROWS


def test_sql_as_json_is_as_short_as_can_be(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake(
        "sql", "select count(*) n from dumps where status = 'published'", "--lake", lake, "--format", "json"
    )
    assert done.stdout == '[{"n":5}]\n'


def test_sql_as_json_without_rows(paperlake: Callable[..., Answer], lake: Path) -> None:
    assert paperlake("sql", "FROM papers LIMIT 0", "--lake", lake, "--format", "json").stdout == "[]\n"


def test_sql_as_csv(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("sql", QUERY, "--lake", lake, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["n", "title", "authors", "none"],
        ["1", 'Ünder, "pressure"', '["a","b"]', ""],
    ]


def test_sql_as_csv_without_rows_has_its_header(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("sql", "SELECT paper_id, authors FROM papers LIMIT 0", "--lake", lake, "--format", "csv")
    assert done.stdout == "paper_id,authors\n"


def test_sql_as_parquet(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("sql", QUERY, "--lake", lake, "--format", "parquet")
    assert (done.returncode, done.stderr) == (0, "")
    assert pl.read_parquet(io.BytesIO(done.data)).to_dicts() == ROWS


def test_sql_as_table(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("sql", QUERY, "--lake", lake)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r'^\s*1\s+Ünder, "pressure"\s+a; b\s*$', done.stdout, re.MULTILINE)


def test_status_counts_and_names_what_was_refused(paperlake: Callable[..., Answer], lake: Path) -> None:
    done = paperlake("status", "--lake", lake)
    assert (done.returncode, done.stderr) == (0, "")
    for name, count in {"dumps": 5, "records": 25, "papers": 15, "rejects": 4}.items():
        assert re.search(rf"^  {name} +{count} *$", done.stdout, re.MULTILINE)
    assert re.search(r"truncated\.txt\.gz\s+truncated\.txt\.gz: ends early", done.stdout)


def test_paper_is_explained_by_its_id_and_by_its_doi(paperlake: Callable[..., Answer], lake: Path) -> None:
    found = paperlake("sql", "FROM papers WHERE doi = '10.5555/pl.2026.0108'", "--lake", lake, "--format", "json")
    (paper,) = json.loads(found.stdout)
    by_id = paperlake("explain", paper["paper_id"], "--lake", lake)
    assert (by_id.returncode, by_id.stderr) == (0, "")
    assert "Tidal Attention" in by_id.stdout
    assert "reading-list-2026-03-14.csv" in by_id.stdout
    for name in ("10.5555/pl.2026.0108", "10.5555/PL.2026.0108"):
        assert paperlake("explain", name, "--lake", lake).stdout == by_id.stdout


def test_merged_paper_shows_each_record_and_why_they_are_one(paperlake: Callable[..., Answer], lake: Path) -> None:
    query = "SELECT paper_id, record_count FROM papers ORDER BY record_count DESC, paper_id LIMIT 1"
    (paper,) = json.loads(paperlake("sql", query, "--lake", lake, "--format", "json").stdout)
    shown = paperlake("explain", paper["paper_id"], "--lake", lake).stdout
    assert paper["record_count"] > 1
    assert all(f"record {number}" in shown for number in range(1, paper["record_count"] + 1))
    assert "why they are one" in shown
    assert re.search(r"record \d = record \d", shown)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(paperlake: Callable[..., Answer], command: str) -> None:
    done = paperlake(command, "--help")
    assert done.returncode == 0
    assert f"Example: paperlake {command}" in " ".join(done.stdout.split())


def test_help_lists_every_command(paperlake: Callable[..., Answer]) -> None:
    done = paperlake("--help")
    assert done.returncode == 0
    assert all(re.search(rf"^\W*{command}\b", done.stdout, re.MULTILINE) for command in COMMANDS)


def test_version_is_shown(paperlake: Callable[..., Answer]) -> None:
    assert re.fullmatch(r"paperlake \d+\.\d+\.\d+\n", paperlake("--version").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["unknown"], id="no such command"),
        pytest.param(["ingest"], id="no path"),
        pytest.param(["sql"], id="no query"),
        pytest.param(["sql", "SELECT 1", "--format", "xml"], id="no such format"),
        pytest.param(["status", "--unknown"], id="no such option"),
        pytest.param(["ingest", "x", "--wait", "long"], id="no number"),
    ],
)
def test_wrong_usage_ends_with_2(paperlake: Callable[..., Answer], arguments: list[str]) -> None:
    done = paperlake(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["status"], "there is no lake here (make one with: paperlake ingest PATH --lake DIR)", id="status"
        ),
        pytest.param(["sql", "SELECT 1"], "there is no lake here", id="sql"),
        pytest.param(["explain", "p1"], "there is no lake here", id="explain"),
    ],
)
def test_nothing_to_work_on_ends_with_3(
    paperlake: Callable[..., Answer], arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = paperlake(*arguments, "--lake", tmp_path / "none")
    assert done.returncode == 3
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["sql", "DELETE FROM papers"], "the lake is read with SELECT", id="write"),
        pytest.param(["sql", "SELECT * FROM '/etc/passwd'"], "error: ", id="file"),
        pytest.param(["sql", "FROM nowhere"], "nowhere", id="no such table"),
        pytest.param(["explain", "p0"], "p0: no paper goes by this name", id="no such paper"),
    ],
)
def test_refused_question_ends_with_3(
    paperlake: Callable[..., Answer], lake: Path, arguments: list[str], message: str
) -> None:
    done = paperlake(*arguments, "--lake", lake)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr
    assert "root:" not in done.stderr
    assert "Traceback" not in done.stderr


def test_lake_is_taken_from_the_environment_or_from_here(
    paperlake: Callable[..., Answer], lake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = ("sql", "SELECT count(*) AS n FROM records", "--format", "json")
    monkeypatch.setenv("PAPERLAKE_LAKE", str(lake))
    assert paperlake(*query).stdout == '[{"n":25}]\n'
    monkeypatch.delenv("PAPERLAKE_LAKE")
    (tmp_path / "lake").symlink_to(lake)
    monkeypatch.chdir(tmp_path)
    assert paperlake(*query).stdout == '[{"n":25}]\n'
