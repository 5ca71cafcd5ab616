"""Install the peers of `peers.txt`, each in a virtual environment of its own, and run them.

What a peer does with a table is in `peer_tools.py`, which runs under the peer's own Python.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
from lake_runs import FailedError, Finished, run

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = Path(__file__).parent
REQUIREMENTS: Final = [
    line for line in (HERE / "peers.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")
]
NAMES: Final = [re.split(r"[\[=]", line)[0] for line in REQUIREMENTS]

LIMIT: Final = 3_600.0
"""Seconds after which a peer is given up on a set."""

_OFFLINE: Final = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


@dataclass(frozen=True)
class Peer:
    """A peer: its name, its Python, and why it could not be installed, where that is so."""

    name: str
    python: Path
    problem: str | None = None


@dataclass(frozen=True)
class Deduplicated:
    """What a peer made of a table: clusters (record_id, cluster), the pairs it compared where it tells, seconds.

    The seconds are those of its work, reading the table included, without the start of Python and imports.
    """

    clusters: pl.DataFrame
    candidates: set[tuple[object, object]] | None
    seconds: float
    process: Finished


def install(folder: Path, names: Sequence[str] = NAMES) -> list[Peer]:
    """Install peers into `folder`/NAME, unless they are there."""
    lines = zip(NAMES, REQUIREMENTS, strict=True)
    return [_installed(folder, name, requirement) for name, requirement in lines if name in names]


def _installed(folder: Path, name: str, requirement: str) -> Peer:
    home = (folder / name).resolve()
    peer = Peer(name, home / "bin" / "python")
    if (home / "ready").exists():
        return peer
    try:
        run([sys.executable, "-m", "venv", "--clear", str(home)], os.environ)
        run([str(peer.python), "-m", "pip", "install", "--quiet", requirement], os.environ)
    except FailedError as error:
        return Peer(name, peer.python, f"cannot be installed: {error}")
    (home / "ready").touch()
    return peer


def dedupe(peer: Peer, table: Path, folder: Path, *options: str) -> Deduplicated:
    """Run a peer over a CSV file with the columns of the labelled sets. Raises FailedError where it does not end well."""
    if peer.problem:
        raise FailedError(peer.problem)
    folder.mkdir()
    command = [str(peer.python), str(HERE / "peer_tools.py"), peer.name, str(table), str(folder), *options]
    done = run(command, {**os.environ, **_OFFLINE}, LIMIT)
    report = json.loads(done.output.splitlines()[-1])
    clusters = pl.read_csv(folder / "clusters.csv", infer_schema=False)
    return Deduplicated(clusters, _candidates(folder / "candidates.csv"), report["seconds"], done)


def _candidates(file: Path) -> set[tuple[object, object]] | None:
    if not file.exists():
        return None
    pairs = pl.read_csv(file, infer_schema=False).select(
        pl.min_horizontal(pl.all()).alias("a"), pl.max_horizontal(pl.all()).alias("b")
    )
    return set(pairs.iter_rows())
