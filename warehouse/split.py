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
from typing import TYPE_CHECKING, Final

import duckdb

from transforms.schema import RECORDS, REJECTS
from warehouse.sqltext import literal, no_pattern, parquet, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from transforms.contract_rules import Rule
    from warehouse.staged import StagedBatch


@dataclass(frozen=True)
class Split:
    """Where the entries of a batch are after the split: files of Parquet.

    The rows of `kept` have the columns of `records`, those of `rejected` the columns of `rejects`
    without run_id and rejected_at. Both hold the rows of dumps that are held back too.
    """

    kept: tuple[Path, ...] = ()
    rejected: tuple[Path, ...] = ()


MEMORY_LIMIT: Final = "1GB"
"""For the contract alone; DuckDB spills beyond it, into the staging folder."""

_RECORD_TYPES: Final = {column.name: column.sql_type for column in RECORDS.columns}
_ENTRY_TYPES: Final = {"dump_id": "VARCHAR", "position": "BIGINT", "line": "BIGINT", "raw": "VARCHAR"}
_REJECT_TYPES: Final = _ENTRY_TYPES | {"reason": "VARCHAR"}

_REJECTED_TYPES: Final = {
    column.name: column.sql_type for column in REJECTS.columns if column.name not in {"run_id", "rejected_at"}
}

_REJECTED_ROWS: Final = """
    SELECT dump_id, position, line, 'read' AS stage, [reason] AS reasons, raw FROM staged_rejects
    UNION ALL
    SELECT dump_id, position, line, 'contract' AS stage, reasons, raw
    FROM staged_entries JOIN broken USING (dump_id, position)
    ORDER BY dump_id, position
"""


@contextmanager
def open_entries(staged: StagedBatch) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open a database in memory that sees the files of the staged batch and nothing else.

    Yields the connection and the name by which the rest of the process can open the same database.
    It has the views staged_records, staged_entries and staged_rejects.
    """
    name = f":memory:contract-{uuid.uuid4().hex}"
    with duckdb.connect(name) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET parquet_metadata_cache = true")  # each file is opened several times
        connection.execute(f"SET temp_directory = {literal(str(staged.folder / 'spill'))}")
        # DuckDB looks at the path before and after it takes it for a pattern: both spellings are named.
        folders = {str(staged.folder), no_pattern(str(staged.folder))}
        connection.execute(f"SET allowed_directories = [{', '.join(map(literal, sorted(folders)))}]")
        connection.execute("SET enable_external_access = false")
        _create_view(connection, "staged_records", staged.records, _RECORD_TYPES)
        _create_view(connection, "staged_entries", staged.entries, _ENTRY_TYPES)
        _create_view(connection, "staged_rejects", staged.rejects, _REJECT_TYPES)
        yield connection, name


def _create_view(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], types: Mapping[str, str]
) -> None:
    """Make one view of the files, with the name of the file that each row is of; empty without files."""
    columns = {**types, "filename": "VARCHAR"}
    if files:
        source = f"SELECT {', '.join(columns)} FROM {parquet(files)}"
    else:
        typed = ", ".join(f"CAST(NULL AS {sql_type}) AS {column}" for column, sql_type in columns.items())
        source = f"SELECT {typed} WHERE false"
    connection.execute(f"CREATE VIEW {name} AS {source}")


def broken_rules(rules: Sequence[Rule]) -> str:
    """Make the SQL that lists the names of the rules that a row breaks."""
    named = ", ".join(f"CASE WHEN ({rule.predicate}) IS NOT TRUE THEN {literal(rule.name)} END" for rule in rules)
    return f"list_filter([{named}], lambda name: name IS NOT NULL)"


def find_broken(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
    """Make the table broken: file, dump_id, position and all broken rules of each row that breaks any."""
    connection.execute(f"""
        CREATE TABLE broken AS
        SELECT filename, dump_id, position, reasons
        FROM (SELECT filename, dump_id, position, {broken_rules(rules)} AS reasons FROM staged_records)
        WHERE len(reasons) > 0
    """)


def split(connection: duckdb.DuckDBPyConnection, staged: StagedBatch) -> Split:
    """Split the entries into kept and rejected, and open what was split.

    Only a file that holds something to reject is written anew: the others are kept as they are.
    """
    with_broken = {name for (name,) in connection.execute("SELECT DISTINCT filename FROM broken").fetchall()}
    kept = tuple(_write_kept(connection, file) if str(file) in with_broken else file for file in staged.records)
    rejected: tuple[Path, ...] = ()
    if with_broken or staged.rejects:
        rejected = (staged.folder / "rejected.parquet",)
        _copy(connection, _REJECTED_ROWS, rejected[0])
    found = Split(kept, rejected)
    open_split(connection, found)
    return found


def open_split(connection: duckdb.DuckDBPyConnection, parts: Split) -> None:
    """Make the views kept and rejected over the files of a split."""
    _create_view(connection, "kept", parts.kept, _RECORD_TYPES)
    _create_view(connection, "rejected", parts.rejected, _REJECTED_TYPES)


def _write_kept(connection: duckdb.DuckDBPyConnection, file: Path) -> Path:
    target = file.with_name(f"kept-{file.name}")
    rows = f"{parquet([file])} ANTI JOIN broken USING (dump_id, position)"
    _copy(connection, f"SELECT {', '.join(_RECORD_TYPES)} FROM {rows} ORDER BY dump_id, position", target)
    return target


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)")


def count_dumps(connection: duckdb.DuckDBPyConnection, staged: StagedBatch) -> None:
    """Make the table staged_dumps: per dump what was read and what stands in the files of the split."""
    connection.execute("CREATE TABLE dumps (dump_number BIGINT, dump_id VARCHAR, entries_read BIGINT)")
    rows = [
        f"({number}, {literal(dump.dump_id)}, {dump.records_read + dump.rejects_read})"
        for number, dump in enumerate(staged.dumps)
    ]
    if rows:
        connection.execute(f"INSERT INTO dumps VALUES {', '.join(rows)}")
    connection.execute(script("contract_dumps"))


def write_counts(connection: duckdb.DuckDBPyConnection, staged: StagedBatch) -> Path:
    """Write the table staged_dumps, for `read_counts`: counting takes longer than all rules together."""
    file = staged.folder / "counts.parquet"
    _copy(connection, "FROM staged_dumps ORDER BY dump_number", file)
    return file


def read_counts(connection: duckdb.DuckDBPyConnection, counts: Path) -> None:
    """Make the table staged_dumps from what `write_counts` wrote."""
    connection.execute(f"CREATE TABLE staged_dumps AS FROM {parquet([counts])}")
