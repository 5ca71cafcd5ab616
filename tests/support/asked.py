"""A process that is asked to do things: one line of JSON for each request, one for each answer.

test --ask--> process --fork--> child
     <------------------wait----
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READY: Final = "ready"
SUPPORT: Final = Path(__file__).parent


class Asked:
    """Runs a script of this folder, and asks it for as long as the block lasts."""

    script: str

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.lock = Lock()

    def __enter__(self) -> Self:
        paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])
        self.process = subprocess.Popen(
            [sys.executable, str(SUPPORT / self.script)],
            env=self.environment | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == READY
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Give the answer to a request; another thread waits meanwhile."""
        assert self.process.stdin
        with self.lock:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


def answer_all(answer: Callable[[Any], Any]) -> None:
    """Say that this process is ready, then answer requests until there are no more; children print elsewhere."""
    answers = os.fdopen(os.dup(1), "w")
    for said in itertools.chain([READY], (answer(json.loads(line)) for line in sys.stdin)):
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def wait_for(pid: int, seconds: float) -> int:
    """Wait until a child ends; kill it when its time is over. Returns its status."""
    until = time.monotonic() + seconds
    for pause in itertools.chain((0.001, 0.002, 0.005), itertools.repeat(0.01)):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]
        time.sleep(pause)
    raise AssertionError
