"""The contract: each staged entry is kept or rejected with the rules it broke, each dump passes or is held back.

    staged records --find broken--> rules per broken row --split--> kept.parquet, rejected.parquet per dump
          |                                |
          +--Great Expectations--> counts == counts, or nothing is published

The rules are in `transforms.contract_rules`. The broken rows are counted twice, by us and by Great
Expectations, and the counts must agree: a validation that silently saw nothing looks exactly like
one that found nothing wrong.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl

from transforms.contract_rules import DUMP_LIMITS, DumpLimits, DumpRule, Rule, dump_rules, record_rules
from transforms.errors import ContractError, LakeError
from transforms.schema import CHECKS, RECORDS, Column
from warehouse.expectations import Suite, validate
from warehouse.sqltext import literal, no_pattern, parquet

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from warehouse.staging import StagedDump

KEPT_COLUMNS: Final[tuple[Column, ...]] = tuple(column for column in RECORDS.columns if column.name != "variant_id")
"""What a kept record has: variant_id comes later."""

KEPT: Final = "kept.parquet"
REJECTED: Final = "rejected.parquet"

_RECORD_TYPES: Final = {column.name: column.sql_type for column in KEPT_COLUMNS} | {"line": "BIGINT", "raw": "VARCHAR"}
_REJECT_TYPES: Final = {"position": "BIGINT", "line": "BIGINT", "raw": "VARCHAR", "reason": "VARCHAR"}
_DUMP_TYPES: Final = {
    "dump_id": "VARCHAR",
    "entries_read": "BIGINT",
    "records_kept": "BIGINT",
    "entries_rejected": "BIGINT",
    "distinct_positions": "BIGINT",
    "lowest_position": "BIGINT",
    "highest_position": "BIGINT",
    "foreign_records": "BIGINT",
}

SHOWN_REASONS: Final = 5
"""Reasons that the message of a dump held back names."""

MEMORY_LIMIT: Final = "1GB"
"""For the contract alone; DuckDB spills beyond it, into the staging folder."""


@dataclass(frozen=True)
class CheckedDump:
    """What the contract made of one dump: counts and places, never rows.

    `kept` has the columns of `records` without variant_id, `rejected` those of `rejects` without
    run_id and rejected_at; both are in the order of their positions. `error` says why the dump is
    held back; its files must then not be published.
    """

    dump_id: str
    kept: Path
    rejected: Path
    entries_read: int
    records_kept: int
    entries_rejected: int
    error: ContractError | None = None


@dataclass(frozen=True)
class ContractOutcome:
    """What the contract made of a batch; `checks` has the columns of the table `checks`."""

    dumps: tuple[CheckedDump, ...]
    checks: pl.DataFrame


@contextmanager
def _database(staged: Sequence[StagedDump]) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a database in memory that sees the folders of the staged dumps and nothing else."""
    name = f":memory:contract-{uuid.uuid4().hex}"
    with duckdb.connect(name) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET autoinstall_known_extensions = false")
        if staged:
            connection.execute(f"SET temp_directory = {literal(str(staged[0].folder / 'spill'))}")
        # DuckDB looks at the path before and after it takes it for a pattern: both spellings are named.
        folders = [spelt for dump in staged for spelt in (str(dump.folder), no_pattern(str(dump.folder)))]
        connection.execute(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
        connection.execute("SET enable_external_access = false")
        yield connection, name


def _create_views(connection: duckdb.DuckDBPyConnection, staged: Sequence[StagedDump]) -> None:
    records = [(str(file), number) for number, dump in enumerate(staged) for file in dump.record_files]
    rejects = [(str(file), number) for number, dump in enumerate(staged) for file in dump.reject_files]
    connection.execute("CREATE TABLE files (filename VARCHAR, dump_number BIGINT)")
    if records or rejects:
        connection.executemany("INSERT INTO files VALUES (?, ?)", [*records, *rejects])
    _create_view(connection, "staged_records", records, _RECORD_TYPES)
    _create_view(connection, "staged_rejects", rejects, _REJECT_TYPES)


def _create_view(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[tuple[str, int]], types: Mapping[str, str]
) -> None:
    """Make one view of the files, with the name of the file that each row is of; empty without files."""
    columns = {**types, "filename": "VARCHAR"}
    if files:
        source = f"SELECT {', '.join(columns)} FROM {parquet(Path(file) for file, _ in files)}"
    else:
        typed = ", ".join(f"CAST(NULL AS {sql_type}) AS {column}" for column, sql_type in columns.items())
        source = f"SELECT {typed} WHERE false"
    connection.execute(f"CREATE VIEW {name} AS {source}")


def _find_broken(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
    """List the broken rules of each row that breaks any: few rows, so that a table in memory does."""
    named = ", ".join(f"CASE WHEN ({rule.predicate}) IS NOT TRUE THEN {literal(rule.name)} END" for rule in rules)
    connection.execute(f"""
        CREATE TABLE broken AS
        SELECT dump_number, position, reasons FROM (
            SELECT filename, position, list_filter([{named}], lambda name: name IS NOT NULL) AS reasons
            FROM staged_records
        ) JOIN files USING (filename)
        WHERE len(reasons) > 0
    """)


def _split(connection: duckdb.DuckDBPyConnection, number: int, dump: StagedDump) -> None:
    """Write what a dump keeps and what it does not, each in the order of the positions."""
    columns = ", ".join(column.name for column in KEPT_COLUMNS)
    records = parquet(dump.record_files) if dump.record_files else "(FROM staged_records LIMIT 0)"
    rejects = parquet(dump.reject_files) if dump.reject_files else "(FROM staged_rejects LIMIT 0)"
    broken = f"(SELECT position, reasons FROM broken WHERE dump_number = {number})"
    is_broken = _scalar(connection, f"SELECT count(*) FROM {broken}") > 0
    # The staged files are in order; a join loses it, and a sort costs: only where there is something to take out.
    without = f"ANTI JOIN {broken} USING (position) ORDER BY position" if is_broken else ""
    _copy(connection, f"SELECT {columns} FROM {records} {without}", dump.folder / KEPT)
    _copy(
        connection,
        f"""
        SELECT {literal(dump.dump_id)} AS dump_id, * FROM (
            SELECT position, line, 'read' AS stage, [reason] AS reasons, raw FROM {rejects}
            UNION ALL
            SELECT position, line, 'contract', reasons, raw FROM {records} JOIN {broken} USING (position)
        ) ORDER BY position
        """,
        dump.folder / REJECTED,
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(
        f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _count_dumps(connection: duckdb.DuckDBPyConnection, staged: Sequence[StagedDump]) -> None:
    """Make the table of which each dump is a row: what was read, and what stands in the written files."""
    connection.execute(
        f"CREATE TABLE staged_dumps ({', '.join(f'{name} {kind}' for name, kind in _DUMP_TYPES.items())})"
    )
    for dump in staged:
        kept, rejected = parquet([dump.folder / KEPT]), parquet([dump.folder / REJECTED])
        connection.execute(f"""
            INSERT INTO staged_dumps
            SELECT
                {literal(dump.dump_id)}, {dump.records_read + dump.rejects_read},
                (SELECT count(*) FROM {kept}), (SELECT count(*) FROM {rejected}),
                count(DISTINCT position), coalesce(min(position), 0), coalesce(max(position), 0),
                (SELECT count(*) FROM {kept} WHERE dump_id IS DISTINCT FROM {literal(dump.dump_id)})
            FROM (SELECT position FROM {kept} UNION ALL SELECT position FROM {rejected})
        """)


def _own_counts(connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite]) -> dict[str, dict[str, int]]:
    """Count the broken rules without Great Expectations: those of rows from what was split off."""
    split_off = dict(
        connection.execute(
            "SELECT reason, count(*) FROM (SELECT unnest(reasons) AS reason FROM broken) GROUP BY ALL"
        ).fetchall()
    )
    records, dumps = suites
    return {
        records.name: {rule.name: split_off.get(rule.name, 0) for rule in records.rules},
        dumps.name: {
            rule.name: _scalar(connection, f"SELECT count(*) FROM {dumps.table} WHERE ({rule.predicate}) IS NOT TRUE")
            for rule in dumps.rules
        },
    }


def assert_agreement(validated: Mapping[str, Mapping[str, int]], split: Mapping[str, Mapping[str, int]]) -> None:
    """Stop the run where Great Expectations and the split counted differently."""
    if validated == split:
        return
    differing = [
        f"{suite}.{rule}: {validated.get(suite, {}).get(rule)} and {count}"
        for suite, counts in split.items()
        for rule, count in counts.items()
        if validated.get(suite, {}).get(rule) != count
    ]
    raise LakeError(
        "Great Expectations and the split of the rows disagree on how many rows break a rule: " + ", ".join(differing),
        where="contract",
        hint="nothing was published; this is a fault of paperlake or of its installation: please report it",
    )


def _checked(
    connection: duckdb.DuckDBPyConnection, number: int, dump: StagedDump, rules: Sequence[DumpRule]
) -> CheckedDump:
    found = connection.execute("SELECT * FROM staged_dumps LIMIT 1 OFFSET ?", [number])
    counts = dict(zip(_DUMP_TYPES, found.fetchone() or (), strict=True))
    return CheckedDump(
        dump.dump_id,
        dump.folder / KEPT,
        dump.folder / REJECTED,
        entries_read=counts["entries_read"],
        records_kept=counts["records_kept"],
        entries_rejected=counts["entries_rejected"],
        error=_complaint(connection, number, dump, rules, counts),
    )


def _complaint(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    dump: StagedDump,
    rules: Sequence[DumpRule],
    counts: Mapping[str, object],
) -> ContractError | None:
    """Say what is wrong with a dump as a whole: the first rule that it breaks, None where it breaks none."""
    for rule in rules:
        query = f"SELECT count(*) FROM (SELECT * FROM staged_dumps LIMIT 1 OFFSET {number}) WHERE ({rule.predicate}) IS NOT TRUE"
        if _scalar(connection, query):
            what = rule.complaint.format(**counts, reasons=_reasons(connection, dump))
            return ContractError(what, where=dump.name, hint=rule.hint)
    return None


def _reasons(connection: duckdb.DuckDBPyConnection, dump: StagedDump) -> str:
    """Say why the entries of a dump were rejected, the most frequent reasons first."""
    counted = connection.execute(f"""
        SELECT reason, count(*) AS frequency
        FROM (SELECT unnest(reasons) AS reason FROM {parquet([dump.folder / REJECTED])})
        GROUP BY reason ORDER BY frequency DESC, reason LIMIT {SHOWN_REASONS}
    """).fetchall()
    return ", ".join(f"{reason} ({frequency})" for reason, frequency in counted)


def _checks(
    connection: duckdb.DuckDBPyConnection,
    suites: Sequence[Suite],
    unexpected: Mapping[str, Mapping[str, int]],
    run_id: str,
) -> pl.DataFrame:
    rows = []
    for suite in suites:
        checked = _scalar(connection, f"SELECT count(*) FROM {suite.table}")
        for rule in suite.rules:
            broken = unexpected[suite.name][rule.name]
            rows.append((run_id, suite.name, rule.name, rule.meaning, broken == 0, checked, broken))
    return pl.DataFrame(rows, schema=CHECKS.polars_schema, orient="row")


def check_dumps(
    staged: Sequence[StagedDump],
    *,
    run_id: str,
    today: dt.date,
    docs: Path | None = None,
    limits: DumpLimits = DUMP_LIMITS,
) -> ContractOutcome:
    """Check every staged dump of a batch and split its entries into kept and rejected.

    `today` is the day of the run in UTC; `docs` is the folder of the Data Docs, None for none.
    Writes kept.parquet and rejected.parquet into the folder of each dump. Raises LakeError where
    Great Expectations and the split disagree.
    """
    rows, batch = record_rules(today), dump_rules(limits)
    suites = (
        Suite("records", "staged_records", ("dump_id", "position"), rows),
        Suite("dumps", "staged_dumps", ("dump_id",), batch),
    )
    with _database(staged) as (connection, name):
        _create_views(connection, staged)
        _find_broken(connection, rows)
        for number, dump in enumerate(staged):
            _split(connection, number, dump)
        _count_dumps(connection, staged)
        unexpected = validate(name, suites, run_id=run_id, docs=docs)
        assert_agreement(unexpected, _own_counts(connection, suites))
        checked = tuple(_checked(connection, number, dump, batch) for number, dump in enumerate(staged))
        return ContractOutcome(checked, _checks(connection, suites, unexpected, run_id))
