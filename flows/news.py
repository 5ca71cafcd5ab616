"""How the runs of one deployment ended, as the Prefect server knows it, for people at a console."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from httpx import HTTPError
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException
from prefect.states import Crashed

from flows.show import plain

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

UNDER_WAY: Final = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]

WORDS: Final = {
    StateType.COMPLETED: "done",
    StateType.FAILED: "failed",
    StateType.CRASHED: "died",
    StateType.CANCELLED: "cancelled",
}


class News:
    """Tells the end of each run once; the server's clock counts, not ours."""

    def __init__(self, client: SyncPrefectClient, deployment_id: UUID) -> None:
        self._client = client
        self._deployment_id = deployment_id
        self._since = client.read_deployment(deployment_id).updated
        self._told: set[UUID] = set()

    def tell(self) -> None:
        """Print one line per run that has ended, and one per dump that it refused.

        A server that does not answer just now is asked again the next time.
        """
        try:
            runs = self._ended()
        except (HTTPError, PrefectException):
            return
        for run in runs:
            if run.id not in self._told:
                self._told.add(run.id)
                for line in lines_of(run):
                    say(line)

    def bury_dead_runs(self) -> None:
        """Mark as crashed what a server or a runner that was killed left under way, so that it blocks nobody."""
        under_way = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))
        for run in self._read(state=under_way):
            self._client.set_flow_run_state(run.id, Crashed(message="`paperlake serve` ended before this run did"))
            self._told.add(run.id)

    def _ended(self) -> list[FlowRun]:
        ended = FlowRunFilterState(type=FlowRunFilterStateType(any_=sorted(TERMINAL_STATES)))
        runs = self._read(state=ended, end_time=FlowRunFilterEndTime(after_=self._since))
        return sorted(runs, key=lambda run: str(run.end_time))

    def _read(self, **filters: object) -> list[FlowRun]:
        wanted = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[self._deployment_id]), **filters)
        return self._client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=50)


def lines_of(run: FlowRun) -> list[str]:
    """Say how a run ended: one line, and one more for each thing that it refused."""
    if run.state is None or run.end_time is None:
        return []
    headline, *problems = (run.state.message or "").splitlines() or [""]
    at = run.end_time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if run.state.type == StateType.CANCELLED and run.start_time is None:
        return [f"{at}  skipped    the run before it is still under way"]
    return [f"{at}  {WORDS[run.state.type]:<9}  {headline}", *(f"  refused: {problem}" for problem in problems)]


def say(text: str) -> None:
    """Print one line for people, whatever stands in it."""
    print(plain(text).plain, file=sys.stderr, flush=True)  # noqa: T201  # the console of `paperlake serve`
