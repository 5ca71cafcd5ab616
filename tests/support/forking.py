"""The command line without its start: a process that has imported everything forks a child for each command.

    test --argv, cwd, env--> warm process --fork--> child: flows.cli.main() --> exit code, output

Importing Prefect and Great Expectations takes several times as long as a small ingest. The child is a
process of its own, with streams and an exit code; what it is spared is the import. The validator, which
a run starts as a child, is forked from the same warm process before the run has any threads.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from asked import Asked, answer_all, wait_for

from flows.settings import be_private, be_quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

IMPORTED: Final = (
    "pyarrow.dataset",
    "rapidfuzz.process",
    "flows.cli",
    "flows.ingest",
    "flows.runs",
    "warehouse.validator",
)
"""Modules that a command imports when it needs them."""


class WarmCommandLine(Asked):
    """Runs commands in children of a warm process; see the module."""

    script = "forking.py"

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        super().__init__(environment)
        self.folder = folder

    def run(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], text: bool, seconds: float
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command to its end, or kill it after so many seconds: then its exit code is -9."""
        files = [self.folder / f"stdout-{time.monotonic_ns()}", self.folder / f"stderr-{time.monotonic_ns()}"]
        request = {
            "arguments": list(arguments),
            "cwd": str(cwd),
            "env": dict(env),
            "files": [str(file) for file in files],
            "seconds": seconds,
        }
        code = self.ask(request)
        said = [file.read_text(encoding="utf-8") if text else file.read_bytes() for file in files]
        return subprocess.CompletedProcess(["paperlake", *arguments], code, *said)


def be_the_command(request: Mapping[str, Any]) -> int:
    """Run the command line in this process; return its exit code."""
    from flows import cli  # noqa: PLC0415  # imported where the process is warm

    sys.argv = ["paperlake", *request["arguments"]]
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    try:
        cli.main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:  # noqa: BLE001  # as the interpreter does at the end
        traceback.print_exc()
        return 1
    return 0


def fork_validator() -> subprocess.Popen[bytes]:
    """Fork a validator that waits for its question, behind what looks like the process that a run starts itself."""
    from warehouse import validator  # noqa: PLC0415  # imported where the process is warm

    question, asking = os.pipe()
    telling, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(question, 0)
        os.dup2(answer, 1)
        os.closerange(3, max(question, asking, telling, answer) + 1)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  # a number, not a path; lives as long as the child
        code = 1
        try:
            validator.main()
            code = 0
        except BaseException:  # noqa: BLE001  # as the interpreter does at the end
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(question)
    os.close(answer)
    return _Forked(pid, asking, telling)  # type: ignore[return-value]  # does what a run asks of one


class _Forked:
    """As much of subprocess.Popen as a run asks of its validator; what it says on standard error is the run's."""

    def __init__(self, pid: int, asking: int, telling: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._asking: int | None = asking
        self._telling = telling

    def communicate(self, question: bytes = b"") -> tuple[bytes, bytes]:
        if self._asking is None:
            return b"", b""
        with open(self._asking, "wb") as asking, suppress(BrokenPipeError):  # noqa: PTH123  # a number, not a path
            asking.write(question)
        self._asking = None
        with open(self._telling, "rb") as telling:  # noqa: PTH123  # a number, not a path
            answer = telling.read()
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return answer, b""

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, 9)


def _fork(request: Mapping[str, Any]) -> int:
    """Run a command in a child; return its exit code."""
    pid = os.fork()
    if pid == 0:
        validators: list[Any] = importlib.import_module("warehouse.validator").__dict__["_started"]
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for stream, file in enumerate(request["files"], start=1):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        validators.append(fork_validator())
        code = be_the_command(request)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(wait_for(pid, request["seconds"]))


def main() -> None:
    """Import what commands will need, say so, then run one for each line until there are no more."""
    be_private()
    be_quiet()
    for name in IMPORTED:
        importlib.import_module(name)
    importlib.import_module("warehouse.expectations").warm_up()
    answer_all(_fork)


if __name__ == "__main__":
    main()
