"""What is served, without serving it: schedules, names, and the deployment file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled, Completed, Crashed, Failed
from prefect.utilities.importtools import import_object

from flows.ingest import ingest
from flows.news import SLOT_TAKEN, lines_of
from flows.serve import ONE_AT_A_TIME, Served, landing_of, parse_cron, parse_interval
from transforms.errors import UsageError
from warehouse.lake import Lake


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(" 15 m ", 900), ("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86400)],
    ids=["spaces", "seconds", "minutes", "hours", "days"],
)
def test_intervals_are_read(text: str, seconds: int) -> None:
    assert parse_interval(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0m", "-5m", "1.5h", "15", "m", "", "15 minutes", "1h30m", "٣m\n5"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="15m"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["", "every day", "61 * * * *", "* * *"])
def test_what_is_no_cron_expression_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cron"):
        parse_cron(text)


def test_a_cron_expression_is_taken_as_it_stands() -> None:
    assert parse_cron("0 6 * * mon-fri") == "0 6 * * mon-fri"


def served(landing: str = "/data/landing", lake: str = "/data/lake") -> Served:
    return Served(landing, Lake(Path(lake)), "15m")


def test_folders_of_one_name_are_deployments_of_their_own() -> None:
    assert served("/a/landing").name != served("/b/landing").name
    assert served(lake="/a").name != served(lake="/b").name
    assert served().name == served().name


@pytest.mark.parametrize("name", ["a/b", "50%", "naïve dumps", "..", ".py"])
def test_a_deployment_has_a_name_that_prefect_takes(name: str) -> None:
    made = served(f"/data/{name}").name
    assert not set(made) & set("/%&<> ."), made


def test_an_address_is_served_as_it_stands() -> None:
    assert landing_of("https://host/dumps/2026") == "https://host/dumps/2026"
    assert landing_of("s3://bucket/dumps") == "s3://bucket/dumps"
    assert served("https://host/dumps").name.startswith("pull-dumps-")


@pytest.mark.parametrize("landing", ["https://host/?key=4f1c2a", "https://me:4f1c2a@host/", "ftp://host/", "/missing"])
def test_a_landing_folder_that_cannot_be_served_is_refused_without_its_secrets(landing: str) -> None:
    with pytest.raises(UsageError) as refused:
        landing_of(landing)
    assert "4f1c2a" not in str(refused.value)


def test_a_short_interval_is_looked_at_more_often() -> None:
    assert Served("a", Lake(Path("b")), "4s").look_seconds == 2
    assert Served("a", Lake(Path("b")), "15m").look_seconds == 10
    assert Served("a", Lake(Path("b")), "4s", "0 6 * * *").look_seconds == 10


ENDED = dt.datetime(2026, 3, 11, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Cancelled(message=SLOT_TAKEN), ["skipped    the run before it is still under way"]),
        (Cancelled(message="stopped"), ["cancelled  stopped"]),
        (Crashed(message="signal 9"), ["died       signal 9"]),
        (Failed(message="1 in\nb.bin: binary"), ["failed     1 in", "refused: b.bin: binary"]),
        (Completed(message="2 new"), ["done       2 new"]),
        (Failed(message=None), ["failed     "]),
    ],
    ids=["skipped", "cancelled", "crashed", "refused", "done", "nothing said"],
)
def test_each_end_of_a_run_is_told(state: Any, said: list[str]) -> None:
    run = FlowRun(flow_id="00000000-0000-0000-0000-000000000000", state=state, end_time=ENDED)
    first, *others = lines_of(run)
    at = ENDED.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert [first.removeprefix(f"{at}  "), *(other.strip() for other in others)] == said


@pytest.fixture
def deployment(repository: Path) -> dict[str, Any]:
    (found,) = yaml.safe_load((repository / "prefect.yaml").read_text())["deployments"]
    return dict(found)


def test_the_deployment_file_names_the_flow(deployment: dict[str, Any]) -> None:
    assert import_object(deployment["entrypoint"]) is ingest


def test_the_deployment_file_fits_the_flow(deployment: dict[str, Any]) -> None:
    parameters = deployment["parameters"]
    assert ingest.validate_parameters(parameters) | parameters == ingest.validate_parameters(parameters)
    assert parameters == {"paths": ["landing"], "lake": "lake", "is_scheduled": True}


def test_the_deployment_file_runs_one_at_a_time(deployment: dict[str, Any]) -> None:
    assert deployment["concurrency_limit"] == ONE_AT_A_TIME.model_dump(mode="json", exclude_none=True)


def test_the_deployment_file_keeps_telemetry_off(deployment: dict[str, Any]) -> None:
    told = deployment["work_pool"]["job_variables"]["env"]
    assert told["DO_NOT_TRACK"] == "1"
    assert told["GX_ANALYTICS_ENABLED"] == told["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_the_deployment_file_holds_no_path_of_a_machine(repository: Path) -> None:
    lines = (repository / "prefect.yaml").read_text().splitlines()
    assert not [line for line in lines if "/" in line.partition("#")[0]]
