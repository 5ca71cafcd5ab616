"""Asks the lake for what may concern new records: known variants, shared blocking keys, papers.

Everything is looked up by what is new, so that the cost of a small batch does not grow with the
number of merges that the lake has seen. Large files are asked through their index, see `warehouse.index`;
all others are scanned.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.dedupe.evidence import is_match
from transforms.dedupe.variants import ABSTRACT_CHARS, COMPARED_FIELDS, compared
from transforms.schema import RECORDS
from warehouse.handover import shown
from warehouse.index import Index, open_index
from warehouse.opening import snapshot
from warehouse.sqltext import literal, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from warehouse.earlier import Earlier
    from warehouse.lake import Lake


AT_ONCE: Final = 250_000
"""Records of the lake that are compared with a batch at once: some 1 GB while at work."""

_COMPARED: Final = ("record_id", "variant_id", *COMPARED_FIELDS)


@dataclass(frozen=True)
class Stored:
    """What the lake holds now: a connection that is in one snapshot of it, and the index of its large files.

    Where a batch is resolved in parts, the lake holds the `earlier` ones too.
    """

    connection: duckdb.DuckDBPyConnection
    index: Index
    earlier: Earlier | None = None


@contextmanager
def stored(lake: Lake) -> Iterator[Stored]:
    """Open what the lake holds now, to be asked many times: empty tables where there is no lake yet."""
    with snapshot(lake) as connection:
        yield Stored(connection, open_index(connection, lake))


@dataclass(frozen=True)
class Neighbourhood:
    """The part of the lake whose grouping may change.

    `members`: record_id, variant_id, paper_id, seen_date of each record of the papers concerned;
    `edges`: record_id_a, record_id_b, probability, is_linked of each stored match among them.
    """

    members: pl.DataFrame
    edges: pl.DataFrame


def known_variants(there: Stored, variants: pl.Series) -> pl.DataFrame:
    """Find which variants the lake holds: variant_id, record_id (the smallest), paper_id."""
    found = _records(there, "variant_id", variants, ("variant_id", "record_id"))
    smallest = found.group_by("variant_id").agg(pl.col("record_id").min())
    return smallest.join(_papers_of(there, smallest["record_id"]), on="record_id", validate="1:1")


def shared_keys(there: Stored, keys: pl.DataFrame) -> pl.DataFrame:
    """Find the stored blocking keys that are among `keys`: key, variant_id. The family is part of the key."""
    found, asked = there.index.keys(keys["key"])
    sql = f"SELECT key, variant_id FROM {_but(asked, 'variant_keys')} SEMI JOIN wanted USING (key)"
    return pl.concat([_ask(there.connection, sql, keys["key"], "key"), found])


def records_of_variants(there: Stored, variants: pl.Series) -> pl.DataFrame:
    """Fetch what is compared of the records of these variants: record_id, variant_id, COMPARED_FIELDS.

    Wide columns cost most in a large lake; of an abstract comes as much as is compared.
    """
    return _records(there, "variant_id", variants, _COMPARED)


def compared_of(there: Stored, variants: pl.Series) -> pl.DataFrame:
    """Give these variants as `variants.compared` does, in no order."""
    parts: list[pl.DataFrame] = []
    for found in there.earlier.compared(variants) if there.earlier else ():
        variants = variants.filter(~variants.is_in(found.variants["variant_id"].implode()))
        parts.append(found.variants)
    return pl.concat([*parts, compared(records_of_variants(there, variants))])


def partners(there: Stored, variants: pl.Series) -> Iterator[pl.DataFrame]:
    """Fetch what `records_of_variants` does, once or, of many, some records at a time: memory is bounded.

    The records of one variant may come apart. The connection is busy until all have come.
    """
    if len(variants) <= AT_ONCE:
        yield records_of_variants(there, variants)
        return
    with shown(there.connection, "wanted", variants.alias("variant_id").to_frame()):
        sql = _asked("variant_id", _COMPARED, "records", whole=False)
        for batch in there.connection.execute(sql).to_arrow_reader(AT_ONCE):
            yield pl.DataFrame(pl.from_arrow(batch))


def records_of_papers(there: Stored, paper_ids: pl.Series) -> pl.DataFrame:
    """Fetch the records of these papers, whole, each with its paper_id of now."""
    placed = _placed_in(there, paper_ids)
    found = _records(there, "record_id", placed["record_id"], RECORDS.names, whole=True)
    return found.join(placed, on="record_id", validate="1:1")


def papers_of_records(there: Stored, record_ids: pl.Series) -> pl.Series:
    """Find the papers that these records speak of now."""
    return _papers_of(there, record_ids)["paper_id"].unique()


def minted(connection: duckdb.DuckDBPyConnection, paper_ids: pl.Series) -> pl.DataFrame:
    """Find which of these ids were ever minted, by whom and when, and where the redirected ones lead.

    Gives paper_id, run_id, created_at; and redirected_to, redirect_run_id, redirected_at, which are
    null where the id is that of a paper of now.
    """
    found = _ask(connection, script("minted"), paper_ids, "paper_id")
    return found.with_columns(pl.col("created_at", "redirected_at").dt.convert_time_zone("UTC"))


def decisions(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Read every decision there is: few beside the records, for people make them one by one."""
    found = connection.execute("SELECT * FROM decisions").pl()
    return found.with_columns(pl.col("decided_at").dt.convert_time_zone("UTC"))


def variants_of(there: Stored, record_ids: pl.Series) -> pl.DataFrame:
    """Find which of these records the lake holds: record_id, variant_id."""
    return _records(there, "record_id", record_ids, ("record_id", "variant_id"))


def neighbourhood(there: Stored, variants: pl.Series, ties: pl.DataFrame) -> Neighbourhood:
    """Gather all records that a chain of stored matches and `ties` ties to these variants, and those matches.

    Matches that the cluster guard cut are followed too: a new record may tip the balance. `ties`
    (record_id_a, record_id_b) are the pairs that people joined.
    """
    while True:
        members = _members(there, variants)
        known = members["record_id"].implode()
        edges = _edges(there.connection, members["record_id"])
        tied = ties.filter(pl.col("record_id_a").is_in(known) | pl.col("record_id_b").is_in(known))
        ends = pl.concat([pairs[end] for pairs in (edges, tied) for end in ("record_id_a", "record_id_b")]).unique()
        found = variants_of(there, ends.filter(~ends.is_in(known)))  # the other end of a tie may not be there yet
        if found.is_empty():
            return Neighbourhood(members, edges)
        variants = pl.concat([members["variant_id"], found["variant_id"]]).unique()


def _members(there: Stored, variants: pl.Series) -> pl.DataFrame:
    founding = _records(there, "variant_id", variants, ("record_id",))
    concerned = _papers_of(there, founding["record_id"])["paper_id"]
    placed = _placed_in(there, concerned)
    found = _records(there, "record_id", placed["record_id"], ("record_id", "variant_id", "seen_date"))
    return found.join(placed, on="record_id", validate="1:1").select("record_id", "variant_id", "paper_id", "seen_date")


def _edges(connection: duckdb.DuckDBPyConnection, record_ids: pl.Series) -> pl.DataFrame:
    sql = """
        SELECT record_id_a, record_id_b, probability, is_linked FROM matches
        WHERE record_id_a IN (SELECT record_id FROM wanted) OR record_id_b IN (SELECT record_id FROM wanted)
        """
    return _ask(connection, sql, record_ids, "record_id").filter(is_match())


def _papers_of(there: Stored, record_ids: pl.Series) -> pl.DataFrame:
    """Find the papers that these records speak of now: record_id, paper_id."""
    sql = "FROM paper_records SEMI JOIN wanted USING (record_id) SELECT record_id, paper_id"
    return _ask(there.connection, sql, record_ids, "record_id")


def _placed_in(there: Stored, paper_ids: pl.Series) -> pl.DataFrame:
    """Find the records that speak of these papers now: record_id, paper_id."""
    sql = "FROM paper_records SEMI JOIN wanted USING (paper_id) SELECT record_id, paper_id"
    return _ask(there.connection, sql, paper_ids, "paper_id")


def _records(
    there: Stored, column: str, wanted: pl.Series, columns: Sequence[str], *, whole: bool = False
) -> pl.DataFrame:
    """Fetch some columns of the records whose `column` is among `wanted`; abstracts cut to what is compared, or `whole`."""
    found, asked = there.index.records(column, wanted, columns)
    sql = _asked(column, columns, _but(asked, "records"), whole=whole)
    scanned = _ask(there.connection, sql, wanted, column)
    if found.is_empty():
        return scanned
    if "abstract" in columns and not whole:
        found = found.with_columns(pl.col("abstract").str.head(ABSTRACT_CHARS))
    return pl.concat([scanned, found.select(scanned.columns)])


def _asked(column: str, columns: Sequence[str], table: str, *, whole: bool) -> str:
    cut = f"* REPLACE (left(abstract, {ABSTRACT_CHARS}) AS abstract)" if "abstract" in columns and not whole else "*"
    return f"SELECT {', '.join(columns)} FROM (SELECT {cut} FROM {table}) SEMI JOIN wanted USING ({column})"


def _but(asked: Sequence[str], table: str) -> str:
    """Name a table, or what of it lies in other files than those that were asked already."""
    return f"(FROM {table} WHERE filename NOT IN ({', '.join(map(literal, asked))}))" if asked else table


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, values: pl.Series, name: str) -> pl.DataFrame:
    """Run `sql` with the table `wanted` of these values, each once, in a column called `name`."""
    if values.is_empty():  # DuckDB knows the columns without a look at the rows
        sql = f"FROM ({sql.rstrip().rstrip(';')}) LIMIT 0"
    with shown(connection, "wanted", values.unique().alias(name).to_frame()):
        return connection.execute(sql).pl()
