"""Faults: what befalls a process that works on a lake, and what the lake must be like afterwards.

lake --copy--> work done in a child of the warm process, which a fault befalls
--> the lake opens, keeps its promises, holds all or nothing of the work
--> the work is done again, the lake is tidied up: it holds what it would have held, and nothing else
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asked import SUPPORT, Asked
from power_loss import lose_power, read_journal
from promises import Held, broken_promises, held
from server import RUN_FOLDER, exclusively

from warehouse.lake import Lake

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Harm = Callable[["WarmProcess", "Work", Path, random.Random], tuple[str, "Ended"]]
    """Does a work to the lake at a place with a fault; gives what the fault was and how the work ended."""

TABLE: Final = "faults.jsonl"
"""The file of the test run's folder where the rows of its table are noted."""

COMPILER: Final = shutil.which("gcc") or shutil.which("cc")


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code, -9 where it was killed; what it complained of; its operations on files."""

    code: int
    said: str
    operations: int
    seconds: float


class WarmProcess(Asked):
    """Asks warm.py to do things to lakes; under shim.c where there is a C compiler."""

    script = "warm.py"

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(environment | ({"LD_PRELOAD": str(compile_shim(folder))} if COMPILER else {}))

    def do(
        self,
        operation: str,
        lake: Path,
        *arguments: object,
        fault: dict[str, Any] | None = None,
        seconds: float = 600,
        environment: dict[str, str] | None = None,
    ) -> Ended:
        """Do an operation of warm.py in a child; kill it after so many seconds."""
        said = lake.parent / f"{lake.name}.said"
        request = {
            "operation": operation,
            "lake": str(lake),
            "arguments": [str(argument) for argument in arguments],
            "fault": fault or {},
            "seconds": seconds,
            "said": str(said),
            "environment": environment or {},
        }
        return Ended(**self.ask(request))


def compile_shim(folder: Path) -> Path:
    """Compile shim.c, once for all processes of a test run."""
    shim = folder / "shim.so"
    with exclusively(folder / "shim.lock"):
        if not shim.exists():
            assert COMPILER
            source = str(SUPPORT / "shim.c")
            subprocess.run([COMPILER, "-O1", "-shared", "-fPIC", "-o", str(shim), source, "-ldl"], check=True)
    return shim


@dataclass(frozen=True)
class Work:
    """Something that is done to a lake, and what the lake holds before and after when nothing befalls it."""

    name: str
    operation: str
    arguments: tuple[object, ...]
    lake: Path
    before: Held
    after: Held
    places: tuple[str, ...]
    seconds: float


def unharmed(warm: WarmProcess, name: str, lake: Path, operation: str, *arguments: object) -> tuple[Work, Path]:
    """Do a work once without a fault; return what is known of it, and the lake that came of it."""
    done, journal = lake.with_name(f"{name} done"), lake.with_name(f"{name}.journal")
    copy(lake, done)
    count = {"mode": "count", "root": str(done), "journal": str(journal)}
    ended = warm.do(operation, done, *arguments, fault=count)
    assert ended.code == 0, ended.said
    places = tuple(_place(one.path, done) for one in read_journal(journal))
    work = Work(name, operation, arguments, lake, held(Lake(lake)), held(Lake(done)), places, ended.seconds)
    return work, done


def copy(lake: Path, to: Path) -> None:
    """Copy a lake, where there is one."""
    if lake.exists():
        shutil.copytree(lake, to)


def _place(path: Path, lake: Path) -> str:
    """Name the part of the lake that a file belongs to."""
    if not path.is_relative_to(lake):
        return "beside the lake"
    below = path.relative_to(lake).parts
    return "/".join(below[:2]) if below[:1] == ("staging",) and "unborn" in below else "".join(below[:1])


def draw_operation(work: Work, chance: random.Random) -> int:
    """Draw the number of an operation on files, from 1: each part of the lake has the same chance."""
    place = chance.choice(sorted(set(work.places)))
    return chance.choice([number for number, one in enumerate(work.places, start=1) if one == place])


def kill_in_operation(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "kill", "root": str(lake), "at": number}
    return f"killed at operation {number}", warm.do(work.operation, lake, *work.arguments, fault=fault)


def kill_at_any_moment(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    seconds = chance.uniform(0, 1.1 * work.seconds)
    return f"killed after {seconds:.2f} s", warm.do(work.operation, lake, *work.arguments, seconds=seconds)


def fail_once(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "fail once", "root": str(lake), "at": number, "error": errno.EIO}
    return f"EIO at operation {number}", warm.do(work.operation, lake, *work.arguments, fault=fault)


def fill_disk(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "fail from then on", "root": str(lake), "at": number, "error": errno.ENOSPC}
    return f"ENOSPC from operation {number}", warm.do(work.operation, lake, *work.arguments, fault=fault)


def cut_power(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    """Kill the process and take from the disk what was not flushed, all or a part; or do so after it has ended."""
    number = draw_operation(work, chance) if chance.random() < 3 / 4 else 0
    journal = lake.with_name(f"{lake.name}.journal")
    fault = {"mode": "kill", "root": str(lake), "at": number, "journal": str(journal)}
    ended = warm.do(work.operation, lake, *work.arguments, fault=fault)
    lost = lose_power(journal, lake, chance if chance.random() < 1 / 2 else None)
    when = f"at operation {number}" if number else "after the end"
    return f"power cut {when}, {lost} operations lost", ended


def lock_catalog(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    """Have another process hold the catalog: for a while, or longer than anybody waits."""
    is_long = chance.random() < 1 / 3
    seconds = chance.uniform(0.2, 1) * work.seconds
    with _held(lake / "catalog.sqlite", seconds=None if is_long else seconds):
        ended = warm.do(work.operation, lake, *work.arguments, fault={"patience": 2} if is_long else {})
    return f"catalog locked {'to the end' if is_long else f'for {seconds:.1f} s'}", ended


@contextmanager
def _held(catalog: Path, *, seconds: float | None) -> Iterator[None]:
    with closing(sqlite3.connect(catalog, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        letting_go = threading.Timer(seconds or 0, other.execute, ["ROLLBACK"])
        if seconds is not None:
            letting_go.start()
        yield
        if seconds is not None:
            letting_go.join()


@dataclass
class Tally:
    """What came of the faults of one kind."""

    kind: str
    runs: int = 0
    struck: int = 0
    violations: list[str] = field(default_factory=list)


def befall(harm: Harm, warm: WarmProcess, work: Work, chance: random.Random, *, place: Path, tally: Tally) -> None:
    """Do a work with a fault, and note in the tally what it broke."""
    lake = place / f"lake-{tally.runs}"
    copy(work.lake, lake)
    fault, ended = harm(warm, work, lake, chance)
    tally.runs += 1
    tally.struck += ended.code != 0
    broken = judged(warm, work, lake, ended)
    tally.violations += [f"{work.name}, {fault}: {one}" for one in broken]
    if not broken:
        for left in place.glob(f"{lake.name}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def judged(warm: WarmProcess, work: Work, lake: Path, ended: Ended) -> list[str]:
    """Say what is wrong with a lake after a fault, and after the work was done again and the lake tidied up."""
    try:
        now = held(Lake(lake))
        broken = broken_promises(Lake(lake))
    except Exception as error:  # noqa: BLE001  # whatever it is, the lake does not open
        return [f"the lake does not open: {error}"]
    if now not in ((work.after,) if ended.code == 0 else (work.before, work.after)):
        broken.append(f"neither all nor nothing of it is there, the exit code being {ended.code}: {_told(work, now)}")
    if work.operation == "ingest" or now == work.before:
        again = warm.do(work.operation, lake, *work.arguments)
        broken += [f"cannot be done again: {again.said}"] if again.code else []
    tidied = warm.do("tidy up", lake, 0)
    broken += [f"cannot be tidied up: {tidied.said}"] if tidied.code else []
    if held(Lake(lake)) != work.after:
        broken.append(f"done again, the lake holds something else: {_told(work, held(Lake(lake)))}")
    return broken + [f"afterwards: {one}" for one in broken_promises(Lake(lake), is_tidy=True)]


def _told(work: Work, now: Held) -> str:
    counts = [{name: len(rows) for name, rows in one.items()} for one in (work.before, now, work.after)]
    return f"before, now, after: {counts}"


def note_row(kind: str, runs: int, struck: int, violations: int) -> None:
    """Note what came of the faults of one kind, for the table at the end of the test run."""
    with (Path(os.environ[RUN_FOLDER]) / TABLE).open("a", encoding="utf-8") as noted:
        noted.write(json.dumps([kind, runs, struck, violations]) + "\n")


def table(folder: Path) -> list[str]:
    """Make the lines of a Markdown table of what was noted; none where nothing was."""
    noted = folder / TABLE
    rows = [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []
    head = ["| fault | runs | stopped the work | violations |", "|---|---:|---:|---:|"]
    return (
        head + [f"| {kind} | {runs:,} | {struck:,} | {wrong:,} |" for kind, runs, struck, wrong in rows] if rows else []
    )
