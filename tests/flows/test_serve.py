"""Scheduled runs against a real Prefect server: what is dropped comes in, what is bad is said, nothing stays behind."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from pipeline import Pipeline
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from serving import Serving, command_of, environment_of, serving, wait_until

from flows.serve import Served
from warehouse.lake import Lake

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from prefect.client.schemas.objects import FlowRun

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration

EVERY = "3s"
BINARY = b"\x7fNOTAPAPER\x00\x01\x02" * 200


def dump(topic: str) -> str:
    return (
        "id,title,abstract\n"
        f"{topic}-1,The {topic} of deep lakes,We measure the {topic} of lakes over a year.\n"
        f"{topic}-2,Rivers without {topic},No {topic} was found in the rivers that we know.\n"
    )


def titles(served: Serving) -> set[str]:
    if not (served.lake / "catalog.sqlite").exists():
        return set()
    return {row["title"] for row in Pipeline(served.lake).rows("SELECT title FROM records")}


class Deployment:
    """What a Prefect server knows of a served folder, and what a person can tell it there."""

    def __init__(self, client: SyncPrefectClient, served: Serving) -> None:
        name = Served(str(served.landing), Lake(served.lake), EVERY).name
        self.client = client
        self.id = client.read_deployment_by_name(f"ingest/{name}").id

    def runs(self) -> list[FlowRun]:
        return self.client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[self.id])))

    def running(self) -> list[FlowRun]:
        return [run for run in self.runs() if run.state is not None and run.state.is_running()]

    def tick(self) -> None:
        """Have a run be due now."""
        self.client.create_flow_run_from_deployment(self.id)

    def stop_ticking(self) -> None:
        """Pause the schedule and wait until no run is under way: each costs more than what a test looks at."""
        self.client.pause_deployment(self.id)
        wait_until(
            lambda: all(run.state is not None and run.state.is_final() for run in self.runs()),
            lambda: "no run under way",
        )


def test_what_is_dropped_comes_in_and_what_is_bad_is_told(
    environment: dict[str, str], prefect_server: str, paperlake: Command, tmp_path: Path
) -> None:
    """One after the other on one served folder: every run is a process of its own, and costs seconds."""
    with (
        serving(tmp_path, environment, "--every", EVERY) as served,
        SyncPrefectClient(prefect_server) as client,
    ):
        deployment = Deployment(client, served)
        an_upload_under_way_is_left_until_it_is_whole(served)
        a_bad_dump_fails_one_run(served, deployment)
        deployment.stop_ticking()
        the_folder_is_not_served_twice(served, paperlake)
        runs_are_never_two_at_once_and_a_killed_one_is_told(served, deployment)
        the_next_run_goes_on(served, deployment)
        assert served.stop(signal.SIGINT) == 0


def an_upload_under_way_is_left_until_it_is_whole(served: Serving) -> None:
    part = served.landing / "half.csv.part"
    part.write_text(dump("ice"))
    served.wait_for("done", "0 new dumps")
    assert titles(served) == set()
    part.rename(served.landing / "half.csv")
    served.wait_for("done", "1 new dumps", "2 kept", "0 refused")
    assert "The ice of deep lakes" in titles(served)


def a_bad_dump_fails_one_run(served: Serving, deployment: Deployment) -> None:
    served.drop("bad.csv", BINARY)
    served.wait_for("failed", "1 refused")
    served.wait_for("refused: bad.csv")
    told = [run.state.message for run in deployment.runs() if run.state is not None and run.state.is_failed()]
    assert [message for message in told if message and "bad.csv: " in message]


def runs_are_never_two_at_once_and_a_killed_one_is_told(served: Serving, deployment: Deployment) -> None:
    before = len(served.lines())
    with served.busy_lake():
        served.drop("mud.csv", dump("mud"))
        deployment.tick()
        wait_until(deployment.running, lambda: "a run")
        for number in range(1, 3):
            deployment.tick()
            wait_until(lambda n=number: len(skipped(served, before)) >= n, lambda: "a tick that is skipped")
            assert len(deployment.running()) == 1
        (pid,) = [pid for pid, command in served.children().items() if "spawn_main" in command]
        os.kill(pid, signal.SIGKILL)
        served.wait_for("died", "-9", after=before)
    assert "The mud of deep lakes" not in titles(served)


def the_next_run_goes_on(served: Serving, deployment: Deployment) -> None:
    before = len(served.lines())
    deployment.tick()
    served.wait_for("done", "1 new dumps", "0 refused", after=before)
    assert "The mud of deep lakes" in titles(served)


def the_folder_is_not_served_twice(served: Serving, paperlake: Command) -> None:
    second = paperlake("serve", served.landing, "--lake", served.lake, "--every", "1h")
    assert second.returncode == 3
    assert "being served already" in second.stderr


def skipped(served: Serving, before: int) -> list[str]:
    return [line for line in served.lines()[before:] if "skipped" in line]


def test_a_server_that_does_not_answer_is_named(installed_paperlake: Command, tmp_path: Path) -> None:
    lost = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = installed_paperlake("serve", tmp_path, "--lake", tmp_path / "lake", env=lost)
    assert done.returncode == 3
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_server_it_brings_its_own_and_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    alone = {name: value for name, value in environment.items() if name not in {"PREFECT_API_URL", "DO_NOT_TRACK"}}
    alone["PREFECT_HOME"] = str(tmp_path / "home")
    with serving(tmp_path, alone, "--every", "1h", dump=dump("sand")) as served:
        started = wait_until(lambda: spawned(served), lambda: "the first run")
        for pid in started:
            told = environment_of(pid)
            assert told["DO_NOT_TRACK"] == "1"
            assert told["PREFECT_SERVER_ANALYTICS_ENABLED"] == told["GX_ANALYTICS_ENABLED"] == "false"
        served.wait_for("done", "1 new dumps")
        children = served.children()
        assert [command for command in children.values() if "flows.local_server" in command]
        assert served.stop(signal.SIGTERM) == 0
        wait_until(lambda: not living(children), lambda: f"the end of {living(children)}")
        assert not [line for line in served.lines() if "Traceback" in line or "Warning" in line]


def living(processes: dict[int, str]) -> dict[int, str]:
    """Those of `processes` that still run the command that they ran."""
    return {pid: command for pid, command in processes.items() if command and command_of(pid) == command}


def spawned(served: Serving) -> list[int]:
    children = served.children()
    is_begun = any("spawn_main" in command for command in children.values())
    return [pid for pid, command in children.items() if command] if is_begun else []
