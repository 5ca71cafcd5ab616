"""The tasks of the ingest flow: each wraps one step of the warehouse, with names and retries.

Tasks hand on places and counts. Reading is retried, because landing folders lie on disks and
networks that fail for a moment; the other steps fail for reasons that a second try does not mend,
and publishing has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run

from flows.progress import Step, tell
from warehouse.batch import Batch, Run, StageSeconds, publish_batch, resolve_batch
from warehouse.contract import SplitBatch, agree, split_dumps
from warehouse.durable import write_whole
from warehouse.fetch import Fetched
from warehouse.fetch import fetch as fetch_file
from warehouse.landing import Landing, find_dumps
from warehouse.ledger import NewDump, NewDumps, find_new
from warehouse.members import UnpackedArchive, unpack_archive
from warehouse.reader_packages import installed_readers
from warehouse.staging import normalize_staged, stage_dump
from warehouse.validator import validate_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from warehouse.lake import Lake
    from warehouse.remote import RemoteFile
    from warehouse.resolve import Resolution
    from warehouse.staged import StagedBatch, StagedDump

T = TypeVar("T")
U = TypeVar("U")


def _is_passing(_task: object, _run: object, state: Any) -> bool:
    """Retry only what the disk or the network did, not what is wrong with the dump."""
    return isinstance(state.result(raise_on_failure=False), OSError)


_PATIENT: Final[dict[str, Any]] = {
    "cache_policy": NO_CACHE,
    "retries": 2,
    "retry_delay_seconds": [1, 10],
    "retry_condition_fn": _is_passing,
}
"""Options of the tasks whose work the disk or the network may stop for a moment."""


def _named(verb: str, things: Sequence[NewDump] | Sequence[RemoteFile]) -> str:
    return f"{verb} {things[0].name}" + (f" and {len(things) - 1} more" if len(things) > 1 else "")


def _told(stage: str, done: T) -> T:
    """Tell that one more is done; give what was done."""
    tell(Step(stage, done=1))
    return done


def _tried(stage: str, work: Callable[[U, Path], T], things: Sequence[U], staging: Path) -> list[T | None]:
    """Do a few things; None stands for one that failed, and is to be tried by itself."""
    return [_tried_once(stage, work, thing, staging) for thing in things]


def _tried_once(stage: str, work: Callable[[U, Path], T], thing: U, staging: Path) -> T | None:
    try:
        done = work(thing, staging)
    except Exception:  # noqa: BLE001  # the patient task of the stage tries it again, and raises it if it stays
        return None
    return _told(stage, done)


@task(cache_policy=NO_CACHE, task_run_name="find dumps")
def find(paths: Sequence[str], lake: Lake, *, is_scheduled: bool) -> tuple[Landing, NewDumps]:
    """Find the dump files below `paths`, and tell the new ones; fail at once where a reader cannot be used."""
    installed_readers()
    landing = find_dumps(paths, outside=lake.root, outside_address=lake.address, may_be_empty=is_scheduled)
    return landing, find_new(landing.files, lake, retry_failed=not is_scheduled, remote=landing.remote)


@task(cache_policy=NO_CACHE, task_run_name=lambda: _named("fetch", task_run.parameters["files"]))
def fetch_part(files: Sequence[RemoteFile], staging: Path) -> list[Fetched | None]:
    """Fetch a few files that lie elsewhere; None stands for one that failed, and is to be tried by itself."""
    return _tried("fetch", fetch_file, files, staging)


@task(task_run_name="fetch {file.name}", **_PATIENT)
def fetch(file: RemoteFile, staging: Path) -> Fetched:
    """Fetch one file that lies elsewhere, with patience."""
    return _told("fetch", fetch_file(file, staging))


@task(task_run_name="unpack {archive.name}", **_PATIENT)
def unpack(archive: NewDump, staging: Path) -> UnpackedArchive:
    """Unpack one archive; each of its members is a dump."""
    return _told("unpack", unpack_archive(archive, staging))


@task(cache_policy=NO_CACHE, task_run_name=lambda: _named("read", task_run.parameters["dumps"]))
def read_part(dumps: Sequence[NewDump], staging: Path) -> list[StagedDump | None]:
    """Read a few dumps into staged Parquet; None stands for one that failed, and is to be tried by itself."""
    return _tried("read", stage_dump, dumps, staging)


@task(task_run_name="read {dump.name}", **_PATIENT)
def read(dump: NewDump, staging: Path) -> StagedDump:
    """Read one dump into staged Parquet, with patience."""
    return _told("read", stage_dump(dump, staging))


@task(cache_policy=NO_CACHE, task_run_name="normalize {run.flow_run_name}")
def normalize(staged: Sequence[StagedDump], staging: Path, run: Run) -> StagedBatch:  # noqa: ARG001  # the run names the task
    """Bring the entries of all readable dumps into one form."""
    return normalize_staged(staged, staging)


@task(cache_policy=NO_CACHE, task_run_name="check {run.flow_run_name}")
def check(staged: StagedBatch, run: Run) -> SplitBatch:
    """Hold the readable dumps to the contract: split off the rows that break it, judge each dump."""
    return split_dumps(staged, today=run.started_at.date())


@task(cache_policy=NO_CACHE, task_run_name="validate {run.flow_run_name}")
def validate(staged: StagedBatch, found: SplitBatch, lake: Lake, run: Run) -> Path:
    """Have Great Expectations check the same, and write its outcomes; fail where the two disagree."""
    checks = staged.folder / "checks.parquet"
    with lake.docs_at_work() as docs:
        validated = validate_beside(staged, found, run_id=run.run_id, docs=docs)
    write_whole(agree(found, validated, run_id=run.run_id), checks)
    return checks


@task(cache_policy=NO_CACHE, task_run_name="resolve {run.flow_run_name}")
def resolve(batch: Batch, lake: Lake, staging: Path, run: Run) -> Resolution:
    """Decide which papers the new records speak of."""
    return resolve_batch(batch, lake, staging / "resolved", run)


@task(cache_policy=NO_CACHE, task_run_name="publish {run.flow_run_name}")
def publish(
    batch: Batch,
    resolution: Resolution,
    lake: Lake,
    *,
    run: Run,
    seconds: StageSeconds,
    problems: Sequence[str],
    checks: Path,
) -> None:
    """Put the batch into the lake in one transaction."""
    publish_batch(batch, resolution, lake, run=run, seconds=seconds, problems=problems, checks=checks)
