"""The contract: each staged entry is kept or rejected with the rules it broke, each dump passes or is held back.

    staged records --find broken--> rules per broken row --split--> kept and rejected, per dump
          |                                |
          +--Great Expectations--> counts == counts, or nothing is published

The rules are in `transforms.contract_rules`. The broken rows are counted twice, by us and by Great
Expectations, and the counts must agree: a validation that silently saw nothing looks exactly like
one that found nothing wrong.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from transforms.contract_rules import record_rules
from transforms.dump_rules import DUMP_LIMITS, DumpLimits, DumpRule, dump_rules
from transforms.errors import ContractError, LakeError
from transforms.schema import CHECKS
from warehouse.expectations import Outcome, Suite, validate
from warehouse.split import (
    Split,
    broken_rules,
    count_dumps,
    find_broken,
    open_entries,
    read_counts,
    split,
    write_counts,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from warehouse.staged import StagedBatch, StagedDump

SHOWN_REASONS: Final = 5
"""Reasons that the message of a dump held back names."""


@dataclass(frozen=True)
class CheckedDump:
    """What the contract made of one dump, in numbers.

    `error` says why the dump is held back; its entries must then not be published.
    """

    dump_id: str
    entries_read: int
    records_kept: int
    entries_rejected: int
    error: ContractError | None = None


@dataclass(frozen=True)
class ContractOutcome:
    """What the contract made of a batch; `checks` has the columns of the table `checks`."""

    dumps: tuple[CheckedDump, ...]
    parts: Split
    checks: pl.DataFrame


Outcomes = dict[str, dict[str, Outcome]]
"""Suite, rule: outcome."""


@dataclass(frozen=True)
class SplitBatch:
    """The batch as we split it, before Great Expectations has checked it: counts and places, never rows.

    `counts` is the file of the table staged_dumps, None for a batch without readable dumps.
    """

    dumps: tuple[CheckedDump, ...]
    parts: Split
    counts: Path | None
    outcomes: Outcomes
    today: dt.date
    limits: DumpLimits


def _judge_dumps(connection: duckdb.DuckDBPyConnection, rules: Sequence[DumpRule]) -> list[dict[str, Any]]:
    """Give the counts of each dump, in the order of the batch, with the names of the rules it breaks."""
    return (
        connection.execute(f"SELECT *, {broken_rules(rules)} AS reasons FROM staged_dumps ORDER BY dump_number")
        .pl()
        .rows(named=True)
    )


def _own_outcomes(
    connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite], dumps: Sequence[Mapping[str, Any]]
) -> Outcomes:
    """Count without Great Expectations: the rows that were split off, the dumps that are held back."""
    rows = connection.execute("SELECT count(*) FROM staged_records").fetchone()
    split_off = Counter(
        dict(
            connection.execute(
                "SELECT rule, count(*) FROM broken, unnest(reasons) AS one(rule) GROUP BY rule"
            ).fetchall()
        )
    )
    held_back = Counter(rule for dump in dumps for rule in dump["reasons"])
    records, batch = suites
    return {
        records.name: {rule.name: Outcome(rows[0] if rows else 0, split_off[rule.name]) for rule in records.rules},
        batch.name: {rule.name: Outcome(len(dumps), held_back[rule.name]) for rule in batch.rules},
    }


def assert_agreement(validated: Outcomes, split_off: Outcomes) -> None:
    """Stop the run where Great Expectations and the split counted differently."""
    differing = [
        f"{suite}.{rule}: {found} and {outcome}"
        for suite, outcomes in split_off.items()
        for rule, outcome in outcomes.items()
        if (found := validated.get(suite, {}).get(rule)) != outcome
    ]
    if differing or validated.keys() != split_off.keys():
        raise LakeError(
            "Great Expectations and the split of the rows disagree on the rows that break a rule: "
            + ", ".join(differing),
            where="contract",
            hint="nothing was published; this is a fault of paperlake or of its installation: please report it",
        )


def _checked(
    connection: duckdb.DuckDBPyConnection,
    dump: StagedDump,
    counts: Mapping[str, Any],
    rules: Sequence[DumpRule],
) -> CheckedDump:
    broken = [rule for rule in rules if rule.name in counts["reasons"]]
    return CheckedDump(
        dump.dump_id,
        entries_read=counts["entries_read"],
        records_kept=counts["records_kept"],
        entries_rejected=counts["entries_rejected"],
        error=_complaint(broken[0], dump, counts, _reasons(connection, dump.dump_id)) if broken else None,
    )


def _complaint(rule: DumpRule, dump: StagedDump, counts: Mapping[str, Any], reasons: str) -> ContractError:
    what = rule.complaint.format(**{**counts, "reasons": reasons})
    return ContractError(what, where=dump.name, hint=rule.hint)


def _reasons(connection: duckdb.DuckDBPyConnection, dump_id: str) -> str:
    """Say why the entries of a dump were rejected, the most frequent reasons first."""
    counted = connection.execute(
        f"""
        SELECT reason, count(*) AS frequency FROM rejected, unnest(reasons) AS one(reason) WHERE dump_id = ?
        GROUP BY reason ORDER BY frequency DESC, reason LIMIT {SHOWN_REASONS}
        """,
        [dump_id],
    ).fetchall()
    return ", ".join(f"{reason} ({frequency})" for reason, frequency in counted)


def _checks(suites: Sequence[Suite], outcomes: Outcomes, run_id: str) -> pl.DataFrame:
    rows = [
        (run_id, suite.name, rule.name, rule.meaning, outcome.broken == 0, outcome.checked, outcome.broken)
        for suite in suites
        for rule in suite.rules
        for outcome in [outcomes[suite.name][rule.name]]
    ]
    return pl.DataFrame(rows, schema=CHECKS.polars_schema, orient="row")


def split_dumps(staged: StagedBatch, *, today: dt.date, limits: DumpLimits = DUMP_LIMITS) -> SplitBatch:
    """Split the entries of a staged batch into kept and rejected, and judge each dump as a whole.

    `today` is the day of the run in UTC. Writes what has something to reject anew, into the folder of
    the batch. What comes back may be resolved at once, but must not be published before `agree` has
    it from Great Expectations too.
    """
    if not staged.dumps:
        return SplitBatch((), Split(), None, {}, today, limits)
    suites = _suites(today, limits)
    batch_rules = dump_rules(limits)
    with open_entries(staged) as (connection, _):
        find_broken(connection, suites[0].rules)
        parts = split(connection, staged)
        count_dumps(connection, staged)
        judged = _judge_dumps(connection, batch_rules)
        checked = tuple(
            _checked(connection, dump, counts, batch_rules) for dump, counts in zip(staged.dumps, judged, strict=True)
        )
        counts = write_counts(connection, staged)
        return SplitBatch(checked, parts, counts, _own_outcomes(connection, suites, judged), today, limits)


def validate_dumps(staged: StagedBatch, found: SplitBatch, *, run_id: str, docs: Path | None = None) -> Outcomes:
    """Let Great Expectations check the same rules on the same files; it may run in another process.

    `docs` is the folder of the Data Docs, None for none.
    """
    if found.counts is None:
        return {}
    with open_entries(staged) as (connection, name):
        read_counts(connection, found.counts)
        return validate(name, _suites(found.today, found.limits), run_id=run_id, docs=docs)


def agree(found: SplitBatch, validated: Outcomes, *, run_id: str) -> pl.DataFrame:
    """Give the rows of the table `checks`; raise LakeError where the two disagree."""
    assert_agreement(validated, found.outcomes)
    return _checks(_suites(found.today, found.limits) if validated else (), validated, run_id)


def check_dumps(
    staged: StagedBatch,
    *,
    run_id: str,
    today: dt.date,
    docs: Path | None = None,
    limits: DumpLimits = DUMP_LIMITS,
) -> ContractOutcome:
    """Check every staged dump of a batch, one step after another: see `split_dumps` and `validate_dumps`.

    Raises LakeError where Great Expectations and the split disagree.
    """
    found = split_dumps(staged, today=today, limits=limits)
    validated = validate_dumps(staged, found, run_id=run_id, docs=docs)
    return ContractOutcome(found.dumps, found.parts, agree(found, validated, run_id=run_id))


def _suites(today: dt.date, limits: DumpLimits) -> tuple[Suite, Suite]:
    return (
        Suite("records", "staged_records", record_rules(today)),
        Suite("dumps", "staged_dumps", dump_rules(limits)),
    )
