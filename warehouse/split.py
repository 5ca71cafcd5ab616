"""Split staged entries into kept and rejected, over Parquet, in DuckDB.

    records-*.parquet --rules--> broken rules per row --+--> kept      rows that broke none
    rejects-*.parquet ----------------------------------+--> rejected  the rest, with all reasons

Each row is read once to judge it and once to write it, in bounded memory; what is held is the list
of broken rows, which is short or else the dump is held back.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import duckdb

from transforms.schema import RECORDS, REJECTS
from warehouse.sqltext import literal, no_pattern, parquet, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from transforms.contract_rules import Rule


class StagedEntries(Protocol):
    """What the contract needs to know of a staged dump; `warehouse.staging.StagedDump` is one."""

    @property
    def dump_id(self) -> str:
        """SHA-256 of the dump."""

    @property
    def name(self) -> str:
        """Name of the dump, for people."""

    @property
    def folder(self) -> Path:
        """Where the dump is staged, and where the split writes."""

    @property
    def records_read(self) -> int:
        """Entries that the reader gave as records."""

    @property
    def rejects_read(self) -> int:
        """Entries that the reader gave as rejects."""

    @property
    def record_files(self) -> Sequence[Path]:
        """Parquet of the normalized records."""

    @property
    def reject_files(self) -> Sequence[Path]:
        """Parquet of the entries that could not be read (RAW_REJECT)."""


@dataclass(frozen=True)
class SplitDump:
    """Where the entries of one dump are after the split: files of Parquet, in the order of the positions.

    The rows of `kept` have the columns of `records` without variant_id, and those that only rejects
    need, line and raw: take the columns by name. The rows of `rejected` have the columns of
    `rejects` without run_id and rejected_at.
    """

    kept: tuple[Path, ...]
    rejected: tuple[Path, ...]


KEPT: Final = "kept.parquet"
REJECTED: Final = "rejected.parquet"

MEMORY_LIMIT: Final = "1GB"
"""For the contract alone; DuckDB spills beyond it, into the staging folder."""

_KEPT_TYPES: Final = {column.name: column.sql_type for column in RECORDS.columns if column.name != "variant_id"}
"""What a kept record has: variant_id comes later."""

_RECORD_TYPES: Final = _KEPT_TYPES | {"line": "BIGINT", "raw": "VARCHAR"}
_REJECT_TYPES: Final = {"position": "BIGINT", "line": "BIGINT", "raw": "VARCHAR", "reason": "VARCHAR"}

_REJECTED_TYPES: Final = {
    column.name: column.sql_type for column in REJECTS.columns if column.name not in {"run_id", "rejected_at"}
}

_READ_REJECTS: Final = "SELECT position, line, 'read' AS stage, [reason] AS reasons, raw FROM {files}"
_CONTRACT_REJECTS: Final = (
    "SELECT position, line, 'contract' AS stage, reasons, raw FROM {files} JOIN {broken} USING (position)"
)


@contextmanager
def open_entries(staged: Sequence[StagedEntries]) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a database in memory that sees the folders of the staged dumps and nothing else.

    Yields the connection and the name by which the rest of the process can open the same database.
    It has the views staged_records and staged_rejects, and the table files that says which dump
    (by its place in `staged`) a file is of.
    """
    name = f":memory:contract-{uuid.uuid4().hex}"
    with duckdb.connect(name) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET parquet_metadata_cache = true")  # each file is opened several times
        connection.execute(f"SET temp_directory = {literal(str(staged[0].folder / 'spill'))}")
        # DuckDB looks at the path before and after it takes it for a pattern: both spellings are named.
        folders = [spelt for dump in staged for spelt in (str(dump.folder), no_pattern(str(dump.folder)))]
        connection.execute(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
        connection.execute("SET enable_external_access = false")
        _create_views(connection, staged)
        yield connection, name


def _create_views(connection: duckdb.DuckDBPyConnection, staged: Sequence[StagedEntries]) -> None:
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


def broken_rules(rules: Sequence[Rule]) -> str:
    """Make the SQL that lists the names of the rules that a row breaks."""
    named = ", ".join(f"CASE WHEN ({rule.predicate}) IS NOT TRUE THEN {literal(rule.name)} END" for rule in rules)
    return f"list_filter([{named}], lambda name: name IS NOT NULL)"


def find_broken(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
    """Make the table broken: dump_number, position and all broken rules of each row that breaks any."""
    connection.execute(f"""
        CREATE TABLE broken AS
        SELECT dump_number, position, reasons
        FROM (SELECT filename, position, {broken_rules(rules)} AS reasons FROM staged_records)
        JOIN files USING (filename)
        WHERE len(reasons) > 0
    """)


def split(connection: duckdb.DuckDBPyConnection, staged: Sequence[StagedEntries]) -> list[SplitDump]:
    """Split each dump into kept and rejected entries, and open what was split.

    Only a dump that has something to reject is written anew: the staged records of the others are
    what is kept of them.
    """
    with_broken = {number for (number,) in connection.execute("SELECT DISTINCT dump_number FROM broken").fetchall()}
    parts = [
        _split_dump(connection, dump, number if number in with_broken else None) for number, dump in enumerate(staged)
    ]
    open_split(connection, parts)
    return parts


def open_split(connection: duckdb.DuckDBPyConnection, parts: Sequence[SplitDump]) -> None:
    """Make the views kept and rejected over the files of a split."""
    kept = [(str(file), number) for number, part in enumerate(parts) for file in part.kept]
    rejected = [(str(file), number) for number, part in enumerate(parts) for file in part.rejected]
    written = [(name, number) for name, number in [*kept, *rejected] if Path(name).name in {KEPT, REJECTED}]
    if written:
        connection.executemany("INSERT INTO files VALUES (?, ?)", written)
    _create_view(connection, "kept", kept, _KEPT_TYPES)
    _create_view(connection, "rejected", rejected, _REJECTED_TYPES)


def _split_dump(connection: duckdb.DuckDBPyConnection, dump: StagedEntries, broken: int | None) -> SplitDump:
    """Split one dump; `broken` is its number where some of its records broke a rule."""
    kept = tuple(dump.record_files)
    if broken is not None:
        kept = (_write_kept(connection, dump, broken),)
    if broken is None and not dump.reject_files:
        return SplitDump(kept, ())
    return SplitDump(kept, (_write_rejected(connection, dump, broken),))


def _write_kept(connection: duckdb.DuckDBPyConnection, dump: StagedEntries, broken: int) -> Path:
    without = f"(SELECT position FROM broken WHERE dump_number = {broken})"
    rows = f"{parquet(dump.record_files)} ANTI JOIN {without} USING (position)"
    target = dump.folder / KEPT
    _copy(connection, f"SELECT {', '.join(_RECORD_TYPES)} FROM {rows} ORDER BY position", target)
    return target


def _write_rejected(connection: duckdb.DuckDBPyConnection, dump: StagedEntries, broken: int | None) -> Path:
    reasons = f"(SELECT position, reasons FROM broken WHERE dump_number = {broken})"
    parts = [
        *([_READ_REJECTS.format(files=parquet(dump.reject_files))] if dump.reject_files else []),
        *([] if broken is None else [_CONTRACT_REJECTS.format(files=parquet(dump.record_files), broken=reasons)]),
    ]
    rows = " UNION ALL ".join(parts)
    target = dump.folder / REJECTED
    _copy(connection, f"SELECT {literal(dump.dump_id)} AS dump_id, * FROM ({rows}) ORDER BY position", target)
    return target


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)")


def count_dumps(connection: duckdb.DuckDBPyConnection, staged: Sequence[StagedEntries]) -> None:
    """Make the table staged_dumps: per dump what was read and what stands in the files of the split."""
    connection.execute("CREATE TABLE dumps (dump_number BIGINT, dump_id VARCHAR, entries_read BIGINT)")
    rows = [(number, dump.dump_id, dump.records_read + dump.rejects_read) for number, dump in enumerate(staged)]
    connection.executemany("INSERT INTO dumps VALUES (?, ?, ?)", rows)
    connection.execute(script("contract_dumps"))
