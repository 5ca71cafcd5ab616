from __future__ import annotations

import io
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pipeline import Pipeline, content

from flows.cli import main
from flows.review import ask
from flows.side_by_side import STYLE, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAPERLAKE = ".venv/bin/paperlake"
PROMPT = "one paper? y(es) n(o) s(kip) q(uit) "

LINKED = """
    SELECT record_id_a, record_id_b FROM matches WHERE rule <> 'same-variant' AND is_linked
    ORDER BY probability, record_id_a, record_id_b LIMIT 1"""


@pytest.fixture
def paperlake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, output, errors. `answers` are the lines of standard input."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object, answers: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["paperlake", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def pipeline(sample_lake: Pipeline, tmp_path: Path) -> Pipeline:
    """The lake of the samples, to do with as one likes."""
    shutil.copytree(sample_lake.lake.root, tmp_path / "lake")
    return Pipeline(tmp_path / "lake")


@pytest.fixture
def pair(pipeline: Pipeline) -> tuple[str, str]:
    """Two records that are one paper by the least sure match there is."""
    (row,) = pipeline.rows(LINKED)
    return row["record_id_a"], row["record_id_b"]


def test_decisions_from_the_command_line(
    paperlake: Callable[..., tuple[int, str, str]], pipeline: Pipeline, pair: tuple[str, str]
) -> None:
    lake, before = ("--lake", pipeline.lake.root), pipeline.partition()
    code, said, errors = paperlake("different", *pair, *lake, "--by", "Ada", "--because", "a reprint")
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"two papers: p\S+ and p\S+\n", said)
    _, explained, _ = paperlake("explain", pair[0], *lake)
    assert re.search(r"≠.* different +Ada +\d{4}-.* a reprint", explained)
    assert "what was kept apart" in explained
    code, said, _ = paperlake("different", *pair, *lake, "--by", "Ben")
    assert (code, said.startswith("said before: different")) == (0, True)
    code, _, errors = paperlake("same", *pair, *lake, "--by", "Ben")
    assert code == 2
    assert f"take it back first: paperlake undo {pair[0]} {pair[1]}" in errors
    code, said, _ = paperlake("undo", *lake, "--by", "Ben")
    assert (code, said.startswith("taken back: different")) == (0, True)
    assert pipeline.partition() == before
    assert [row["decided_by"] for row in pipeline.rows("FROM decisions ORDER BY decided_at")] == ["Ada", "Ben"]
    assert paperlake("status", *lake)[1].count("decided") == 2


def test_user_of_the_system_decides(
    paperlake: Callable[..., tuple[int, str, str]],
    pipeline: Pipeline,
    pair: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "mira")
    assert paperlake("same", *pair, "--lake", pipeline.lake.root)[0] == 0
    assert pipeline.one("SELECT decided_by FROM decisions") == "mira"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["same", "nowhere", "nobody"], "no record or paper goes by this name", id="unknown"),
        pytest.param(["undo"], "there is no decision to undo", id="nothing to undo"),
        pytest.param(["undo", "one"], "undo takes two records, or none", id="one record"),
        pytest.param(["same", "a", "b", "--by", " "], "name yourself with --by NAME", id="nobody decides"),
        pytest.param(["explain", "nowhere", "nobody"], "no record or paper goes by this name", id="comparing what is not there"),
    ],
)  # fmt: skip
def test_wrong_names_end_with_2(
    paperlake: Callable[..., tuple[int, str, str]], sample_lake: Pipeline, arguments: list[str], message: str
) -> None:
    code, said, errors = paperlake(*arguments, "--lake", sample_lake.lake.root)
    assert (code, said) == (2, "")
    assert message in errors


def test_two_records_are_compared(
    paperlake: Callable[..., tuple[int, str, str]], pipeline: Pipeline, pair: tuple[str, str]
) -> None:
    code, said, _ = paperlake("explain", *pair, "--lake", pipeline.lake.root)
    assert code == 0
    assert re.search(r"record_id +" + " +".join(pair), said)
    assert re.search(r"title_ratio +[\d.]+", said)
    assert re.search(r"probability 0\.\d{3} \(a match from 0\.\d+, level work\); now one paper", said)


def test_review_in_a_pipe_writes_each_answer(
    paperlake: Callable[..., tuple[int, str, str]], pipeline: Pipeline, pair: tuple[str, str]
) -> None:
    lake = ("--lake", pipeline.lake.root, "--by", "Ada")
    code, said, errors = paperlake("review", *lake, answers="what?\nno\ns\ny\nq\n")
    assert (code, errors) == (0, "")
    assert said.count(PROMPT) == 5
    assert said.endswith("1 same, 1 different, 1 skipped\n")
    decisions = pipeline.rows("SELECT record_id_a, record_id_b, verdict FROM decisions ORDER BY decided_at")
    assert [decision["verdict"] for decision in decisions] == ["different", "same"]
    assert (decisions[0]["record_id_a"], decisions[0]["record_id_b"]) == pair
    pipeline.assert_sound()
    _, again, _ = paperlake("review", *lake, "--limit", "1", answers="")
    assert not set(pair) <= set(re.findall(r"[0-9a-f]{16}-\d{7}", again))
    assert again.endswith("0 same, 0 different, 0 skipped\n")


def test_review_passes_over_what_earlier_answers_settled(
    paperlake: Callable[..., tuple[int, str, str]], pipeline: Pipeline
) -> None:
    every = pipeline.one("SELECT count(*) FROM matches WHERE rule <> 'same-variant'")
    lake = ("--lake", pipeline.lake.root, "--by", "Ada", "--limit", str(every))
    assert paperlake("review", *lake, answers="y\n" * every)[1].endswith(f"{every} same, 0 different, 0 skipped\n")
    code, said, _ = paperlake("review", *lake)
    assert (code, said) == (0, "nothing to review: every match is certain or decided\n")


@pytest.mark.parametrize(
    ("a", "b", "only_a", "only_b"),
    [
        pytest.param("Marks of the Tides", "Marks of Tides", ["the"], [], id="a word more"),
        pytest.param("One", "Two words", ["One"], ["Two words"], id="nothing in common"),
        pytest.param("marks", "Marks", [], [], id="case does not matter"),
        pytest.param("", "Marks", [], [], id="missing"),
        pytest.param("[bold]x[/bold]", "[bold]y[/bold]", ["[bold]x[/bold]"], ["[bold]y[/bold]"], id="markup is text"),
    ],
)
def test_words_that_differ_are_marked(a: str, b: str, only_a: list[str], only_b: list[str]) -> None:
    for text, said, only in zip(marked(a, b), (a, b), (only_a, only_b), strict=True):
        assert text.plain == said
        assert [text.plain[span.start : span.end].strip() for span in text.spans if span.style == STYLE] == only


def until(terminal: int, wanted: str, *, count: int = 1) -> str:
    """Read from a terminal until it shows `wanted` so many times."""
    shown, give_up_at = "", time.monotonic() + 600
    while shown.count(wanted) < count:
        assert time.monotonic() < give_up_at, shown
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


@contextmanager
def reviewing(pipeline: Pipeline, repository: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run `paperlake review` on a terminal of its own; it is ended where the test gives up."""
    terminal, inner = pty.openpty()
    command: list[Any] = [repository / PAPERLAKE, "review", "--lake", pipeline.lake.root, "--by", "Ada"]
    surroundings = os.environ | {"COLUMNS": "120"}
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=surroundings) as process:
        os.close(inner)
        try:
            yield terminal, process
        finally:
            process.kill()
            os.close(terminal)


@pytest.mark.integration
def test_review_on_a_terminal_takes_single_keys(pipeline: Pipeline, pair: tuple[str, str], repository: Path) -> None:
    with reviewing(pipeline, repository) as (terminal, process):
        assert pair[0] in until(terminal, PROMPT)
        os.write(terminal, b"x")  # no such key
        until(terminal, PROMPT)
        os.write(terminal, b"n")
        assert "different; two papers" in until(terminal, PROMPT)
        os.write(terminal, b"q")
        until(terminal, "0 same, 1 different, 0 skipped")
        assert process.wait(timeout=600) == 0
    (decision,) = pipeline.rows("FROM decisions")
    assert (decision["record_id_a"], decision["record_id_b"]) == pair


@pytest.mark.parametrize(("typed", "answer"), [(b"\x04", "q"), (b"y\n", "y"), (b"x\nn\n", "n")])
def test_keys_typed_before_the_question_answer_it(typed: bytes, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, inner = pty.openpty()
    try:
        os.write(terminal, typed)
        with open(inner, encoding="utf-8") as stdin:  # noqa: PTH123  # a number, not a path
            monkeypatch.setattr("sys.stdin", stdin)
            assert ask() == answer
    finally:
        os.close(terminal)


@pytest.mark.integration
def test_review_that_is_broken_off_keeps_what_was_answered(pipeline: Pipeline, repository: Path) -> None:
    before = content(pipeline.lake)
    with reviewing(pipeline, repository) as (terminal, process):
        until(terminal, PROMPT)
        os.write(terminal, b"\x04")  # Ctrl-D
        until(terminal, "0 same, 0 different, 0 skipped")
        assert process.wait(timeout=600) == 0
    assert content(pipeline.lake) == before
