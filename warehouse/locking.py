"""One writer at a time: an advisory lock on a file of the lake, or in the catalog of a shared one.

The kernel drops the lock when its process ends, however it ends, so that a lock is never left
behind by a dead run. The file says who holds it, for the message that a waiting run shows.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from transforms.errors import LakeBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.postgres import Catalog

POLL_SECONDS: Final = 0.1
"""How often a waiting writer asks again: short beside a publication, long beside a system call."""


@contextmanager
def writer_lock(lock: Path | Catalog, *, owner: str, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of a lake, a file or that of a shared catalog, as `owner`, waiting at most `wait_seconds` for it.

    Raises LakeBusyError, naming the holder, when it does not come free in time.
    """
    if isinstance(lock, Path):
        with _locked_file(lock, owner, wait_seconds):
            yield
    else:
        with lock.locked(owner=owner, wait_seconds=wait_seconds):
            yield


@contextmanager
def _locked_file(path: Path, owner: str, wait_seconds: float) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _wait_for(file, path, wait_seconds)
        _sign(file, owner)
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def try_lock(file: IO[str]) -> bool:
    """Lock an open file if nobody holds it; say whether that worked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(file: IO[str], path: Path, wait_seconds: float) -> None:
    give_up_at = time.monotonic() + wait_seconds
    while not try_lock(file):
        if time.monotonic() >= give_up_at:
            raise LakeBusyError(
                f"{_holder(path)} holds the lake; waited {wait_seconds:g} s",
                where=str(path.parent),
                hint="run again when it is done, or wait longer with --wait SECONDS",
            )
        time.sleep(POLL_SECONDS)


def _sign(file: IO[str], owner: str) -> None:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    file.truncate(0)
    json.dump({"owner": owner, "pid": os.getpid(), "host": socket.gethostname(), "since": now}, file)
    file.flush()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"{holder['owner']} (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
