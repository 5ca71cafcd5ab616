"""A run that dies leaves the lake as it was before or as it is after, and the next run finishes the work."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any

import pytest
from pipeline import Pipeline, content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Command = Callable[..., CompletedProcess[str]]
    Kill = Callable[["Moment"], Pipeline]
    Content = dict[str, list[tuple[Any, ...]]]

pytestmark = pytest.mark.integration

KILLS = 200 if "PAPERLAKE_THOROUGH" in os.environ else 20
SEED = 2026


@dataclass(frozen=True)
class Moment:
    """When a run is killed: so many seconds after it has told the end of a stage, or after its start."""

    after: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s after {self.after or 'start'}"


def draw_moments() -> list[Moment]:
    """Draw the moments: a quarter anywhere, the others where the run writes what others see."""
    chance = random.Random(SEED)  # noqa: S311  # repeatable
    longest = {"": 4.0, "read": 1.2, "check": 1.2, "resolve": 0.8}
    stages = list(longest) * (KILLS // len(longest))
    return [Moment(stage, chance.uniform(0, longest[stage])) for stage in stages]


@pytest.fixture(scope="module")
def expected(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What the lake holds when nobody was killed."""
    lake = Pipeline(tmp_path_factory.mktemp("unharmed") / "lake")
    lake.ingest(samples)
    return content(lake.lake)


@pytest.fixture
def kill(environment: dict[str, str], repository: Path, samples: Path, tmp_path: Path) -> Callable[[Moment], Pipeline]:
    """Start an ingest of the samples from the command line, kill it, and give the lake that it leaves."""
    lake = tmp_path / "lake"
    command = [str(repository / ".venv/bin/paperlake"), "ingest", str(samples), "--lake", str(lake)]

    def start_and_kill(moment: Moment) -> Pipeline:
        with Popen(command, env=environment, stdout=DEVNULL, stderr=PIPE, text=True, cwd=tmp_path) as process:
            assert process.stderr is not None
            if moment.after:
                next(line for line in process.stderr if line.startswith(moment.after))
            time.sleep(moment.seconds)
            process.kill()
        return Pipeline(lake)

    return start_and_kill


@pytest.mark.parametrize("moment", draw_moments(), ids=str)
def test_killed_run_leaves_all_or_nothing_and_the_next_one_ends_alike(
    moment: Moment, expected: Content, kill: Kill, samples: Path
) -> None:
    lake = kill(moment)
    assert content(lake.lake) in ({}, untouched(expected), expected)
    if lake.lake.exists:
        lake.assert_sound()
    again = lake.ingest(samples)
    assert content(lake.lake) == expected
    assert list(again.errors) == ["truncated.txt.gz"]
    lake.assert_sound()
    assert raw_ids(lake) == {row["dump_id"] for row in lake.rows("FROM dumps WHERE status = 'published'")}
    assert [path for path in lake.lake.staging.rglob("*") if path.is_file()] == []


def untouched(expected: Content) -> Content:
    """Give the content of a lake that was made and never published to."""
    return {name: rows if name == "settings" else [] for name, rows in expected.items()}


def raw_ids(lake: Pipeline) -> set[str]:
    return {file.name.partition(".")[0] for file in lake.lake.raw.rglob("*") if file.is_file()}


def test_killed_run_is_finished_from_the_command_line(
    paperlake: Command, expected: Content, kill: Kill, samples: Path
) -> None:
    lake = kill(Moment("resolve", 0.05))
    done = paperlake("ingest", samples, "--lake", lake.lake.root)
    assert done.returncode == 1, done.stderr
    assert content(lake.lake) == expected
