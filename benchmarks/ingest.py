"""Measure what an ingest costs: start-up, volume, and a small dump into a large lake.

    .venv/bin/python benchmarks/ingest.py [--runs 3]

Every figure stands beside its floor of the same session: an empty Prefect flow of two tasks,
started the same way, the same dump into an empty lake, or one record. Prints a Markdown table, and
how fast the machine is while it measures: compare figures of different sessions by that.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import generate_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BIN: Final = Path(sys.executable).parent
SHARED: Final = Path(__file__).parents[2] / "shared" / "corpus"
QUIET: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # as paperlake sets it, for the empty flow too
}
LARGE_LAKE: Final = 125_000
"""Generated records in the large lake: about 100,000 papers."""

EMPTY_FLOW: Final = """
from prefect import flow, task

@task
def first(number): return number

@task
def second(number): return number

@flow
def empty(): return second(first(1))

empty()
"""


def main() -> None:
    """Run every measurement and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each start-up measurement")
    runs = parser.parse_args().runs
    print("| measured | figure | floor | over the floor |\n|---|---:|---:|---:|")
    print(f"| ten million additions in Python | {additions():.2f} s | | |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = {**os.environ, **QUIET, "PREFECT_HOME": str(place / "prefect")}
        environment.pop("PREFECT_API_URL", None)
        wall([sys.executable, "-c", EMPTY_FLOW], environment)  # makes Prefect's database
        measure_start("five dumps, no server", place, environment, runs)
        with prefect_server(environment) as with_server:
            measure_start("five dumps, Prefect server running", place, with_server, runs)
            measure_volume(place, with_server, runs)
            measure_increment(place, with_server)
    print(f"| ten million additions, at the end | {additions():.2f} s | | |")


def additions() -> float:
    """Seconds that this machine takes for ten million additions in Python, now."""
    started = time.perf_counter()
    total = 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - started


def wall(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds that a command takes as a whole process."""
    started = time.perf_counter()
    subprocess.run(command, env=dict(environment), check=True, capture_output=True)
    return time.perf_counter() - started


def measure_start(name: str, place: Path, environment: Mapping[str, str], runs: int) -> None:
    """Compare an ingest of the real dumps with the empty flow, run by run in turn."""
    dumps = sorted(map(str, (SHARED / "hf_papers_text").glob("*.txt")))
    ours, floors = [], []
    for run in range(runs):
        floors.append(wall([sys.executable, "-c", EMPTY_FLOW], environment))
        lake = place / f"{name}-{run}"
        ours.append(wall([str(BIN / "paperlake"), "ingest", *dumps, "--lake", str(lake)], environment))
    row(name, statistics.median(ours), statistics.median(floors))


def measure_volume(place: Path, environment: Mapping[str, str], runs: int) -> None:
    """Measure records per second of the daily listings beyond the start-up: the same command with one of the records."""
    dumps = sorted((SHARED / "arxiv_daily_jsonl").glob("*.gz"))
    one = place / dumps[0].name.removesuffix(".gz")
    with gzip.open(dumps[0]) as first:
        one.write_bytes(first.readline())
    seconds, floors = [], []
    records, before = 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    for run in range(runs):
        floor, _ = timed_ingest([one], place / f"one-{run}", environment)
        took, stages = timed_ingest(dumps, place / f"volume-{run}", environment)
        records = stages["read"][0]
        floors.append(floor)
        seconds.append(took)
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1e6
    row(f"{records:,} daily listings (peak {peak:.2f} GB)", statistics.median(seconds), statistics.median(floors))
    beyond = statistics.median(took - floor for took, floor in zip(seconds, floors, strict=True))
    print(f"| the same, beyond one record | {records / beyond:,.0f} records/s | | |", flush=True)


def measure_increment(place: Path, environment: Mapping[str, str]) -> None:
    """Compare 650 new records into a large lake with the same into an empty one."""
    generated = generate_records.generate(LARGE_LAKE + 650, seed=7).drop("paper")
    large, small = place / "large.parquet", place / "small.parquet"
    generated.head(LARGE_LAKE).write_parquet(large)
    generated.tail(650).write_parquet(small)
    timed_ingest([large], place / "full", environment)
    into_full = stage_seconds([small], place / "full", environment)
    into_empty = stage_seconds([small], place / "empty", environment)
    row(f"650 records into a lake of {LARGE_LAKE:,}", into_full, into_empty)


def timed_ingest(
    paths: Sequence[Path], lake: Path, environment: Mapping[str, str]
) -> tuple[float, dict[str, tuple[int, float]]]:
    """Ingest through the command line; give the seconds of the whole process, and what went in and the seconds per stage."""
    command = [str(BIN / "paperlake"), "ingest", *map(str, paths), "--lake", str(lake)]
    started = time.perf_counter()
    done = subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True)
    took = time.perf_counter() - started
    lines = re.findall(r"^(\w+)\s+in\s+([\d,]+).*?([\d.]+) s$", done.stderr, re.MULTILINE)
    return took, {stage: (int(given.replace(",", "")), float(seconds)) for stage, given, seconds in lines}


def stage_seconds(paths: Sequence[Path], lake: Path, environment: Mapping[str, str]) -> float:
    """Ingest, and give the seconds of all stages together."""
    return sum(took for _, took in timed_ingest(paths, lake, environment)[1].values())


@contextmanager
def prefect_server(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start a Prefect server on a free port of loopback; yield the environment that finds it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    server = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_for(f"{url}/health")
        yield {**environment, "PREFECT_API_URL": url}
    finally:
        server.terminate()
        server.wait()


def wait_for(url: str, seconds: float = 300) -> None:
    """Wait until a server answers."""
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  # loopback
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            return


def row(name: str, figure: float, floor: float) -> None:
    """Print one row of the table."""
    print(f"| {name} | {figure:.2f} s | {floor:.2f} s | {figure - floor:+.2f} s |", flush=True)


if __name__ == "__main__":
    main()
