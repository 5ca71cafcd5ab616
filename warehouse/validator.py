"""Great Expectations in a process of its own, beside the run that it checks.

    run:        start ----- read, normalize, split ----- resolve ----- wait ----- publish
    validator:      import (3 s) ............... validate ............../

Importing Great Expectations takes longer than a small ingest, and Python cannot import and work at
the same time in one process. The validator is a plain child that is asked one question through its
standard input; it ends by itself when the run does, however that ends.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from transforms.errors import LakeError, PaperlakeError
from warehouse.imports import without_collecting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from warehouse.contract import Outcomes, SplitBatch
    from warehouse.staged import StagedBatch

_LOCK: Final = Lock()
_started: list[subprocess.Popen[bytes]] = []


def start() -> None:
    """Start a validator for the next run of this process, unless one waits already."""
    with _LOCK:
        if not _started:
            _started.append(_new())


@contextmanager
def waiting() -> Iterator[None]:
    """Have a validator wait for a question during the block; end it afterwards if none came."""
    start()
    try:
        yield
    finally:
        with _LOCK:
            while _started:
                _end(_started.pop())


def validate_beside(staged: StagedBatch, found: SplitBatch, *, run_id: str, docs: Path | None = None) -> Outcomes:
    """Do `warehouse.contract.validate_dumps` in the validator; wait for its answer.

    Raises what it raised, and LakeError where it died.
    """
    with _LOCK:
        process = _started.pop() if _started else _new()
    try:
        answer, noise = process.communicate(pickle.dumps((staged, found, run_id, docs)))
    finally:
        _end(process)
    if process.returncode != 0:
        raise LakeError(
            f"the validator ended with code {process.returncode}: {_last_line(noise)}",
            where="contract",
            hint="nothing was published; run again, and report it if it stays",
        )
    outcome: Outcomes | PaperlakeError = pickle.loads(answer)  # noqa: S301  # our own child wrote it
    if isinstance(outcome, PaperlakeError):
        raise outcome
    return outcome


def _new() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "warehouse.validator"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


def _last_line(noise: bytes) -> str:
    lines = noise.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "without a word"


def _answer(question: bytes) -> Any:
    from warehouse.contract import validate_dumps  # noqa: PLC0415  # after the start, beside the import below

    staged, found, run_id, docs = pickle.loads(question)  # noqa: S301  # our own parent wrote it
    try:
        return validate_dumps(staged, found, run_id=run_id, docs=docs)
    except PaperlakeError as error:
        return error


def _take_stdout() -> BinaryIO:
    """Keep standard output for the answer; what else is written there goes to standard error.

    Libraries in C write past `sys.stdout`, such as the progress bar of DuckDB in a query of seconds.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def main() -> None:
    """Import Great Expectations, then answer the one question that comes; end where none comes."""
    answers = _take_stdout()
    with without_collecting():
        from warehouse.expectations import warm_up  # noqa: PLC0415  # takes seconds, and this is the process for it

        warm_up()
    question = sys.stdin.buffer.read()
    if question:
        with answers:
            answers.write(pickle.dumps(_answer(question)))


if __name__ == "__main__":
    main()
