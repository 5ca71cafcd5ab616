"""Scheduled runs against a real Prefect server: what is dropped comes in, what is bad is said, nothing stays behind."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from pipeline import Pipeline
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from serving import Serving, command_of, environment_of, serving, wait_until

from flows.serve import Served
from warehouse.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prefect.client.schemas.objects import FlowRun

pytestmark = pytest.mark.integration

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


@pytest.fixture(scope="module")
def served(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One served folder for all tests of this file, each with dumps of its own."""
    with serving(tmp_path_factory.mktemp("served"), environment, "--every", "2s") as made:
        yield made
        assert made.stop(signal.SIGINT) == 0


@pytest.fixture
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    with SyncPrefectClient(prefect_server) as made:
        yield made


def runs(client: SyncPrefectClient, served: Serving) -> list[FlowRun]:
    name = Served(served.landing, Lake(served.lake), "2s").name
    return client.read_flow_runs(deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[name])))


def running(client: SyncPrefectClient, served: Serving) -> list[FlowRun]:
    return [run for run in runs(client, served) if run.state is not None and run.state.is_running()]


def test_a_dropped_dump_is_in_the_lake_after_the_next_tick(served: Serving) -> None:
    before = len(served.lines())
    served.drop("salt.csv", dump("salt"))
    served.wait_for("done", "1 new dumps", "2 kept", after=before)
    assert "The salt of deep lakes" in titles(served)


def test_a_bad_dump_fails_one_run_and_the_next_goes_on(served: Serving, client: SyncPrefectClient) -> None:
    before = len(served.lines())
    served.drop("bad.csv", BINARY)
    served.wait_for("failed", "1 refused", after=before)
    served.wait_for("refused: bad.csv", after=before)
    told = [run.state.message for run in runs(client, served) if run.state is not None and run.state.is_failed()]
    assert [message for message in told if message and "bad.csv: " in message]
    served.drop("silt.csv", dump("silt"))
    served.wait_for("done", "1 new dumps", "0 refused", after=before)
    assert "The silt of deep lakes" in titles(served)


def test_an_upload_under_way_is_left_until_it_is_whole(served: Serving) -> None:
    before = len(served.lines())
    part = served.landing / "half.csv.part"
    part.write_text(dump("ice"))
    served.wait_for("done", "0 new dumps", after=before)
    assert "The ice of deep lakes" not in titles(served)
    part.rename(served.landing / "half.csv")
    served.wait_for("done", "1 new dumps", after=before)
    assert "The ice of deep lakes" in titles(served)


def test_runs_are_never_two_at_once(served: Serving, client: SyncPrefectClient) -> None:
    before = len(served.lines())
    with served.busy_lake():
        served.drop("mud.csv", dump("mud"))
        wait_until(lambda: running(client, served), lambda: "a run")
        for number in range(1, 4):
            wait_until(lambda n=number: len(skipped(served, before)) >= n, lambda: "a tick that is skipped")
            assert len(running(client, served)) <= 1
    served.wait_for("done", "1 new dumps", after=before)
    assert "The mud of deep lakes" in titles(served)


def skipped(served: Serving, before: int) -> list[str]:
    return [line for line in served.lines()[before:] if "skipped" in line]


def test_a_run_that_is_killed_is_told_and_blocks_nobody(served: Serving, client: SyncPrefectClient) -> None:
    before = len(served.lines())
    with served.busy_lake():
        served.drop("moss.csv", dump("moss"))
        wait_until(lambda: skipped(served, before) and running(client, served), lambda: "a run that waits")
        (pid,) = [pid for pid, command in served.children().items() if "spawn_main" in command]
        os.kill(pid, signal.SIGKILL)
        served.wait_for("died", "-9", after=before)
    served.wait_for("done", "1 new dumps", after=before)
    assert "The moss of deep lakes" in titles(served)


def test_a_folder_is_not_served_twice(served: Serving, installed_paperlake: object) -> None:
    second = installed_paperlake("serve", served.landing, "--lake", served.lake, "--every", "1h")  # type: ignore[operator]
    assert second.returncode == 3
    assert "being served already" in second.stderr


def test_a_server_that_does_not_answer_is_named(installed_paperlake: object, tmp_path: Path) -> None:
    lost = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = installed_paperlake("serve", tmp_path, "--lake", tmp_path / "lake", env=lost)  # type: ignore[operator]
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
