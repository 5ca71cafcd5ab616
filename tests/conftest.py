"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from effort import EXAMPLES
from fault_table import table
from faults import WarmProcess
from forking import WarmCommandLine
from hypothesis import HealthCheck, settings
from once import made_once
from pipeline import Pipeline
from server import RUN_FOLDER, server_url, stop_server
from sharing import Servers, missing, servers, stop_servers
from site_of_dumps import Site, served

from warehouse import landing, remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., subprocess.CompletedProcess[Any]]

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"
PAPERLAKE = REPOSITORY / ".venv" / "bin" / "paperlake"

COMMAND_SECONDS = 600
"""How long a command of a test may take: for what hangs, not for what is slow on a busy machine."""

settings.register_profile(
    "paperlake", max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("paperlake")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # pytest-xdist's workers inherit the folder
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="paperlake-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(RUN_FOLDER))
        stop_server(folder)
        stop_servers(folder)
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = table(Path(os.environ[RUN_FOLDER]))
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="module", autouse=True)
def _forget_captures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let go of what the functions of a test file keep at hand: captures, most of the memory of a run."""
    yield
    for kept in vars(request.module).values():
        if hasattr(kept, "cache_clear") and kept.__module__ == request.module.__name__:
            kept.cache_clear()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the captures beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder of captures, ../shared, is not there")
    return SHARED


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the sample dumps."""
    return REPOSITORY / "samples"


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """An ingest without Prefect, into a new lake."""
    return Pipeline(tmp_path / "lake")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A landing folder behind http, and no patience with it."""
    monkeypatch.setattr(remote, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(landing, "WATCH_SECONDS", 0.0)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with served(tmp_path / "site") as made:
        yield made


@pytest.fixture(scope="session")
def sample_lake(samples: Path) -> Pipeline:
    """A lake of the samples, in four batches; only for reading, and one for all processes of the run."""

    def make(folder: Path) -> None:
        for path in (*sorted(samples.glob("hf-papers-*.txt")), samples):
            Pipeline(folder).ingest(path)

    return Pipeline(made_once("sample-lake", make))


@pytest.fixture(scope="session")
def prefect_server() -> str:
    """Address of a real Prefect server, one for all processes of the test run."""
    return server_url(Path(os.environ[RUN_FOLDER]))


@pytest.fixture(scope="session")
def sharing() -> Servers:
    """A real PostgreSQL and S3 server, one of each for all processes of the test run."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    return servers(Path(os.environ[RUN_FOLDER]))


@pytest.fixture(scope="session")
def environment(prefect_server: str) -> dict[str, str]:
    """The environment of a command: the server of the tests, no telemetry, no settings of the person who tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PAPERLAKE_"))}
    home = Path(os.environ[RUN_FOLDER]) / "client"
    return kept | {"PREFECT_API_URL": prefect_server, "PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", "COLUMNS": "200"}


@pytest.fixture(scope="session")
def warm(environment: dict[str, str]) -> Iterator[WarmProcess]:
    """A process that does things to lakes in children of its own."""
    with WarmProcess(Path(os.environ[RUN_FOLDER]), environment) as process:
        yield process


@pytest.fixture(scope="session")
def installed_paperlake(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run the installed command line to its end; `text=False` gives bytes."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(
        *arguments: object, cwd: Path = elsewhere, text: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[Any]:
        return subprocess.run(
            [str(PAPERLAKE), *map(str, arguments)],
            cwd=cwd,
            env=environment | (env or {}),
            capture_output=True,
            text=text,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def paperlake(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Run the command line to its end as `installed_paperlake` does, in a child of a warm process."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with WarmCommandLine(environment, tmp_path_factory.mktemp("said")) as warm:

        def run(
            *arguments: object, cwd: Path = elsewhere, text: bool = True, env: dict[str, str] | None = None
        ) -> subprocess.CompletedProcess[Any]:
            return warm.run(list(map(str, arguments)), cwd=cwd, env=env or {}, text=text, seconds=COMMAND_SECONDS)

        yield run
