"""No fault breaks a promise: processes that are killed, disks that fail or are full, power that goes, locked catalogs.

The short version draws a few faults of each kind, `make torture` some hundreds; both print a table.
"""

from __future__ import annotations

import itertools
import os
import pickle
import random
import shutil
import zipfile
from typing import TYPE_CHECKING, Final

import faults
import pytest
from bad_dumps import lines
from effort import IS_THOROUGH
from faults import Tally, WarmProcess, Work, befall, note_row, unharmed
from once import made_once
from pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults import Ended

    Harm = Callable[[WarmProcess, Work, Path, random.Random], tuple[str, Ended]]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(faults.COMPILER is None, reason="the shim between process and disk takes a C compiler"),
]

SEED: Final = 2026
LONG_AGO: Final = 1_700_000_000
ALL_WORKS: Final = ("first ingest", "next ingest", "decision", "rollback", "maintenance", "rebuild")
INGESTS: Final = ALL_WORKS[:2]

STAGES: Final = (
    "pipeline:find_new",
    "pipeline:unpack_archive",
    "pipeline:stage_dump",
    "pipeline:normalize_staged",
    "pipeline:check",
    "pipeline:without_published",
    "pipeline:resolve_batch",
    "warehouse.batch:keep_raw",
    "warehouse.publish:_write",
    "warehouse.lake:flush_new",
    "pipeline:publish_batch",
)
"""The functions that end a stage of an ingest, where they are looked up."""

REBUILD_STAGES: Final = (
    "warehouse.rebuild:refuse_lost_raw",
    "warehouse.replay:create_lake",
    "warehouse.replay:publish",
    "warehouse.rebuild:replay",
    "warehouse.rebuild:settle",
    "warehouse.rebuild:_swap",
    "warehouse.rebuild:in_one_transaction",
)
"""The same of a rebuild."""

FLOW_STAGES: Final = (
    "flows.tasks:find_new",
    "flows.tasks:unpack_archive",
    "flows.tasks:stage_dump",
    "flows.tasks:normalize_staged",
    "flows.tasks:split_dumps",
    "flows.tasks:validate_beside",
    "flows.tasks:resolve_batch",
    "flows.tasks:publish_batch",
)
"""The same of the flow that `paperlake ingest` runs."""


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
        ended = warm.do(work.operation, lake, *work.arguments, fault={"stage": stage, "after": after})
        return f"killed {'after' if after else 'before'} {stage}", ended

    return harm


BOUNDARIES: Final = [kill_at_stage(stage, after=after) for stage in STAGES for after in (False, True)]

REBUILD_BOUNDARIES: Final = [kill_at_stage(stage, after=after) for stage in REBUILD_STAGES for after in (False, True)]

COMMAND_KILLS: Final = [kill_command(stage, after=after) for stage in FLOW_STAGES for after in (False, True)]

Kinds = dict[str, tuple[list["Harm"], tuple[str, ...], int, int]]

KINDS: Final[Kinds] = {
    "SIGKILL at a stage boundary": (BOUNDARIES, INGESTS, 2, 2 * len(BOUNDARIES)),
    "SIGKILL of a rebuild at a stage boundary": (REBUILD_BOUNDARIES, ("rebuild",), 1, len(REBUILD_BOUNDARIES)),
    "SIGKILL at a random moment": ([faults.kill_at_any_moment], ALL_WORKS, 1, 36),
    "SIGKILL in an operation on a file, half of a write done": ([faults.kill_in_operation], ALL_WORKS, 2, 50),
    "EIO at a write, a flush or a change of name": ([faults.fail_once], ALL_WORKS, 1, 24),
    "ENOSPC from an operation on": ([faults.fill_disk], ALL_WORKS, 1, 16),
    "power cut: what was not flushed is gone, or a part of it": ([faults.cut_power], ALL_WORKS, 2, 50),
    "catalog locked by another process": ([faults.lock_catalog], ALL_WORKS[1:], 1, 8),
}
"""For each kind of fault: the harm, the works that it befalls, how often in short and how often in `make torture`.

In short it goes on until a fault has stopped a work; none where the number is 0.
"""

COMMAND_KINDS: Final[Kinds] = {
    "SIGKILL of `paperlake ingest` at a stage boundary": (COMMAND_KILLS, INGESTS, 1, len(COMMAND_KILLS)),
    "SIGKILL of `paperlake ingest` at a random moment": ([kill_command(None)], INGESTS, 0, 10),
}
"""The same for the command line."""


def mixed_folder(samples: Path, folder: Path) -> Path:
    """Make a landing folder of many forms: pages, lists, an archive, one that is cut, one that is hostile."""
    shutil.copytree(samples, folder)
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("kites.jsonl", lines(6, "kites"))
        archive.writestr("inner/refs.bib", "@article{a, title={Lanterns of the Northern Harbour}, year={2020}}\n")
        archive.writestr("inner/refs.ris", "TY  - JOUR\nTI  - A Ledger of Small Bridges\nPY  - 2021\nER  - \n")
    for file in folder.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture(scope="module")
def works(warm: WarmProcess, samples: Path) -> dict[str, Work]:
    """What is done to lakes; each was done once without a fault, for all processes of the test run."""

    def make(place: Path) -> None:
        made = make_works(warm, place, mixed_folder(samples, place / "landing"))
        (place / "works.pickle").write_bytes(pickle.dumps(made))

    made = pickle.loads((made_once("works", make) / "works.pickle").read_bytes())  # noqa: S301  # our own
    return {work.name: work for work in made}


def tried(kinds: Kinds) -> list[str]:
    return [kind for kind, (_, _, short, _) in kinds.items() if IS_THOROUGH or short]


def make_works(warm: WarmProcess, place: Path, landing: Path) -> list[Work]:
    begun = place / "begun"
    warm.do("ingest", begun, min(landing.glob("*.txt")))
    first, _ = unharmed(warm, "first ingest", place / "none", "ingest", landing)
    further, full = unharmed(warm, "next ingest", begun, "ingest", landing)
    decision, decided = unharmed(warm, "decision", full, "say same", *two_records(Pipeline(full)))
    back, _ = unharmed(warm, "rollback", decided, "roll back", 1)
    tidy, _ = unharmed(warm, "maintenance", decided, "tidy up", 40)
    anew, _ = unharmed(warm, "rebuild", decided, "make anew", "publication")
    return [first, further, decision, back, tidy, anew]


def two_records(lake: Pipeline) -> tuple[str, str]:
    """Name a record of each of two papers."""
    one, other = lake.rows("SELECT min(record_id) AS it FROM paper_records GROUP BY paper_id ORDER BY it LIMIT 2")
    return one["it"], other["it"]


@pytest.mark.parametrize("kind", tried(KINDS))
def test_no_fault_breaks_a_promise(kind: str, warm: WarmProcess, works: dict[str, Work], tmp_path: Path) -> None:
    assert_harmless(kind, KINDS, warm, works, tmp_path)


@pytest.mark.parametrize("kind", tried(COMMAND_KINDS))
def test_no_killed_command_breaks_a_promise(
    kind: str, warm: WarmProcess, works: dict[str, Work], tmp_path: Path
) -> None:
    assert_harmless(kind, COMMAND_KINDS, warm, works, tmp_path)


def assert_harmless(kind: str, kinds: Kinds, warm: WarmProcess, works: dict[str, Work], place: Path) -> None:
    harms, befallen, short, long = kinds[kind]
    chance = random.Random(f"{SEED} {kind}")  # noqa: S311  # repeatable
    pairs = list(itertools.product(harms, befallen))
    chance.shuffle(pairs)
    tally = Tally(kind)
    for harm, work in itertools.islice(itertools.cycle(pairs), long):
        befall(harm, warm, works[work], chance, place=place, tally=tally)
        if not IS_THOROUGH and tally.runs >= short and tally.struck:  # not every fault stops a work
            break
    note_row(tally.kind, tally.runs, tally.struck, len(tally.violations))
    assert tally.violations == []
    assert tally.struck > 0  # or else nothing was tried
