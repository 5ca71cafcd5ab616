"""How the runs of one deployment ended, as the Prefect server knows it, for people at a console."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from httpx import HTTPError
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException
from prefect.states import Crashed

from flows.show import say

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


SLOT_TAKEN: Final = "Deployment concurrency limit reached."
"""What Prefect says of a run that was due while another one was under way."""


class News:
    """Tells the end of each run once; the server's clock counts, not ours."""

    def __init__(self, client: SyncPrefectClient, deployment_id: UUID) -> None:
        self._client = client
        self._deployment_id = deployment_id
        self._since = client.read_deployment(deployment_id).updated
        self._told: set[UUID] = set()
        self._answered_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """For how long the server has not answered."""
        return time.monotonic() - self._answered_at

    def tell(self) -> None:
        """Print one line per run that has ended, and one per dump that it refused.

        A server that does not answer just now is asked again the next time.
        """
        try:
            runs = self._ended()
        except (HTTPError, PrefectException):
            return
        self._answered_at = time.monotonic()
        for run in runs:
            if run.id not in self._told:
                self._told.add(run.id)
                for line in lines_of(run):
                    say(line)

    def clear(self) -> None:
        """Clear away what a runner that was killed left behind, so that it blocks nobody: runs under way, runs missed."""
        for run in self._read(UNDER_WAY):
            self._client.set_flow_run_state(run.id, Crashed(message="`paperlake serve` ended before this run did"))
            self._told.add(run.id)
        missed = FlowRunFilterNextScheduledStartTime(before_=self._since)
        while runs := self._read([StateType.SCHEDULED], next_scheduled_start_time=missed):
            for run in runs:
                self._client.delete_flow_run(run.id)

    def _ended(self) -> list[FlowRun]:
        runs = self._read(sorted(TERMINAL_STATES), end_time=FlowRunFilterEndTime(after_=self._since))
        return sorted(runs, key=lambda run: str(run.end_time))

    def _read(
        self,
        states: list[StateType],
        *,
        end_time: FlowRunFilterEndTime | None = None,
        next_scheduled_start_time: FlowRunFilterNextScheduledStartTime | None = None,
    ) -> list[FlowRun]:
        wanted = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[self._deployment_id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            end_time=end_time,
            next_scheduled_start_time=next_scheduled_start_time,
        )
        return self._client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=50)


def lines_of(run: FlowRun) -> list[str]:
    """Say how a run ended: one line, and one more for each thing that it refused."""
    if run.state is None or run.end_time is None:
        return []
    headline, *problems = (run.state.message or "").splitlines() or [""]
    at = run.end_time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if run.state.type == StateType.CANCELLED and headline == SLOT_TAKEN:
        return [f"{at}  skipped    the run before it is still under way"]
    return [f"{at}  {WORDS[run.state.type]:<9}  {headline}", *(f"  refused: {problem}" for problem in problems)]
