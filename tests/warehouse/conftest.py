"""Lakes that many tests of the warehouse begin with: made once, and copied for each."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from bad_dumps import lines
from once import made_once
from pipeline import Pipeline, content, without_expectations

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS: Final = ("anchors", "bridges", "candles")


@dataclass(frozen=True)
class Grown:
    """A lake of three ingests of five records each, the dumps, and what the lake held after each of them."""

    lake: Pipeline
    dumps: list[Path]
    states: list[dict[str, Any]]


def grow(folder: Path) -> None:
    lake, states = Pipeline(folder / "lake"), []
    for subject in SUBJECTS:
        (folder / f"{subject}.jsonl").write_bytes(lines(5, subject))
        with without_expectations():
            lake.ingest(folder / f"{subject}.jsonl")
        states.append(content(lake.lake))
    (folder / "states.pickle").write_bytes(pickle.dumps(states))


@pytest.fixture(scope="session")
def grown_once() -> Grown:
    """Only for reading."""
    folder = made_once("grown", grow)
    states = pickle.loads((folder / "states.pickle").read_bytes())  # noqa: S301  # our own
    return Grown(Pipeline(folder / "lake"), sorted(folder.glob("*.jsonl")), states)


@pytest.fixture
def grown(grown_once: Grown, tmp_path: Path) -> Grown:
    """To do with as one likes."""
    copied = shutil.copytree(grown_once.lake.lake.root, tmp_path / "grown")
    return Grown(Pipeline(copied), grown_once.dumps, grown_once.states)
