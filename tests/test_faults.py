"""No fault breaks a promise: processes that are killed, disks that fail or are full, power that goes, locked catalogs.

The short version draws a few faults of each kind, `make torture` some hundreds; both print a table.
"""

from __future__ import annotations

import pickle
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import faults
import pytest
from effort import IS_THOROUGH
from fault_table import note_row
from faults import Tally, WarmProcess, Work, befall
from once import made_once
from stages import FLOW_STAGES, STAGES
from works import make_works, mixed_folder, works_by_index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from faults import Ended

    Harm = Callable[[WarmProcess, Work, Path, random.Random], tuple[str, Ended]]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(faults.COMPILER is None, reason="the shim between process and disk takes a C compiler"),
]

SEED: Final = 2026

AT_ONCE: Final = 6
"""Faults of one test, so that several processes have their share."""


def kill_command(stage: str | None, *, after: bool = False) -> Harm:
    """Make the harm of a kill of `paperlake ingest`, at a stage or at any moment."""

    def harm(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
        seconds = 300 if stage else chance.uniform(0.2, 4 * work.seconds)
        fault = {"stage": stage, "after": after} if stage else {}
        ended = warm.do("command", lake, "ingest", *work.arguments, fault=fault, seconds=seconds)
        where = f"{'after' if after else 'before'} {stage}" if stage else f"after {seconds:.2f} s"
        return f"paperlake ingest killed {where}", ended

    return harm


def kill_at_stage(stage: str, *, after: bool) -> Harm:
    """Make the harm of a kill just before or after a stage."""

    def harm(warm: WarmProcess, work: Work, lake: Path, _: random.Random) -> tuple[str, Ended]:
        return f"killed {'after' if after else 'before'} {stage}", work.do(
            warm, lake, fault={"stage": stage, "after": after}
        )

    return harm


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its harms by work, how often it befalls each work in `make torture`, and which in short.

    In short it befalls a work until it has stopped it once.
    """

    harms: Callable[[str], Sequence[Harm]]
    runs: Mapping[str, int]
    short: tuple[str, ...] = ()


def at_stages(work: str) -> list[Harm]:
    """Give the kills at each stage of a work."""
    return [kill_at_stage(stage, after=after) for stage in STAGES[work] for after in (False, True)]


def command_at_stages(_: str) -> list[Harm]:
    """Give the kills of the command line at each of its stages."""
    return [kill_command(stage, after=after) for stage in FLOW_STAGES for after in (False, True)]


def runs(*numbers: int) -> dict[str, int]:
    """Name the numbers by work, in the order of `STAGES`; a work that none befalls is left out."""
    return {work: number for work, number in zip(STAGES, numbers, strict=True) if number}


KINDS: Final = {
    "SIGKILL at a stage boundary": Kind(
        at_stages, {work: 2 * len(stages) for work, stages in STAGES.items()}, ("next ingest", "rebuild")
    ),
    "SIGKILL at a random moment": Kind(
        lambda _: [faults.kill_at_any_moment], runs(36, 36, 12, 12, 12, 12, 24, 12), ("decision",)
    ),
    "SIGKILL in an operation on a file, half of a write done": Kind(
        lambda _: [faults.kill_in_operation], runs(24, 24, 8, 12, 12, 12, 24, 12), ("first ingest", "maintenance")
    ),
    "EIO at a write, a flush or a change of name": Kind(
        lambda _: [faults.fail_once], runs(8, 8, 4, 6, 8, 8, 12, 6), ("rollback",)
    ),
    "ENOSPC from an operation on": Kind(lambda _: [faults.fill_disk], runs(6, 6, 4, 6, 8, 8, 12, 6), ("next ingest",)),
    "power cut: what was not flushed is gone, or a part of it": Kind(
        lambda _: [faults.cut_power], runs(12, 12, 8, 8, 12, 12, 12, 8), ("first ingest", "decision")
    ),
    "catalog locked by another process": Kind(
        lambda _: [faults.lock_catalog], runs(0, 3, 2, 2, 3, 3, 0, 0), ("rollback",)
    ),
    "SIGKILL of `paperlake ingest` at a stage boundary": Kind(
        command_at_stages, runs(16, 16, 0, 0, 0, 0, 0, 0), ("next ingest",)
    ),
    "SIGKILL of `paperlake ingest` at a random moment": Kind(
        lambda _: [kill_command(None)], runs(5, 5, 0, 0, 0, 0, 0, 0)
    ),
}


@pytest.fixture(scope="module")
def works(warm: WarmProcess, samples: Path) -> dict[str, Work]:
    """What is done to lakes; each was done once without a fault, for all processes of the test run."""

    def make(place: Path) -> None:
        made = make_works(warm, place, mixed_folder(samples, place / "landing"))
        made += works_by_index(warm, place) if IS_THOROUGH else []
        (place / "works.pickle").write_bytes(pickle.dumps(made))

    made = pickle.loads((made_once("works", make) / "works.pickle").read_bytes())  # noqa: S301  # our own
    return {work.name: work for work in made}


@dataclass(frozen=True)
class Some:
    """Some of the faults of one kind in one work, by their numbers."""

    kind: str
    work: str
    numbers: range

    def __str__(self) -> str:
        return f"{self.kind}, {self.work}, {self.numbers.start} to {self.numbers.stop - 1}"


def tried() -> list[Some]:
    if not IS_THOROUGH:
        return [Some(kind, work, range(100)) for kind, one in KINDS.items() for work in one.short]
    return [
        Some(kind, work, range(number)[start : start + AT_ONCE])
        for kind, one in KINDS.items()
        for work, number in one.runs.items()
        for start in range(0, number, AT_ONCE)
    ]


@pytest.mark.parametrize("some", tried(), ids=str)
def test_no_fault_breaks_a_promise(some: Some, warm: WarmProcess, works: dict[str, Work], tmp_path: Path) -> None:
    work, tally, seed = works[some.work], Tally(some.kind), f"{SEED} {some.kind} {some.work}"
    harms = list(KINDS[some.kind].harms(work.name))
    random.Random(seed).shuffle(harms)  # noqa: S311  # repeatable
    for number in some.numbers:
        chance = random.Random(f"{seed} {number}")  # noqa: S311  # repeatable
        befall(harms[number % len(harms)], warm, work, chance, place=tmp_path, tally=tally)
        if not IS_THOROUGH and tally.struck:  # not every fault stops a work
            break
    note_row(tally.kind, work.name, tally.runs, tally.struck, len(tally.violations))
    assert tally.violations == []
    assert IS_THOROUGH or tally.struck > 0  # or else nothing was tried
