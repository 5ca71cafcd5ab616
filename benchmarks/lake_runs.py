"""Run `paperlake ingest` as its user does, and measure the processes that it took.

Memory is the sum over all processes of the run (not of a Prefect server that was there before), looked at
four times a second; CPU time is that of the process and of the children it waited for.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest import BIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAPERLAKE: Final = str(BIN / "paperlake")
_STAGE_LINE: Final = re.compile(
    r"^(\w+)\s+in\s+([\d,]+)\s+out\s+([\d,]+)\s+rejected\s+([\d,]+)\s+([\d.]+) s$", re.MULTILINE
)
MOST_GB: Final = 14.0
"""Memory above which a process is ended: the machine is not ours alone."""


@dataclass(frozen=True)
class Finished:
    """A process that ended well: what it printed, and what it took."""

    output: str
    messages: str
    seconds: float
    cpu_seconds: float
    peak_gb: float


@dataclass(frozen=True)
class Ingest:
    """One ingest into a lake: what the process took, and entries and seconds of each stage."""

    lake: Path
    process: Finished
    entries: dict[str, int]
    stages: dict[str, float]

    @property
    def read(self) -> int:
        """Entries read."""
        return self.entries["read"]

    @property
    def seconds(self) -> float:
        """Seconds from file to published lake, without the start of the process."""
        return sum(self.stages.values())

    @property
    def dedupe_seconds(self) -> float:
        """Seconds of the stage that decides on papers and writes their rows."""
        return self.stages["resolve"]


class FailedError(Exception):
    """A process ended with an error; the message is the end of what it printed."""


def ingest(paths: Sequence[Path], lake: Path, environment: Mapping[str, str]) -> Ingest:
    """Ingest dumps into a lake through the command line. Raises FailedError where nothing could be done."""
    done = run([PAPERLAKE, "ingest", *map(str, paths), "--lake", str(lake)], environment)
    found = _STAGE_LINE.findall(done.messages)
    entries = {stage: int(given.replace(",", "")) for stage, given, *_ in found}
    return Ingest(lake, done, entries, {stage: float(took) for stage, *_, took in found})


def run(command: Sequence[str], environment: Mapping[str, str], limit: float | None = None) -> Finished:
    """Run a command to its end, for at most `limit` seconds. Raises FailedError with its last line where it fails."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=messages, start_new_session=True
        )
        watch = _Watch(process.pid, limit)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        peak = watch.stop()
        texts = []
        for file in (output, messages):
            file.seek(0)
            texts.append(file.read())
    if watch.verdict:
        raise FailedError(watch.verdict)
    if process.returncode != 0:
        raise FailedError(_last_line(texts[1] or texts[0]) or f"exit code {process.returncode}")
    return Finished(texts[0], texts[1], seconds, usage.ru_utime + usage.ru_stime, peak / 1e9)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


class _Watch:
    """Looks at the memory of a session of processes; ends them after `limit` seconds, or above MOST_GB."""

    def __init__(self, session: int, limit: float | None) -> None:
        self.verdict: str | None = None
        self._session = session
        self._limit = limit
        self._started = time.monotonic()
        self._peak = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Stop looking; give the highest number of bytes seen."""
        self._stopped.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._stopped.wait(0.25):
            now = _resident_bytes(self._session)
            self._peak = max(self._peak, now)
            if now > MOST_GB * 1e9:
                self._end(f"ended above {MOST_GB:.0f} GB")
            elif self._limit is not None and time.monotonic() > self._started + self._limit:
                self._end(f"ended after {self._limit:,.0f} s")

    def _end(self, verdict: str) -> None:
        self.verdict = verdict
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._session, signal.SIGKILL)


def _resident_bytes(session: int) -> int:
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")
