"""The commands of the README are run as they stand there."""

from __future__ import annotations

import gzip
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import typer
from bad_dumps import lines

from flows.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline import Pipeline

    Command = Callable[..., subprocess.CompletedProcess[Any]]


def blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the dumps that the README speaks of."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "landing" / "dump.jsonl").write_bytes(lines(5))
    paper = {"title": "Boats of Paper and How They Float", "arxiv_id": "2503.11731", "year": 2025}
    (tmp_path / "more" / "2025-03-18.jsonl.gz").write_bytes(gzip.compress(orjson.dumps(paper)))
    return tmp_path


def paperlake_commands(readme: str) -> list[list[str]]:
    """Every call of paperlake in the blocks of shell, split as the shell does."""
    text = "\n".join(blocks(readme, "sh") + blocks(readme, "console"))
    found = [shlex.split(line.removeprefix("$ "), comments=True) for line in text.splitlines()]
    return [words[1:] for words in found if words and words[0].endswith("paperlake")]


@pytest.mark.integration
def test_commands_do_what_they_say(paperlake: Command, readme: str, place: Path) -> None:
    commands = paperlake_commands(readme)
    assert {words[0] for words in commands} == {
        "ingest",
        "status",
        "sql",
        "explain",
        "serve",
        "readers",
        "read",
        "review",
        "snapshots",
    }
    for words in commands:
        if words[0] == "serve":
            continue  # goes on for ever: test_serve.py runs it
        done = paperlake(*words, cwd=place)
        assert done.returncode == 0, (words, done.stderr)
        assert done.stdout.strip()


def test_every_command_is_one_that_there_is(readme: str) -> None:
    """Also in the middle of a sentence."""
    group = typer.main.get_command(app)
    inline = re.findall(r"`paperlake ([^`]+)`", readme)
    for words in (*paperlake_commands(readme), *(shlex.split(text) for text in inline)):
        command = group.get_command(typer.Context(group), words[0])  # type: ignore[attr-defined]  # it is a group
        assert command is not None, words
        if len(words) > 1:
            command.make_context(words[0], words[1:])


@pytest.mark.integration
def test_make_has_the_targets_and_the_demo_shows_what_the_readme_shows(
    readme: str, repository: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    targets = re.findall(r"^\$ make (\S+)$", "\n".join(blocks(readme, "console")), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    for name in (".venv", "samples", "Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).symlink_to(repository / name)
    done = subprocess.run(
        ["make", "--silent", "--assume-old=.venv/ready", "demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = re.search(r"<!-- demo -->\n```text\n(.*?)```", readme, re.DOTALL)
    assert shown, "the README does not show the demo"
    told = lasting(done.stdout + done.stderr)
    assert lasting(shown[1])
    assert [line for line in lasting(shown[1]) if line not in told] == []


def lasting(text: str) -> list[str]:
    """The lines that are the same in each run: without times, days of runs and the width of the table."""
    folded = (" ".join(re.sub(r"[─\s]+", " ", line).split()) for line in text.splitlines())
    timeless = (re.sub(r"\d+\.\d+ s\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "#", line) for line in folded)
    return [line for line in timeless if line and not line.startswith("$")]


def test_example_of_python_runs(readme: str, sample_lake: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "lake").symlink_to(sample_lake.lake.root)
    for number, code in enumerate(blocks(readme, "python")):
        script = tmp_path / f"example_{number}.py"
        script.write_text(code + "\nassert recent.height == 10\n")
        done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_links_lead_somewhere(readme: str, repository: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert targets
    assert [target for target in targets if not (repository / target).exists()] == []
