"""A real Prefect server on loopback, started once for all processes of a test run."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_FOLDER = "PAPERLAKE_TEST_RUN"
"""Names the folder that all processes of one test run share, in the environment."""

START_SECONDS = 600

NOT_ASKED_FOR = ("CANCELLATION_CLEANUP", "EVENT_PERSISTER", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "TRIGGERS")
"""Services of the server that no test needs, and that work all the time."""

_STARTED: list[subprocess.Popen[bytes]] = []
"""Keeps what this process started from being collected while it runs."""


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """Let one process of the test run in at a time."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def server_url(folder: Path) -> str:
    """Give the address of the server of this run, starting it where nobody has."""
    with exclusively(folder / "server.lock"):
        note = folder / "server.json"
        if not note.exists():
            note.write_text(json.dumps(_start(folder)))
        return str(json.loads(note.read_text())["url"])


def stop_server(folder: Path) -> None:
    """Stop the server of this run, if one was started."""
    note = folder / "server.json"
    if not note.exists():
        return
    pid = json.loads(note.read_text())["pid"]
    os.killpg(pid, signal.SIGTERM)
    give_up_at = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    if is_alive(pid):
        os.killpg(pid, signal.SIGKILL)


def _start(folder: Path) -> dict[str, object]:
    port = free_port()
    home = folder / "server"
    environment = os.environ | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    environment |= {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in NOT_ASKED_FOR}
    environment.pop("PREFECT_API_URL", None)
    home.mkdir()
    command = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command], env=environment, stdout=log, stderr=log, cwd=home, start_new_session=True
        )
    _STARTED.append(process)
    url = f"http://127.0.0.1:{port}/api"
    _wait_until_healthy(url, process, folder / "server.log")
    return {"url": url, "pid": process.pid}


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the Prefect server did not start:\n{log.read_text()[-2000:]}")


def free_port() -> int:
    """Give a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; its starter may be this very process, which then reaps it."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    return Path(f"/proc/{pid}").exists()
