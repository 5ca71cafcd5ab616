"""The Prefect server that scheduled runs need: the one that is named, or one of our own on loopback.

The temporary server that Prefect starts by itself has no scheduler: nothing ever ticks there. So
where no server is named, this module starts a whole one for as long as the runs are served. It
ends with its parent however that ends, because it waits on a pipe that dies with the parent.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from transforms.errors import PaperlakeError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS: Final = 120.0
"""How long a new server may take: 10 s is usual, the first start on a slow disk makes its database."""

STOP_SECONDS: Final = 10.0
"""How long the server may take to end by itself."""

_SERVER_SETTINGS: Final = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Leases in memory die with the server, and the slot that they held would stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}


@contextmanager
def prefect_api() -> Iterator[str]:
    """Give the address of the Prefect API: the configured one, else that of a server of our own.

    Raises PaperlakeError where the configured server does not answer.
    """
    from prefect.settings import get_current_settings  # noqa: PLC0415  # takes a second, and only serving needs it

    configured = get_current_settings().api.url
    if configured:
        _ask(configured)
        yield configured
        return
    with _own_server() as url:
        _configure(url)
        yield url


def _ask(url: str) -> None:
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        hint = "start it with `prefect server start`, or unset PREFECT_API_URL to go without"
        raise PaperlakeError(f"the Prefect server does not answer: {problem}", where=url, hint=hint) from problem


def _configure(url: str) -> None:
    """Have this process and the runs that it starts talk to `url`."""
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415

    os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()


@contextmanager
def _own_server() -> Iterator[str]:
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "flows.local_server", str(port)],
            env=os.environ | _SERVER_SETTINGS,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for its parent, which still has to report to it
        )
        try:
            url = f"http://127.0.0.1:{port}/api"
            _wait_until_healthy(url, process, log)
            yield url
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    raise PaperlakeError(
        f"the Prefect server does not start: {last[0]}",
        where=url,
        hint="see whether the folder PREFECT_HOME can be written, or name a running server in PREFECT_API_URL",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _run(port: int) -> None:
    """Be the server, until the parent is gone."""
    import uvicorn  # noqa: PLC0415  # comes with prefect; only the server's own process needs it

    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run("prefect.server.api.server:create_app", factory=True, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    _run(int(sys.argv[1]))
