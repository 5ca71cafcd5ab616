"""Runs the ingest flow from the command line and shows how far it is."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from flows.progress import Step, watch
from transforms.errors import PaperlakeError
from warehouse import validator
from warehouse.address import concealed
from warehouse.engine import warm_up
from warehouse.imports import without_collecting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.report import Report
    from transforms.dedupe.weights import Level


def run_ingest(paths: Sequence[str], lake: str, wait_seconds: float, level: Level | None = None) -> Report:
    """Run the flow to its end and return its report; raise what ended it early.

    Prefect keeps the parameters of a flow: what may be a secret in an address is kept out of them.
    """
    told = [concealed(path) for path in paths]
    validator.start()
    warm_up()
    with without_collecting():
        from flows.ingest import ingest  # noqa: PLC0415  # imports prefect, while the validator imports what it needs

    with _terminal() if sys.stderr.isatty() else _pipe(), _server_named():
        _start_server()
        state = ingest(told, lake, wait_seconds=wait_seconds, level=level, return_state=True)
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return cast("Report", result)


def _start_server() -> None:
    """Start the server that Prefect starts for a run where none is named, out of the reach of Ctrl-C.

    A run that is interrupted still reports to it, and where it does not answer Prefect asks for a minute.
    """
    from prefect.settings import get_current_settings  # noqa: PLC0415  # takes a second

    settings = get_current_settings()
    if settings.api.url is not None or not settings.server.ephemeral.enabled:
        return
    from prefect.server.api.server import SubprocessASGIServer  # noqa: PLC0415  # takes three, which Prefect pays then anyway

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a new process inherits what is blocked
    try:
        SubprocessASGIServer().start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _server_named() -> Iterator[None]:
    """Say what it means when the server that Prefect starts for a run does not answer."""
    try:
        yield
    except RuntimeError as error:
        if "API server" not in str(error):
            raise
        hint = "run again when the machine is less busy, or name a running server in PREFECT_API_URL"
        raise PaperlakeError("the server that Prefect starts for a run does not answer", hint=hint) from error


@contextmanager
def _pipe() -> Iterator[None]:
    """Print one plain line per stage to standard error."""
    watch(lambda step: print(step.line, file=sys.stderr, flush=True) if step.line else None)  # noqa: T201
    yield


@contextmanager
def _terminal() -> Iterator[None]:
    """Show a live display on the terminal, and leave one line per stage behind."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as display:
        shown = display.add_task("starting Prefect", total=None)

        def show(step: Step) -> None:
            if step.line:
                display.console.print(step.line, markup=False)
            elif step.done:
                display.advance(shown, step.done)
            else:
                display.reset(shown, description=step.stage, total=step.total or None)

        watch(show)
        yield
