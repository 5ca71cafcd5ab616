"""Puts into effect what a person says of two records: same, different, or undo.

    verdict --contradicts?--> [ lock: resolve the papers concerned anew --> publish with the decision ]

The decision and everything that follows from it go into the lake in one transaction. Later runs
read all decisions, so that it holds whatever comes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from transforms.dedupe.verdicts import ENDS, Verdict, contradicted, standing
from transforms.errors import UsageError
from transforms.schema import DECISIONS, RUNS
from warehouse import neighbours
from warehouse.batch import Batch, Run, StageSeconds, run_row
from warehouse.locking import writer_lock
from warehouse.opening import attached, held_open
from warehouse.overview import find_record
from warehouse.publish import Publication, publish
from warehouse.resolve import resolve_again
from warehouse.split import Split
from warehouse.staging import staging_folder

if TYPE_CHECKING:
    import duckdb

    from warehouse.lake import Lake

NO_DUMPS: Final = Batch((), Split())
"""The batch of a decision."""

_LIST: Final = "paperlake sql 'FROM decisions ORDER BY decided_at'"


@dataclass(frozen=True)
class Said:
    """What a person says of two records, each named by its own id or by that of the paper it founded."""

    verdict: Verdict
    record_id_a: str
    record_id_b: str
    decided_by: str
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it: the papers of the two records now, and the decision that said so or was taken back."""

    verdict: Verdict
    record_ids: tuple[str, str]
    paper_ids: tuple[str, str]
    earlier: dict[str, Any] | None = None

    @property
    def is_new(self) -> bool:
        """Whether anything was written: what stands already is not written again."""
        return self.verdict == "undo" or self.earlier is None


def decide(said: Said, lake: Lake, run: Run, *, wait_seconds: float) -> Outcome:
    """Write down what was said and put it into effect, in one transaction.

    Raises UsageError where a name is unknown, where the verdict contradicts earlier ones, or where
    there is nothing to undo; LakeBusyError where another run holds the lake for too long.
    """
    with attached(lake, read_only=True) as connection:
        a, b = sorted(find_record(connection, name) for name in (said.record_id_a, said.record_id_b))
    if a == b:
        raise UsageError("both names are of one record", where=a, hint="give two records, or two papers")
    with writer_lock(lake.lock, owner=run.flow_run_name, wait_seconds=wait_seconds), held_open(lake):
        with attached(lake, read_only=True) as connection:
            decisions = neighbours.decisions(connection)
        earlier = _earlier(said.verdict, a, b, standing(decisions))
        if said.verdict == "undo" or earlier is None:
            row = _row(said, a, b, decisions)
            _put_into_effect(pl.concat([decisions, row]), row, lake, run)
    with attached(lake, read_only=True) as connection:
        return Outcome(said.verdict, (a, b), _papers(connection, a, b), earlier)


def latest(lake: Lake) -> tuple[str, str]:
    """Give the two records of the latest decision that stands; raise UsageError where there is none."""
    with attached(lake, read_only=True) as connection:
        found = standing(neighbours.decisions(connection)).sort("decided_at")
    if found.is_empty():
        raise UsageError("there is no decision to undo", where=lake.name, hint=f"decisions are listed by: {_LIST}")
    a, b = found.select(ENDS).row(-1)
    return a, b


def _earlier(verdict: Verdict, a: str, b: str, decisions: pl.DataFrame) -> dict[str, Any] | None:
    """Find the decision on this pair that stands; raise UsageError where it, or others, rule the verdict out."""
    on_pair = decisions.filter(pl.col("record_id_a") == a, pl.col("record_id_b") == b).to_dicts()
    if verdict == "undo":
        if not on_pair:
            hint = f"undo takes the two records of a decision; they are listed by: {_LIST}"
            raise UsageError("there is no decision on these two to undo", where=f"{a} {b}", hint=hint)
        return on_pair[0]
    against = contradicted(a, b, verdict, decisions).to_dicts()
    if against:
        told = "; ".join(tell(decision) for decision in against)
        first = against[0]
        hint = f"if one of these is wrong, take it back first: paperlake undo {first['record_id_a']} {first['record_id_b']}"
        raise UsageError(f"{verdict} contradicts what was decided before: {told}", where=f"{a} {b}", hint=hint)
    return on_pair[0] if on_pair else None


def tell(decision: dict[str, Any]) -> str:
    """Say a row of decisions in one line."""
    because = f", because {decision['reason']}" if decision["reason"] else ""
    names = f"{decision['verdict']} {decision['record_id_a']} {decision['record_id_b']}"
    return f"{names} (by {decision['decided_by']} on {decision['decided_at']:%Y-%m-%d}{because})"


def _row(said: Said, a: str, b: str, decisions: pl.DataFrame) -> pl.DataFrame:
    """Make the row of the decision, later than all others also where the clock went back: the latest word holds."""
    now = dt.datetime.now(dt.UTC)
    last: Any = decisions["decided_at"].max()
    decided_at = now if last is None else max(now, last + dt.timedelta(microseconds=1))
    return pl.DataFrame(
        [(a, b, said.verdict, said.decided_by, decided_at, said.reason)], schema=DECISIONS.polars_schema, orient="row"
    )


def _put_into_effect(decisions: pl.DataFrame, row: pl.DataFrame, lake: Lake, run: Run) -> None:
    now = row["decided_at"].item()
    with staging_folder(lake, run.run_id) as staging:
        records = pl.concat([row[end] for end in ENDS])
        resolution = resolve_again(records, decisions, lake, staging / "resolved", run_id=run.run_id, now=now)
        took = StageSeconds(resolve=(dt.datetime.now(dt.UTC) - run.started_at).total_seconds())
        told = run_row(NO_DUMPS, resolution, run, seconds=took, problems=(), now=now) | {"status": "decided"}
        frames = {"decisions": row, "runs": pl.DataFrame([told], schema=RUNS.polars_schema)}
        publish(Publication(run.run_id, run.flow_run_name, now, [], [], resolution.parts, frames), lake)


def _papers(connection: duckdb.DuckDBPyConnection, a: str, b: str) -> tuple[str, str]:
    rows = connection.execute("SELECT record_id, paper_id FROM paper_records WHERE record_id IN (?, ?)", [a, b])
    paper_of = dict(rows.fetchall())
    return paper_of[a], paper_of[b]
