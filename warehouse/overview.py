"""What the lake says of itself: its state, and why the records of a paper are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from transforms.errors import QueryError
from warehouse.lake import Lake, attached
from warehouse.sqltext import script

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]

LAST_RUNS: Final = 5
"""How many runs the status shows."""

COUNTED: Final = ("dumps", "records", "papers", "rejects")
"""The tables whose rows the status counts."""


@dataclass(frozen=True)
class Status:
    """The state of a lake: rows per table, the latest runs, and the dumps that were refused."""

    counts: dict[str, int]
    runs: list[Row]
    refused: list[Row]


@dataclass(frozen=True)
class Explanation:
    """A paper, its records with the dump of each, and the matches between them."""

    paper: Row
    records: list[Row]
    matches: list[Row]


def status(lake: Lake) -> Status:
    """Read the state of the lake."""
    with attached(lake, read_only=True) as connection:
        counts = {
            name: _rows(connection, f"SELECT count(*) AS n FROM {name}{_only_published(name)}")[0]["n"]
            for name in COUNTED
        }
        runs = _rows(connection, "SELECT * FROM runs ORDER BY finished_at DESC LIMIT ?", [LAST_RUNS])
        refused = _rows(connection, "SELECT uri, error FROM dumps WHERE status = 'failed' ORDER BY uri")
    return Status(counts, runs, refused)


def _only_published(table: str) -> str:
    return " WHERE status = 'published'" if table == "dumps" else ""


def explain(lake: Lake, reference: str) -> Explanation:
    """Explain the paper that `reference` names: a paper_id, past or present, a record_id, DOI or arXiv id.

    Raises QueryError where no paper, or more than one, goes by that name.
    """
    with attached(lake, read_only=True) as connection:
        paper_id = _find_paper(connection, reference)
        paper = _rows(connection, "SELECT * FROM papers WHERE paper_id = ?", [paper_id])[0]
        records = _rows(connection, script("explain_records"), [paper_id])
        matches = _rows(connection, script("explain_matches"), [paper_id])
    return Explanation(paper, records, matches)


def _find_paper(connection: duckdb.DuckDBPyConnection, reference: str) -> str:
    found = [row["paper_id"] for row in _rows(connection, script("find_paper"), {"reference": reference.strip()})]
    if not found:
        hint = "give a paper_id, record_id, DOI or arXiv id; find one with: paperlake sql 'SELECT paper_id, title FROM papers'"
        raise QueryError("no paper goes by this name", where=reference, hint=hint)
    if len(found) > 1:
        raise QueryError(
            f"{len(found)} papers go by this name", where=reference, hint=f"choose one of {', '.join(found)}"
        )
    return str(found[0])


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Any = None) -> list[Row]:
    result = connection.execute(sql, values)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
