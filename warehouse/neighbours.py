"""Asks the lake for what may concern new records: known variants, shared blocking keys, papers.

Everything is looked up by what is new, so that the cost of a small batch does not grow with the
number of merges that the lake has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from transforms.dedupe.evidence import is_match
from transforms.dedupe.variants import ABSTRACT_CHARS, COMPARED_FIELDS
from warehouse.handover import shown
from warehouse.sqltext import script

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Neighbourhood:
    """The part of the lake whose grouping may change.

    `members`: record_id, variant_id, paper_id, seen_date of each record of the papers concerned;
    `edges`: record_id_a, record_id_b, probability, is_linked of each stored match among them.
    """

    members: pl.DataFrame
    edges: pl.DataFrame


def known_variants(lake: duckdb.DuckDBPyConnection, variants: pl.Series) -> pl.DataFrame:
    """Find which variants the lake holds: variant_id, record_id (the smallest), paper_id."""
    return _ask(
        lake,
        """
        SELECT records.variant_id, min(records.record_id) AS record_id, any_value(paper_records.paper_id) AS paper_id
        FROM records SEMI JOIN wanted ON records.variant_id = wanted.variant_id
        INNER JOIN paper_records ON paper_records.record_id = records.record_id
        GROUP BY records.variant_id
        """,
        variants,
    )


def shared_keys(lake: duckdb.DuckDBPyConnection, keys: pl.DataFrame) -> pl.DataFrame:
    """Find the stored blocking keys that are among `keys`: key, variant_id. The family is part of the key."""
    sql = "SELECT key, variant_id FROM variant_keys SEMI JOIN wanted USING (key)"
    return _ask_table(lake, sql, keys.select("key").unique())


def records_of_variants(lake: duckdb.DuckDBPyConnection, variants: pl.Series) -> pl.DataFrame:
    """Fetch what is compared of the records of these variants: record_id, variant_id, COMPARED_FIELDS.

    Wide columns cost most in a large lake; of an abstract comes as much as is compared.
    """
    fields = ", ".join(field for field in COMPARED_FIELDS if field != "abstract")
    sql = f"""
        SELECT records.record_id, records.variant_id, {fields}, left(abstract, {ABSTRACT_CHARS}) AS abstract
        FROM records SEMI JOIN wanted ON records.variant_id = wanted.variant_id
        """
    return _ask(lake, sql, variants)


def records_of_papers(lake: duckdb.DuckDBPyConnection, paper_ids: pl.Series) -> pl.DataFrame:
    """Fetch the records of these papers, whole, each with its paper_id of now."""
    sql = """
        SELECT records.*, paper_records.paper_id
        FROM paper_records SEMI JOIN wanted ON paper_records.paper_id = wanted.paper_id
        INNER JOIN records ON records.record_id = paper_records.record_id
        """
    return _ask(lake, sql, paper_ids, "paper_id")


def papers_of_records(lake: duckdb.DuckDBPyConnection, record_ids: pl.Series) -> pl.Series:
    """Find the papers that these records speak of now."""
    found = _ask(
        lake,
        "SELECT DISTINCT paper_id FROM paper_records SEMI JOIN wanted USING (record_id)",
        record_ids,
        "record_id",
    )
    return found["paper_id"]


def minted(lake: duckdb.DuckDBPyConnection, paper_ids: pl.Series) -> pl.DataFrame:
    """Find which of these ids were ever minted, by whom and when, and where the redirected ones lead.

    Gives paper_id, run_id, created_at; and redirected_to, redirect_run_id, redirected_at, which are
    null where the id is that of a paper of now.
    """
    found = _ask(lake, script("minted"), paper_ids, "paper_id")
    return found.with_columns(pl.col("created_at", "redirected_at").dt.convert_time_zone("UTC"))


def decisions(lake: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Read every decision there is: few beside the records, for people make them one by one."""
    found = lake.execute("SELECT * FROM decisions").pl()
    return found.with_columns(pl.col("decided_at").dt.convert_time_zone("UTC"))


def variants_of(lake: duckdb.DuckDBPyConnection, record_ids: pl.Series) -> pl.DataFrame:
    """Find which of these records the lake holds: record_id, variant_id."""
    sql = "SELECT record_id, variant_id FROM records SEMI JOIN wanted ON records.record_id = wanted.record_id"
    return _ask(lake, sql, record_ids, "record_id")


def neighbourhood(lake: duckdb.DuckDBPyConnection, variants: pl.Series, ties: pl.DataFrame) -> Neighbourhood:
    """Gather all records that a chain of stored matches and `ties` ties to these variants, and those matches.

    Matches that the cluster guard cut are followed too: a new record may tip the balance. `ties`
    (record_id_a, record_id_b) are the pairs that people joined.
    """
    while True:
        members = _members(lake, variants)
        there = members["record_id"].implode()
        edges = _edges(lake, members["record_id"])
        tied = ties.filter(pl.col("record_id_a").is_in(there) | pl.col("record_id_b").is_in(there))
        ends = pl.concat([pairs[end] for pairs in (edges, tied) for end in ("record_id_a", "record_id_b")]).unique()
        found = variants_of(lake, ends.filter(~ends.is_in(there)))  # the other end of a tie may not be there yet
        if found.is_empty():
            return Neighbourhood(members, edges)
        variants = pl.concat([members["variant_id"], found["variant_id"]]).unique()


def _members(lake: duckdb.DuckDBPyConnection, variants: pl.Series) -> pl.DataFrame:
    return _ask(
        lake,
        """
        WITH papers_concerned AS (
            SELECT DISTINCT paper_records.paper_id
            FROM records SEMI JOIN wanted ON records.variant_id = wanted.variant_id
            INNER JOIN paper_records ON paper_records.record_id = records.record_id
        )
        SELECT records.record_id, records.variant_id, paper_records.paper_id, records.seen_date
        FROM paper_records SEMI JOIN papers_concerned ON paper_records.paper_id = papers_concerned.paper_id
        INNER JOIN records ON records.record_id = paper_records.record_id
        """,
        variants,
    )


def _edges(lake: duckdb.DuckDBPyConnection, record_ids: pl.Series) -> pl.DataFrame:
    sql = """
        SELECT record_id_a, record_id_b, probability, is_linked FROM matches
        WHERE record_id_a IN (SELECT record_id FROM wanted) OR record_id_b IN (SELECT record_id FROM wanted)
        """
    return _ask(lake, sql, record_ids, "record_id").filter(is_match())


def _ask(lake: duckdb.DuckDBPyConnection, sql: str, values: pl.Series, name: str = "variant_id") -> pl.DataFrame:
    """Run `sql` with the table `wanted` of these values, in a column called `name`."""
    return _ask_table(lake, sql, values.unique().alias(name).to_frame())


def _ask_table(lake: duckdb.DuckDBPyConnection, sql: str, wanted: pl.DataFrame) -> pl.DataFrame:
    if wanted.is_empty():  # DuckDB knows the columns without a look at the rows
        sql = f"FROM ({sql.rstrip().rstrip(';')}) LIMIT 0"
    with shown(lake, "wanted", wanted):
        return lake.execute(sql).pl()
