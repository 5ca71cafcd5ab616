"""The ingest flow: from dump files to a published batch.

    find --> (fetch) --> (unpack) --> read --> normalize --> check --> [ lock: resolve --> publish ] --> report
             elsewhere   archives     each dump apart            '--> validate, beside -----^

What is written before the lock is staged in a folder of the run's own and costs nothing when the
run dies. The batch is published whole or not at all.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from prefect import Task, flow, runtime, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from flows import tasks
from flows.report import Report, publish_artifacts
from flows.settings import DEFAULT_LAKE, DEFAULT_WAIT_SECONDS, VERSION
from warehouse import fetch, validator
from warehouse.batch import Batch, Run, judge, without_published
from warehouse.lake import lake_at
from warehouse.ledger import add_fetched, add_members
from warehouse.locking import writer_lock
from warehouse.members import give_up
from warehouse.opening import held_open
from warehouse.seen import note_seen
from warehouse.settings import level_named
from warehouse.staging import refuse, staging_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prefect.client.schemas.objects import State

    from warehouse.lake import Lake
    from warehouse.ledger import NewDump, NewDumps

T = TypeVar("T")
U = TypeVar("U")

READERS_AT_ONCE = 2
"""Dumps read at the same time: parsing is Python, and Polars beside it uses the other cores."""

TASKS = 8
"""Tasks among which the dumps are divided, where there are many."""

DUMPS_OF_A_TASK = 32
"""Dumps that one task reads at most: what Prefect shows of a run stays worth looking at."""


def name_run() -> str:
    """Name a flow run by what it reads and when: ingest landing 2026-03-11 09:30:00."""
    paths = [Path(path).name or path for path in runtime.flow_run.parameters.get("paths", [])]
    shown = paths[0] if len(paths) == 1 else f"{len(paths)} paths"
    return f"ingest {shown} {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}"


@flow(flow_run_name=name_run, task_runner=ThreadPoolTaskRunner(max_workers=READERS_AT_ONCE))  # type: ignore[arg-type]  # the runner is generic in its future
def ingest(
    paths: list[str],
    lake: str = DEFAULT_LAKE,
    *,
    is_scheduled: bool = False,
    wait_seconds: float = DEFAULT_WAIT_SECONDS,
    level: str | None = None,
) -> State[Any]:
    """Ingest the new dumps among `paths` (files, folders, globs, addresses) into the lake at `lake`, a folder or what tells of a shared one.

    Dumps that cannot be used are refused with their reason and the others go in; the flow run
    then ends as failed. A run that `is_scheduled` does not try dumps again that were refused
    before, and takes an empty folder as it is. `level` is that of a lake that is made by this run;
    one that is there must have it.
    """
    place, run = lake_at(lake, level_named(level)), _begin()
    report = Report(run)
    with validator.waiting():
        with report.stage("find") as stage:
            report.landing, report.new = tasks.find(paths, place, is_scheduled=is_scheduled)
            found = len(report.landing.files) + len(report.landing.remote)
            stage.count(found, len(report.new.dumps) + len(report.new.remote), len(report.new.problems))
        if report.new.dumps or report.new.archives or report.new.remote:
            with staging_folder(place, run.run_id) as staging:
                if report.new.remote:
                    _fetch(report, report.new, place, staging)
                if report.new.archives:
                    _unpack(report, report.new, staging)
                if report.new.dumps or report.archives:
                    _ingest_new(report, report.new.dumps, place, staging, wait_seconds)
    publish_artifacts(report)
    return report.as_state()


def _fetch(report: Report, new: NewDumps, lake: Lake, staging: Path) -> None:
    with report.stage("fetch", total=len(new.remote)) as stage:
        fetched = _divided(tasks.fetch_part, tasks.fetch, new.remote, staging, fetch.give_up)
        add_fetched(new, fetched)
        note_seen(lake, fetched)
        refused = sum(one.problem is not None for one in fetched)
        stage.count(len(fetched), len(fetched) - refused, refused)


def _unpack(report: Report, new: NewDumps, staging: Path) -> None:
    with report.stage("unpack", total=len(new.archives)) as stage:
        report.archives = _each(tasks.unpack, new.archives, staging, give_up)
        add_members(new, report.archives)
        members, refused = (sum(len(getattr(a, name)) for a in report.archives) for name in ("members", "problems"))
        stage.count(members + refused, members, refused)


def _ingest_new(report: Report, dumps: Sequence[NewDump], lake: Lake, staging: Path, wait_seconds: float) -> None:
    run = report.run
    with report.stage("read", total=len(dumps)) as stage:
        staged = _divided(tasks.read_part, tasks.read, dumps, staging, refuse)
        records, rejects = sum(dump.records_read for dump in staged), sum(dump.rejects_read for dump in staged)
        stage.count(records + rejects, records, rejects)
    with report.stage("normalize") as stage:
        normalized = tasks.normalize(staged, staging, run)
        stage.count(records, sum(dump.records_read for dump in normalized.dumps))
    with report.stage("check") as stage:
        found = tasks.check(normalized, run)
        report.batch = judge(staged, found, report.archives)
        stage.count(records, report.total("records_kept"), records - report.total("records_kept"))
    validation = tasks.validate.submit(normalized, found, lake, run)  # beside what follows
    with writer_lock(lake.lock, owner=run.flow_run_name, wait_seconds=wait_seconds), held_open(lake):
        report.batch = without_published(report.batch, lake)
        with report.stage("resolve") as stage:
            report.resolution = tasks.resolve(report.batch, lake, staging, run)
            stage.count(report.total("records_kept"), report.resolution.new_papers + report.resolution.known_papers)
        with report.stage("validate") as stage:
            checks = validation.result()
            stage.count(records, report.total("records_kept"), records - report.total("records_kept"))
        if report.batch.lines or report.batch.archives:
            _publish(report, report.batch, lake, checks)


def _publish(report: Report, batch: Batch, lake: Lake, checks: Path) -> None:
    with report.stage("publish") as stage:
        tasks.publish(
            batch,
            report.resolution,
            lake,
            run=report.run,
            seconds=report.seconds,
            problems=report.problems,
            checks=checks,
        )
        stage.count(len(batch.lines), len(batch.accepted), len(batch.refused))


def _divided(
    part: Task[..., list[T | None]],
    single: Task[..., T],
    things: Sequence[U],
    staging: Path,
    give_up: Callable[[U, Exception, Path], T],
) -> list[T]:
    """Do the dumps; of many, a few to a task, because a task of Prefect takes as long as 200 records."""
    size = min(max(len(things) // TASKS, 1), DUMPS_OF_A_TASK)
    parts = [things[start : start + size] for start in range(0, len(things), size)]
    done = [one for some in part.map(parts, staging=unmapped(staging)).result() for one in some]
    failed = [thing for thing, one in zip(things, done, strict=True) if one is None]
    again = iter(_each(single, failed, staging, give_up))
    return [one or next(again) for one in done]


def _begin() -> Run:
    started_at = dt.datetime.now(dt.UTC)
    return Run(str(runtime.flow_run.id), str(runtime.flow_run.name), VERSION, started_at)


def _each(task: Task[..., T], dumps: Sequence[U], staging: Path, give_up: Callable[[U, Exception, Path], T]) -> list[T]:
    """Do the dumps, each in a task of its own; one that fails for good is refused, not fatal."""
    futures = task.map(dumps, staging=unmapped(staging))
    results: list[Any] = [future.result(raise_on_failure=False) for future in futures]
    return [
        give_up(dump, result, staging) if isinstance(result, Exception) else result
        for dump, result in zip(dumps, results, strict=True)
    ]
