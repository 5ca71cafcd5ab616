"""A running `paperlake serve`, watched from outside."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

PAPERLAKE = Path(sys.executable).with_name("paperlake")

PATIENCE_SECONDS = 600
"""How long a test waits for what takes a few seconds on a machine that is not busy."""


@dataclass
class Serving:
    """A served landing folder: its process, and what it says."""

    process: subprocess.Popen[bytes]
    landing: Path
    lake: Path
    console: Path

    def lines(self) -> list[str]:
        """Give what the process has said so far."""
        return self.console.read_text().splitlines()

    def wait_for(self, *parts: str, after: int = 0) -> str:
        """Wait for a line with all these parts among those after the first `after`."""

        def found() -> list[str]:
            assert self.process.poll() is None, self.lines()
            return [line for line in self.lines()[after:] if all(part in line for part in parts)]

        return wait_until(found, lambda: f"{parts} in {self.lines()}")[0]

    def drop(self, name: str, data: str | bytes) -> None:
        """Put a dump into the landing folder at once, as an upload that ends with a rename does."""
        part = self.landing / f"{name}.part"
        part.write_bytes(data if isinstance(data, bytes) else data.encode())
        part.rename(self.landing / name)

    def children(self) -> dict[int, str]:
        """Give the processes that it started, and those that they started, with their commands."""
        return descendants(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    @contextmanager
    def busy_lake(self) -> Iterator[None]:
        """Hold the writer's lock, so that a run that has something to publish waits."""
        with (self.lake / "writer.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def serving(folder: Path, environment: dict[str, str], *options: str, dump: str | None = None) -> Iterator[Serving]:
    """Serve a new landing folder until the block ends, stopping it in whatever state it is then."""
    landing, lake, console = folder / "landing", folder / "lake", folder / "console"
    landing.mkdir()
    if dump is not None:
        (landing / "first.csv").write_text(dump)
    command = [str(PAPERLAKE), "serve", str(landing), "--lake", str(lake), *options]
    with console.open("wb") as said:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=said, stderr=said)
    served = Serving(process, landing, lake, console)
    try:
        served.wait_for("pulling", str(landing))
        yield served
    finally:
        if process.poll() is None:
            served.stop()


def wait_until(ask: Callable[[], T], describe: Callable[[], str]) -> T:
    """Ask until the answer is true."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s for {describe()}")


def descendants(pid: int) -> dict[int, str]:
    """Find the processes below `pid`, with their commands."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: dict[int, str] = {}
    wanted = {pid}
    while below := {child for child, parent in parents.items() if parent in wanted and child not in found}:
        found |= {child: command_of(child) for child in below}
        wanted |= below
    return found


def command_of(pid: int) -> str:
    """Give the command of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def environment_of(pid: int) -> dict[str, str]:
    """Give the environment that a process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
