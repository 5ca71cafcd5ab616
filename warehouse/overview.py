"""What the lake says of itself: its state, and why the records of a paper are one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from transforms.errors import QueryError, UsageError
from warehouse.opening import attached
from warehouse.sqltext import script

if TYPE_CHECKING:
    import duckdb

    from warehouse.lake import Lake

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
    """A paper, its records with the dump of each, and why they are one.

    `chain` are the surest of its matches that tie all of its records together, `decisions` what
    people said of its records, and `apart` the matches, and near misses, with other papers.
    """

    paper: Row
    records: list[Row]
    matches: list[Row]
    decisions: list[Row]
    apart: list[Row]

    @property
    def chain(self) -> list[Row]:
        """The surest links that tie all the records together."""
        return surest_chain([match for match in self.matches if match["is_linked"]])


def status(lake: Lake) -> Status:
    """Read the state of the lake."""
    with attached(lake, read_only=True) as connection:
        counts = {
            name: rows(connection, f"SELECT count(*) AS n FROM {name}{_only_published(name)}")[0]["n"]
            for name in COUNTED
        }
        runs = rows(connection, "SELECT * FROM runs ORDER BY finished_at DESC LIMIT ?", [LAST_RUNS])
        refused = rows(connection, "SELECT uri, error FROM dumps WHERE error IS NOT NULL ORDER BY uri")
    return Status(counts, runs, refused)


def _only_published(table: str) -> str:
    return " WHERE status = 'published'" if table == "dumps" else ""


def explain(lake: Lake, reference: str) -> Explanation:
    """Explain the paper that `reference` names: a paper_id, past or present, a record_id, DOI or arXiv id.

    Raises QueryError where no paper, or more than one, goes by that name.
    """
    with attached(lake, read_only=True) as connection:
        paper_id = _find_paper(connection, reference)
        paper = rows(connection, "SELECT * FROM papers WHERE paper_id = ?", [paper_id])[0]
        records = rows(connection, script("explain_records"), [paper_id])
        matches = rows(connection, script("explain_matches"), [paper_id])
        decisions = rows(connection, script("explain_decisions"), [paper_id])
        apart = rows(connection, script("explain_apart"), {"paper_id": paper_id})
    return Explanation(paper, records, matches, decisions, apart)


def surest_chain(links: list[Row]) -> list[Row]:
    """Choose from links, the surest first, those that tie records together which were not tied before."""
    group_of: dict[str, set[str]] = {}
    chosen = []
    for link in links:
        a, b = link["record_id_a"], link["record_id_b"]
        first, second = group_of.get(a, {a}), group_of.get(b, {b})
        if first is not second and b not in first:
            chosen.append(link)
            first |= second
            group_of.update(dict.fromkeys(first, first))
    return chosen


def find_record(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Find the record that `name` means: itself, or the one that founded the paper of that name, past or present.

    Raises UsageError where there is none, or more than one.
    """
    found = [row["record_id"] for row in rows(connection, script("find_record"), {"reference": name.strip()})]
    if not found:
        hint = "give the id of a record or of a paper; those of a paper's records are shown by: paperlake explain PAPER"
        raise UsageError("no record or paper goes by this name", where=name, hint=hint)
    if len(found) > 1:
        papers = ", ".join(f"p{record_id}" for record_id in found)
        raise UsageError(f"{len(found)} papers go by this name", where=name, hint=f"choose one of {papers}")
    return str(found[0])


def _find_paper(connection: duckdb.DuckDBPyConnection, reference: str) -> str:
    found = [row["paper_id"] for row in rows(connection, script("find_paper"), {"reference": reference.strip()})]
    if not found:
        hint = "give a paper_id, record_id, DOI or arXiv id; find one with: paperlake sql 'SELECT paper_id, title FROM papers'"
        raise QueryError("no paper goes by this name", where=reference, hint=hint)
    if len(found) > 1:
        raise QueryError(
            f"{len(found)} papers go by this name", where=reference, hint=f"choose one of {', '.join(found)}"
        )
    return str(found[0])


def rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Any = None) -> list[Row]:
    """Ask for rows, each by the names of its columns."""
    result = connection.execute(sql, values)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
