"""The commands of the lake's upkeep, as people call them."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from pipeline import SAMPLE_PAPERS, Pipeline, content

from flows.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lake(sample_lake: Pipeline, tmp_path: Path) -> Pipeline:
    """The lake of the samples, to do with as one likes: four ingests, snapshots 1 to 4."""
    return Pipeline(shutil.copytree(sample_lake.lake.root, tmp_path / "lake"))


@pytest.fixture
def run(lake: Pipeline, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the lake in this process: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PAPERLAKE_LAKE", str(lake.lake.root))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["paperlake", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfdbinary.readouterr()
        return int(ended.value.code or 0), said.out.decode("utf-8", "replace"), said.err.decode()

    return call


def test_snapshots_are_listed(run: Run) -> None:
    code, out, _ = run("snapshots", "--format", "json")
    assert code == 0
    assert [row["snapshot"] for row in json.loads(out)] == [1, 2, 3, 4]
    assert {row["made_by"] for row in json.loads(out)} == {"a test"}


def test_earlier_state_is_asked(run: Run) -> None:
    count = "SELECT count(*) AS n FROM papers"
    assert json.loads(run("sql", count, "--format", "json")[1]) == [{"n": SAMPLE_PAPERS}]
    (then,) = json.loads(run("sql", count, "--format", "json", "--at", "1")[1])
    assert 0 < then["n"] < SAMPLE_PAPERS
    code, out, err = run("sql", count, "--at", "99")
    assert (code, out) == (3, "")
    assert "the lake held nothing then: 99 (list what can be asked with: paperlake snapshots)" in err


def test_changes_come_as_lines_of_json(run: Run) -> None:
    code, out, _ = run("changes", "--since", "1")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {row["change"] for row in rows} <= {"added", "changed"}
    assert all(row["paper_id"] and row["title"] for row in rows)
    before = json.loads(run("sql", "SELECT count(*) AS n FROM papers", "--format", "json", "--at", "1")[1])[0]["n"]
    assert sum(row["change"] == "added" for row in rows) == SAMPLE_PAPERS - before


def test_changes_come_as_parquet(run: Run, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    del capfdbinary  # `run` reads what it caught; as text, Parquet would be spoilt
    with (tmp_path / "out.jsonl").open("w") as file:
        file.write(run("changes", "--since", "3")[1])
    assert pl.read_ndjson(tmp_path / "out.jsonl", infer_schema_length=None)["change"].is_in(["added", "changed"]).all()


def test_rollback_says_what_moved_and_can_be_undone(run: Run, lake: Pipeline) -> None:
    held = content(lake.lake)
    code, _, err = run("rollback", "1")
    assert code == 0
    assert "taken out: " in err
    assert " of records" in err
    assert len(content(lake.lake)["papers"]) < len(held["papers"])
    assert run("rollback", "4")[0] == 0
    assert content(lake.lake) == held
    made_by = [row["made_by"] for row in json.loads(run("snapshots", "--format", "json")[1])]
    assert made_by[4:] == ["rollback to snapshot 1", "rollback to snapshot 4"]


def test_rollback_to_nowhere_is_refused(run: Run) -> None:
    code, _, err = run("rollback", "77")
    assert code == 3
    assert "there is no snapshot 77 yet (list them with: paperlake snapshots)" in err


def test_sound_lake_is_called_sound(run: Run) -> None:
    assert run("verify") == (0, "", "the lake is sound (catalog, tables and files; every byte with --deep)\n")
    assert run("verify", "--deep") == (0, "", "the lake is sound (every byte)\n")


def test_damage_is_told_on_a_line_and_by_the_exit_code(run: Run, lake: Pipeline) -> None:
    gone = next((lake.lake.data / "main" / "records").rglob("*.parquet"))
    gone.unlink()
    code, out, err = run("verify")
    assert code == 1
    assert out.splitlines()[0].startswith(f"{gone}: is named by the catalog and is not there (")
    assert "faults found: 1 (" in err


def test_maintenance_says_what_it_did(run: Run, lake: Pipeline) -> None:
    (lake.lake.data / "main" / "records" / "left.parquet").touch()
    held = content(lake.lake)
    code, out, err = run("maintain", "--keep-days", "0")
    assert (code, out) == (0, "")
    assert "snapshots forgotten, older than 0 days: " in err
    assert "1 that no snapshot named" in err
    assert content(lake.lake) == held


@pytest.mark.parametrize("command", ["snapshots", "rollback", "changes", "verify", "maintain"])
def test_lake_that_is_not_there_is_named(run: Run, tmp_path: Path, command: str) -> None:
    more = {"rollback": ["1"], "changes": ["--since", "1"]}.get(command, [])
    code, out, err = run(command, *more, "--lake", tmp_path / "nowhere")
    assert (code, out) == (3, "")
    assert "there is no lake here" in err
    assert not (tmp_path / "nowhere").exists()
