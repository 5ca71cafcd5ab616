"""What a run did: one log line per stage, the artifacts in Prefect, and the table at the end.

The counts of a report always add up: read = kept + rejected, for each dump and for the run.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.progress import Step, tell
from warehouse.batch import NOTHING_RESOLVED, StageSeconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect.client.schemas.objects import State

    from warehouse.batch import Batch, Run
    from warehouse.landing import Landing
    from warehouse.ledger import NewDumps
    from warehouse.members import UnpackedArchive
    from warehouse.resolve import Resolution


@dataclass
class Stage:
    """One stage of a run: what went in, what came out, what was rejected, and how long it took."""

    name: str
    given: int = 0
    out: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def count(self, given: int, out: int, rejected: int = 0) -> None:
        """Set the three counts."""
        self.given, self.out, self.rejected = given, out, rejected

    def __str__(self) -> str:
        counts = f"in {self.given:>8,}  out {self.out:>8,}  rejected {self.rejected:>6,}"
        return f"{self.name:<9} {counts}  {self.seconds:7.2f} s"


@dataclass
class Report:
    """Everything that a run has to say, filled in as it goes."""

    run: Run
    stages: list[Stage] = field(default_factory=list)
    landing: Landing | None = None
    new: NewDumps | None = None
    archives: list[UnpackedArchive] = field(default_factory=list)
    batch: Batch | None = None
    resolution: Resolution = NOTHING_RESOLVED

    @contextmanager
    def stage(self, name: str, total: int = 0) -> Iterator[Stage]:
        """Time one stage, and log its line when it has ended."""
        stage = Stage(name)
        tell(Step(name, total=total))
        started = time.perf_counter()
        yield stage
        stage.seconds = time.perf_counter() - started
        self.stages.append(stage)
        get_run_logger().info(str(stage))
        tell(Step(name, total=total, line=str(stage)))

    @property
    def seconds(self) -> StageSeconds:
        """Seconds of the stages that the lake notes."""
        took = {stage.name: stage.seconds for stage in self.stages}
        return StageSeconds(
            read=took.get("read", 0.0) + took.get("normalize", 0.0),
            check=took.get("check", 0.0),
            resolve=took.get("resolve", 0.0),
        )

    @property
    def problems(self) -> list[str]:
        """Everything that was refused, and why: paths that cannot be used, and dumps."""
        found = [*(self.landing.problems if self.landing else ()), *(self.new.problems if self.new else ())]
        return [*map(str, found), *(line.error or "" for line in (self.batch.refused if self.batch else ()))]

    @property
    def known_dumps(self) -> int:
        """Dumps that were in the lake already."""
        return self.new.known if self.new else 0

    @property
    def left_for_later(self) -> list[str]:
        """Files whose upload was still under way."""
        return [str(path) for path in self.landing.left_for_later] if self.landing else []

    def total(self, count: str) -> int:
        """Sum one of the counts over the dumps that went in."""
        return self.batch.total(count) if self.batch else 0

    @property
    def published(self) -> int:
        """Number of dumps that went in."""
        return len(self.batch.accepted) if self.batch else 0

    @property
    def headline(self) -> str:
        """The run in one sentence."""
        return (
            f"{self.published} new dumps, {self.known_dumps} known, {len(self.problems)} refused; "
            f"{self.total('entries_read')} read, {self.total('records_kept')} kept, "
            f"{self.total('entries_rejected')} rejected; "
            f"{self.resolution.new_papers} new papers, {self.resolution.known_papers} known"
        )

    def as_state(self) -> State[Any]:
        """End the flow run: failed, with the reasons, where anything was refused."""
        if self.problems:
            return Failed(
                message="\n".join([self.headline, *(" ".join(problem.split()) for problem in self.problems)]), data=self
            )
        return Completed(message=self.headline, data=self)


def publish_artifacts(report: Report) -> None:
    """Show the run in Prefect: a page of Markdown, and a table of the dumps."""
    if report.batch is None and not report.problems:
        return
    create_markdown_artifact(_markdown(report), key="ingest-report", description=report.headline)
    create_table_artifact(_dump_rows(report), key="ingest-dumps", description="The dumps of this run")


def _markdown(report: Report) -> str:
    stages = "\n".join(
        f"| {stage.name} | {stage.given:,} | {stage.out:,} | {stage.rejected:,} | {stage.seconds:.2f} |"
        for stage in report.stages
    )
    problems = "\n".join(f"- {_one_line(problem)}" for problem in report.problems) or "None."
    return (
        f"# {report.run.flow_run_name}\n\n{report.headline}.\n\n"
        f"| stage | in | out | rejected | seconds |\n|---|---:|---:|---:|---:|\n{stages}\n\n"
        f"## Refused\n\n{problems}\n"
    )


def _dump_rows(report: Report) -> list[dict[str, Any]]:
    lines = report.batch.lines if report.batch else ()
    return [
        {
            "dump": line.staged.name,
            "reader": line.staged.reader or "",
            "status": line.status,
            "read": line.entries_read,
            "kept": line.records_kept,
            "rejected": line.entries_rejected,
            "error": _one_line(line.error or ""),
        }
        for line in lines
    ]


def _one_line(text: str) -> str:
    """Keep text from a dump harmless in Markdown: on one line, without markup."""
    folded = " ".join(text.split())
    return folded.replace("\\", "\\\\").replace("`", "'").replace("<", "&lt;").replace("|", "\\|").replace("[", "\\[")
