"""Scheduled runs: serves the ingest flow as a Prefect deployment over one landing folder, here or elsewhere.

    Prefect server  --tick-->  runner  --starts-->  one process per run  --> lake
          ^                                               |
          +------------- how each run ended <-------------+

Each tick is a flow run of its own, in a process of its own: a run that fails, or dies, ends as a
failed flow run with the reason, and the next tick goes on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import platform
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows.ingest import ingest
from flows.local_server import prefect_api
from flows.news import News
from flows.show import say
from transforms.errors import LakeBusyError, PaperlakeError, UsageError
from warehouse.address import concealed, is_address, without_query
from warehouse.lake import Lake, lake_at
from warehouse.locking import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

LOOK_SECONDS: Final = 10.0
"""How often the runner asks the server what is due; more often where the interval is short."""

NEWS_SECONDS: Final = 1.0
"""How often the server is asked which runs have ended."""

SILENT_SECONDS: Final = 30.0
"""How long the server may not answer before we give up: a busy one takes seconds."""

STOP_SECONDS: Final = 60.0
"""How long a run that is stopped may take: Prefect gives it 30 s before it kills it."""

_AGAIN: Final = "see to the server, then start `paperlake serve` again: it goes on where it was"

ONE_AT_A_TIME: Final = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
"""A run that is due while another is under way is cancelled: what it would have found, the next one finds."""


@dataclass(frozen=True)
class Served:
    """What is served: a landing folder, the lake it goes into, and when."""

    landing: str
    lake: Lake
    every: str
    cron: str | None = None

    @property
    def key(self) -> str:
        """Tell this landing folder, lake and machine from all others on the same Prefect server."""
        told = f"{platform.node()}\0{self.landing}\0{self.lake.name}"
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    @property
    def name(self) -> str:
        """Name of the deployment."""
        return f"pull-{re.sub(r'[^A-Za-z0-9_-]', '_', Path(self.landing).name)}-{self.key}"

    @property
    def when(self) -> str:
        """The schedule in words."""
        return f"by cron {self.cron!r} (UTC)" if self.cron else f"every {self.every}"

    @property
    def schedule(self) -> dict[str, Any]:
        """The schedule as Prefect takes it; raises UsageError where it makes no sense."""
        return {"cron": parse_cron(self.cron)} if self.cron else {"interval": parse_interval(self.every)}

    @property
    def look_seconds(self) -> float:
        """How often to ask for runs that are due."""
        return LOOK_SECONDS if self.cron else min(LOOK_SECONDS, parse_interval(self.every).total_seconds() / 2)


def serve_landing(landing: str, lake: str, *, every: str, cron: str | None) -> None:
    """Pull what is new in `landing` into `lake` until the process gets SIGINT or SIGTERM.

    With an interval the first run begins at once; with a cron expression, when it says so.
    Raises UsageError where the folder, the schedule or the server is not usable.
    """
    served = Served(landing_of(landing), lake_at(lake), every, cron)
    schedule = served.schedule
    _on_stop(lambda: sys.exit(0))
    with _alone(served), prefect_api() as url:
        _serve(served, schedule, url)


def landing_of(landing: str) -> str:
    """Give the folder, or the address, of what is to be served; the runs ask whether an address answers.

    Raises UsageError where there is no such folder, or the address may not be kept by Prefect.
    """
    if is_address(landing):
        if concealed(landing) != landing:
            what, hint = "is no address of a folder", "leave out what follows the question mark"
            raise UsageError(what, where=without_query(landing), hint=hint)
        return landing
    folder = Path(landing).absolute()
    if not folder.is_dir():
        raise UsageError("the landing folder is not there", where=str(folder), hint="make it, then serve it")
    return str(folder)


def parse_interval(text: str) -> dt.timedelta:
    """Read an interval such as 30s, 15m, 2h or 1d."""
    match = re.fullmatch(r"(\d+)\s*([smhd])", text.strip())
    if not match or int(match[1]) == 0:
        raise UsageError("this is no interval", where=f"--every {text}", hint="write a number and s, m, h or d: 15m")
    return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_cron(text: str) -> str:
    """Check a cron expression such as "0 6 * * mon-fri"; its times are UTC."""
    try:
        return CronSchedule(cron=text).cron
    except ValueError as error:
        hint = 'five fields, as in "0 6 * * mon-fri"'
        raise UsageError("this is no cron expression", where=f"--cron {text}", hint=hint) from error


def _on_stop(handle: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: handle())


@contextmanager
def _alone(served: Served) -> Iterator[None]:
    """Hold the lock of this landing folder and lake: what is under way under its name is ours, or dead."""
    served.lake.root.mkdir(parents=True, exist_ok=True)
    with (served.lake.root / f"serve-{served.key}.lock").open("a+", encoding="utf-8") as file:
        if not try_lock(file):
            hint = "stop the other `paperlake serve` first"
            raise LakeBusyError("this landing folder is being served already", where=served.landing, hint=hint)
        yield


def _serve(served: Served, schedule: dict[str, Any], url: str) -> None:
    """Deploy, run and tell until we are stopped."""
    runner = Runner(name=served.name, query_seconds=served.look_seconds, prefetch_seconds=0)
    with get_client(sync_client=True) as client:
        deployment_id = asyncio.run(_deploy(runner, served, schedule))
        news = News(client, deployment_id)
        news.clear()
        if not served.cron:
            client.create_flow_run_from_deployment(deployment_id)
        stop = threading.Event()
        _on_stop(stop.set)
        with _running(runner) as thread:
            say(f"pulling {served.landing} into {served.lake.name} {served.when}; Prefect at {url}; Ctrl-C stops")
            while not stop.wait(NEWS_SECONDS):
                news.tell()
                if not thread.is_alive() or news.silent_seconds > SILENT_SECONDS:
                    raise PaperlakeError("the Prefect server went away", where=url, hint=_AGAIN) from thread.error
        news.tell()


async def _deploy(runner: Runner, served: Served, schedule: dict[str, Any]) -> UUID:
    return await runner.aadd_flow(
        ingest,
        name=served.name,
        description=f"Ingests what is new in {served.landing} into {served.lake.name}",
        parameters={"paths": [served.landing], "lake": served.lake.name, "is_scheduled": True},
        concurrency_limit=ONE_AT_A_TIME,
        entrypoint_type=EntrypointType.MODULE_PATH,
        paused=False,
        **schedule,
    )


class _RunnerThread(threading.Thread):
    """A runner beside the main thread: on it, Prefect takes over SIGTERM and forgets to stop its runs."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(name="runner", daemon=True)  # one that hangs on a dead server must not keep the process
        self._runner = runner
        self.error: Exception | None = None

    def run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited by the runs: Ctrl-C is ours to pass on
        try:
            asyncio.run(self._runner.start())
        except Exception as error:  # noqa: BLE001  # told by the main thread
            self.error = error

    def stop(self) -> None:
        """End the run that is under way as cancelled, and pause the schedule."""
        give_up_at = time.monotonic() + STOP_SECONDS
        while self.is_alive() and not self._runner.started and time.monotonic() < give_up_at:
            time.sleep(NEWS_SECONDS / 10)
        if self.is_alive() and self._runner.started:
            with suppress(TimeoutError):  # the server is gone: nobody is left to tell
                self._runner.execute_in_background(self._runner.astop).result(STOP_SECONDS)
        self.join(STOP_SECONDS)


@contextmanager
def _running(runner: Runner) -> Iterator[_RunnerThread]:
    thread = _RunnerThread(runner)
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()
