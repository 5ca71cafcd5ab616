"""Faults: what befalls a process that works on a lake, and what the lake must be like afterwards.

lake --copy--> work done in a child of the warm process, which a fault befalls
--> the lake opens, keeps its promises, holds all or nothing of the work
--> the work is done again, the lake is tidied up: it holds what it would have held, and nothing else
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asked import SUPPORT, Asked
from indexing import everything_indexed
from power_loss import lose_power, read_journal
from promises import Held, broken_promises, held
from server import exclusively

from warehouse.lake import Lake

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Harm = Callable[["WarmProcess", "Work", Path, random.Random], tuple[str, "Ended"]]
    """Does a work to the lake at a place with a fault; gives what the fault was and how the work ended."""

_QUICKEST: Final[dict[str, float]] = {}
"""Seconds that a work took when a kill came too late for it, by its name."""

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
        by_index: bool = False,
        environment: dict[str, str] | None = None,
    ) -> Ended:
        """Do an operation of warm.py in a child, with every file indexed where asked for; kill it after so many seconds."""
        said = lake.parent / f"{lake.name}.said"
        request = {
            "operation": operation,
            "lake": str(lake),
            "arguments": [str(argument) for argument in arguments],
            "fault": fault or {},
            "seconds": seconds,
            "by_index": by_index,
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
    """Something that is done to a lake, and what the lake holds before and after when nothing befalls it.

    It may be several batches: `between` is what the lake holds after each but the last. `places` are the parts of the
    lake that its operations on files concern, in their order.
    """

    name: str
    operation: str
    arguments: tuple[object, ...]
    lake: Path
    by_index: bool
    before: Held
    between: tuple[Held, ...]
    after: Held
    places: tuple[str, ...]
    seconds: float

    @property
    def asked(self) -> str:
        """What is asked of warm.py, as one of several things."""
        return json.dumps([self.operation, *map(str, self.arguments)])

    @property
    def can_be_done_twice(self) -> bool:
        """Whether it changes nothing where it was done already: what ingests do."""
        return self.operation in ("ingest", "in turn")

    def do(self, warm: WarmProcess, lake: Path, *, fault: dict[str, Any] | None = None, seconds: float = 600) -> Ended:
        """Do it to a lake."""
        return warm.do(self.operation, lake, *self.arguments, fault=fault, seconds=seconds, by_index=self.by_index)


def unharmed(
    warm: WarmProcess,
    name: str,
    lake: Path,
    operation: str,
    *arguments: object,
    by_index: bool = False,
    between: tuple[Held, ...] = (),
) -> tuple[Work, Path]:
    """Do a work once without a fault; return what is known of it, and the lake that came of it."""
    done, journal = lake.with_name(f"{name} done"), lake.with_name(f"{name}.journal")
    copy(lake, done)
    count = {"mode": "count", "root": str(done), "journal": str(journal)}
    ended = warm.do(operation, done, *arguments, fault=count, by_index=by_index)
    assert ended.code == 0, ended.said
    places = tuple(_place(one.path, done) for one in read_journal(journal))
    before, after = held(Lake(lake)), held(Lake(done))
    return Work(name, operation, arguments, lake, by_index, before, between, after, places, ended.seconds), done


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
    """Draw the number of an operation on files, from 1: each part of the lake has the same chance.

    Of a work by index every other one is an operation on the index.
    """
    is_of_index = work.by_index and chance.random() < 1 / 2
    place = "index" if is_of_index else chance.choice(sorted(set(work.places)))
    return chance.choice([number for number, one in enumerate(work.places, start=1) if one == place])


def kill_in_operation(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "kill", "root": str(lake), "at": number}
    return f"killed at operation {number}", work.do(warm, lake, fault=fault)


def kill_at_any_moment(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    seconds = chance.uniform(0, _QUICKEST.get(work.name, work.seconds))
    ended = work.do(warm, lake, seconds=seconds)
    if ended.code == 0:  # it came too late
        _QUICKEST[work.name] = ended.seconds
    return f"killed after {seconds:.2f} s", ended


def fail_once(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "fail once", "root": str(lake), "at": number, "error": errno.EIO}
    return f"EIO at operation {number}", work.do(warm, lake, fault=fault)


def fill_disk(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    number = draw_operation(work, chance)
    fault = {"mode": "fail from then on", "root": str(lake), "at": number, "error": errno.ENOSPC}
    return f"ENOSPC from operation {number}", work.do(warm, lake, fault=fault)


def cut_power(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    """Kill the process and take from the disk what was not flushed, all or a part; or do so after it has ended."""
    number = draw_operation(work, chance) if chance.random() < 3 / 4 else 0
    journal = lake.with_name(f"{lake.name}.journal")
    fault = {"mode": "kill", "root": str(lake), "at": number, "journal": str(journal)}
    ended = work.do(warm, lake, fault=fault)
    lost = lose_power(journal, lake, chance if chance.random() < 1 / 2 else None)
    when = f"at operation {number}" if number else "after the end"
    return f"power cut {when}, {lost} operations lost", ended


def lock_catalog(warm: WarmProcess, work: Work, lake: Path, chance: random.Random) -> tuple[str, Ended]:
    """Have another process hold the catalog: for a while, or longer than anybody waits."""
    is_long = chance.random() < 1 / 3
    seconds = chance.uniform(0.2, 1) * work.seconds
    with _held(lake / "catalog.sqlite", seconds=None if is_long else seconds):
        ended = work.do(warm, lake, fault={"patience": 2} if is_long else {})
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
    with everything_indexed() if work.by_index else nullcontext():
        try:
            now = held(Lake(lake))
            broken = broken_promises(Lake(lake))
        except Exception as error:  # noqa: BLE001  # whatever it is, the lake does not open
            return [f"the lake does not open: {error}"]
        if now not in ((work.after,) if ended.code == 0 else (work.before, *work.between, work.after)):
            broken.append(
                f"neither all nor nothing of it is there, the exit code being {ended.code}: {_told(work, now)}"
            )
        again = [work.asked] if work.can_be_done_twice or now == work.before else []
        finished = warm.do("in turn", lake, *again, json.dumps(["tidy up", "0"]), by_index=work.by_index)
        broken += [f"cannot be done again and tidied up: {finished.said}"] if finished.code else []
        if held(Lake(lake)) != work.after:
            broken.append(f"done again, the lake holds something else: {_told(work, held(Lake(lake)))}")
        return broken + [f"afterwards: {one}" for one in broken_promises(Lake(lake), is_tidy=True)]


def _told(work: Work, now: Held) -> str:
    counts = [{name: len(rows) for name, rows in one.items()} for one in (work.before, now, work.after)]
    return f"before, now, after: {counts}"
