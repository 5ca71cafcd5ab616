"""A process that has imported everything, and forks a child for each thing that is done to a lake.

    test --one line of JSON--> warm process --fork--> child: a fault is armed, the operation is done
                                          <--wait----  ended by itself, or killed

A child costs half a second where a new process costs three. The warm process itself uses neither DuckDB
nor Polars, whose threads no fork survives. It runs under shim.c where there is a C compiler; see `faults`
for what asks it, and `forking` for the same with the streams of the command line.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import importlib
import json
import os
import signal
import sys
import time
import traceback
import uuid
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import crowd
from asked import answer_all, wait_for
from indexing import everything_indexed
from pipeline import Pipeline, without_expectations

from warehouse import publish
from warehouse.batch import Run
from warehouse.decide import Said, decide
from warehouse.history import rollback
from warehouse.lake import Lake
from warehouse.locking import writer_lock
from warehouse.maintain import maintain
from warehouse.opening import held_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from transforms.dedupe.weights import Level

USED_LATER: Final = (
    "pyarrow.dataset",
    "rapidfuzz.process",
    "psycopg",
    "s3fs",
    "flows.cli",
    "flows.ingest",
    "flows.runs",
)
"""Modules that the operations import when they need them."""

MODES: Final = {"count": 1, "kill": 2, "fail once": 3, "fail from then on": 4}
"""What shim.c does at the chosen operation, by its numbers."""

FAILED: Final = 1


def ingest(lake: str, *paths: str) -> None:
    """Ingest files and folders, without Prefect."""
    with without_expectations():
        Pipeline(Path(lake)).ingest(*paths)


def in_turn(lake: str, *operations: str) -> None:
    """Do several things to a lake in turn; each is JSON: the operation, its arguments."""
    for operation in operations:
        name, *arguments = json.loads(operation)
        OPERATIONS[name](lake, *arguments)


def command(lake: str, *arguments: str) -> None:
    """Run the command line."""
    from flows.cli import main  # noqa: PLC0415  # Prefect is for those who ask for it

    sys.argv = ["paperlake", *arguments, "--lake", lake]
    main()


def say_same(lake: str, one: str, other: str) -> None:
    """Decide that two records speak of one paper."""
    run = Run(f"said-{uuid.uuid4()}", "a test", "0", dt.datetime.now(dt.UTC))
    decide(Said("same", one, other, "Ada"), Lake(Path(lake)), run, wait_seconds=600)


def roll_back(lake: str, snapshot: str) -> None:
    """Put the lake back to an earlier snapshot."""
    place = Lake(Path(lake))
    with writer_lock(place.lock, owner="a test", wait_seconds=600), held_open(place):
        rollback(place, int(snapshot))


def tidy_up(lake: str, days_ahead: str) -> None:
    """Do the upkeep as it would be done so many days from now."""
    place = Lake(Path(lake))
    with writer_lock(place.lock, owner="a test", wait_seconds=600):
        maintain(place, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=int(days_ahead)), keep_days=30)


def make_anew(lake: str, level: Level) -> None:
    """Make the lake anew from its raw dumps, at a level."""
    with without_expectations():
        Pipeline(Path(lake)).rebuild(level)


def at_once(lake: str, *operations: str) -> None:
    """Do several things to a lake at once, each in a child of its own; each is JSON: the operation, its arguments."""
    children = [_start(lake, *json.loads(operation)) for operation in operations]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise RuntimeError(f"exit codes: {codes}")


def _start(lake: str, operation: str, *arguments: str) -> int:
    child = os.fork()
    if child == 0:
        asked = {"operation": operation, "lake": lake, "arguments": arguments}
        unharmed = {"fault": {}, "by_index": False, "environment": {}}
        os._exit(be_the_child(asked | unharmed, Path(f"{lake}.{os.getpid()}.said")))
    return child


OPERATIONS: Final[dict[str, Callable[..., None]]] = {
    "ingest": ingest,
    "in turn": in_turn,
    "command": command,
    "say same": say_same,
    "roll back": roll_back,
    "tidy up": tidy_up,
    "make anew": make_anew,
    "look": crowd.look,
    "stir": crowd.stir,
    "at once": at_once,
}


def die_at(stage: str, *, after: bool) -> None:
    """Have this process kill itself when it comes to a function, given as module:name, or has left it."""
    module, _, name = stage.partition(":")
    holder = importlib.import_module(module)
    function = getattr(holder, name)

    def dying(*arguments: Any, **named: Any) -> None:
        if after:
            function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    patch.object(holder, name, dying).start()


def die_at_commit(*, after: bool) -> None:
    """Have this process kill itself while all is written and nothing committed, or just when it is."""
    real = publish.transaction

    @contextmanager
    def dying(*arguments: Any, **named: Any) -> Iterator[Any]:
        with real(*arguments, **named) as connection:
            yield connection
            if not after:
                os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    patch.object(publish, "transaction", dying).start()


def arm(fault: dict[str, Any]) -> None:
    """Make ready what is to happen to this process."""
    if "commit" in fault:
        die_at_commit(after=fault["commit"] == "after")
    if "stage" in fault:
        die_at(fault["stage"], after=fault["after"])
    if "patience" in fault:
        patch("warehouse.publish.ATTEMPTS", fault["patience"]).start()
    if "mode" in fault:
        journal = str(fault.get("journal", ""))
        shim = ctypes.CDLL(None)
        at, error = ctypes.c_long(fault.get("at", 0)), fault.get("error", 0)
        shim.shim_arm(os.fsencode(fault["root"]), os.fsencode(journal), MODES[fault["mode"]], at, error)


def be_the_child(request: dict[str, Any], said: Path) -> int:
    """Do what is asked for; return the exit code. What it complains of is written to the file `said`."""
    os.environ.update(request["environment"])
    try:
        with everything_indexed() if request["by_index"] else nullcontext():
            arm(request["fault"])
            OPERATIONS[request["operation"]](request["lake"], *request["arguments"])
    except BaseException as error:  # noqa: BLE001  # also the SystemExit of the command line
        code = error.code if isinstance(error, SystemExit) else FAILED
        said.write_text(traceback.format_exc())
        return int(code or 0)
    finally:
        if "LD_PRELOAD" in os.environ:
            count = ctypes.CDLL(None).shim_count
            count.restype = ctypes.c_long
            said.with_suffix(".count").write_text(str(count()))
    return 0


def fork_for(request: dict[str, Any]) -> dict[str, Any]:
    """Have a child do what is asked for, and kill it where it is still there after its time."""
    said = Path(request["said"])
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with said.with_suffix(".log").open("wb") as log:
            for stream in (0, 1, 2):
                os.dup2(log.fileno(), stream)
        os._exit(be_the_child(request, said))
    status = wait_for(pid, request["seconds"])
    count = said.with_suffix(".count")
    return {
        "code": os.waitstatus_to_exitcode(status),
        "said": said.read_text() if said.exists() else "",
        "operations": int(count.read_text()) if count.exists() else 0,
        "seconds": time.monotonic() - started,
    }


def main() -> None:
    """Import what children will need, say so, then answer requests, a line each, until there are no more."""
    for name in USED_LATER:
        importlib.import_module(name)
    answer_all(fork_for)


if __name__ == "__main__":
    main()
