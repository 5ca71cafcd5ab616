"""The tables of the lake, said once.

DDL, column comments, the contract, the empty frames of the readers and docs/data-dictionary.md
all derive from this file.

    RAW_RECORD, RAW_REJECT   what a reader gives, one frame per batch of entries
    TABLES                   what the lake holds
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION: Final = 2
"""Kept in the lake; goes up when a table changes."""

TEXT: Final = pl.String()
TEXTS: Final = pl.List(pl.String())
COUNT: Final = pl.Int64()
SMALL: Final = pl.Int32()
RATIO: Final = pl.Float64()
HASH: Final = pl.UInt64()
FLAG: Final = pl.Boolean()
DAY: Final = pl.Date()
INSTANT: Final = pl.Datetime("us", "UTC")

_SQL_TYPES: Final[Mapping[pl.DataType, str]] = {
    TEXT: "VARCHAR",
    TEXTS: "VARCHAR[]",
    COUNT: "BIGINT",
    SMALL: "INTEGER",
    RATIO: "DOUBLE",
    HASH: "UBIGINT",
    FLAG: "BOOLEAN",
    DAY: "DATE",
    INSTANT: "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class Column:
    """One column: its name, type and meaning, and what the contract asks of each value.

    `pattern` is a regular expression that the whole of a value must match (RE2, as DuckDB reads it);
    `shortest` and `longest` are lengths in characters, `lowest` and `highest` bounds of a number.
    None of them speaks of a missing value; `is_required` does.
    """

    name: str
    dtype: pl.DataType
    comment: str
    is_required: bool = False
    pattern: str | None = None
    shortest: int | None = None
    longest: int | None = None
    lowest: int | None = None
    highest: int | None = None

    @property
    def sql_type(self) -> str:
        """The type of the column in DuckDB."""
        return _SQL_TYPES[self.dtype]


@dataclass(frozen=True)
class Table:
    """One table of the lake; `partition_by` are DuckLake partition expressions."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = field(default=())

    @property
    def polars_schema(self) -> pl.Schema:
        """Names and types of the columns, for frames."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


RAW_RECORD: Final = pl.Schema(
    {
        "position": COUNT,  # 1, 2, 3 ... over all entries of the dump, rejects included
        "line": COUNT,  # line of the dump where the entry begins, from 1; null in binary formats
        "raw": TEXT,  # the entry as it stands in the dump, kept if the contract rejects it
        "source": TEXT,  # who published the entry: huggingface, arxiv, pubmed ...
        "source_record_id": TEXT,
        "title": TEXT,
        "abstract": TEXT,
        "authors": TEXTS,  # one name per element; one element alone may hold all of them
        "venue": TEXT,
        "volume": TEXT,
        "number": TEXT,
        "pages": TEXT,
        "year": TEXT,
        "published_date": TEXT,
        "seen_date": DAY,  # the day the dump says it shows; null: taken from the file later
        "is_seen_date_inferred": FLAG,
        "doi": TEXT,
        "arxiv_id": TEXT,
        "pmid": TEXT,
        "url": TEXT,
        "extra": TEXT,  # a JSON object of everything that has no column
    }
)
"""What a reader gives for each entry it could read: text as it stands in the dump."""

RAW_REJECT: Final = pl.Schema({"position": COUNT, "line": COUNT, "raw": TEXT, "reason": TEXT})
"""What a reader gives for each entry it could not read."""

_BIBLIOGRAPHIC: Final = (
    Column(
        "title",
        TEXT,
        "Title as published, white space folded, mojibake repaired.",
        is_required=True,
        shortest=2,
        longest=2_000,
    ),
    Column("abstract", TEXT, "Abstract as published, white space folded, mojibake repaired.", longest=100_000),
    Column("authors", TEXTS, "Authors in the published order, each name in the author's form."),
    Column("venue", TEXT, "Journal, conference or book, as published.", longest=2_000),
    Column("volume", TEXT, "Volume of the venue."),
    Column("number", TEXT, "Issue within the volume."),
    Column("pages", TEXT, "Pages within the volume or issue, as published."),
    Column("year", SMALL, "Year of publication.", lowest=1400, highest=2100),
    Column("published_date", DAY, "Day of publication, where the source gives a full date."),
    Column("doi", TEXT, "DOI in lower case, without a resolver's address.", pattern=r"10\.\d{4,9}(\.\d+)*/\S+"),
    Column(
        "arxiv_id", TEXT, "arXiv identifier without its version.", pattern=r"\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}"
    ),
    Column("arxiv_version", SMALL, "Version of the arXiv paper, where the source names one.", lowest=1, highest=999),
    Column("pmid", TEXT, "PubMed identifier.", pattern=r"[1-9]\d{0,8}"),
    Column("url", TEXT, "Where the source points for this paper.", longest=4_000),
    Column("code_urls", TEXTS, "Links to code found in the columns and in the abstract."),
)

RECORDS: Final = Table(
    "records",
    "One entry of one dump, kept for ever and never changed.",
    (
        Column(
            "record_id",
            TEXT,
            "Follows from dump and position: first 16 digits of dump_id, then the position.",
            is_required=True,
        ),
        Column(
            "dump_id", TEXT, "The dump that holds the entry (dumps.dump_id).", is_required=True, pattern=r"[0-9a-f]{64}"
        ),
        Column("position", COUNT, "Place of the entry in its dump, from 1.", is_required=True, lowest=1),
        Column("source", TEXT, "Who published the entry: huggingface, arxiv, pubmed, table ...", is_required=True),
        Column("source_record_id", TEXT, "Identifier of the entry in its source."),
        Column("seen_date", DAY, "Day on which the dump shows the entry.", is_required=True),
        Column(
            "is_seen_date_inferred", FLAG, "True where seen_date was worked out rather than read.", is_required=True
        ),
        *_BIBLIOGRAPHIC,
        Column("extra", TEXT, "JSON object: everything of the entry that has no column here."),
        Column("title_key", TEXT, "Title without case, accents, LaTeX and punctuation: equal keys, equal titles."),
        Column("variant_id", HASH, "Hash of all compared fields: records of one variant are compared once."),
    ),
    partition_by=("year(seen_date)", "month(seen_date)"),
)

PAPERS: Final = Table(
    "papers",
    "One paper: the merged fields of the records that speak of it.",
    (
        Column(
            "paper_id", TEXT, "Minted once: the letter p and the record_id that founded the paper.", is_required=True
        ),
        *_BIBLIOGRAPHIC,
        Column("title_key", TEXT, "Title without case, accents, LaTeX and punctuation."),
        Column("first_seen_date", DAY, "Earliest seen_date of its records.", is_required=True),
        Column("last_seen_date", DAY, "Latest seen_date of its records.", is_required=True),
        Column("record_count", COUNT, "Number of its records.", is_required=True, lowest=1),
        Column("run_id", TEXT, "The run that minted the paper (runs.run_id).", is_required=True),
        Column("created_at", INSTANT, "When the paper was minted.", is_required=True),
        Column("updated_run_id", TEXT, "The run that last changed the paper.", is_required=True),
    ),
    partition_by=("year",),
)

PAPER_RECORDS: Final = Table(
    "paper_records",
    "Which paper each record speaks of; each record has exactly one row.",
    (
        Column("record_id", TEXT, "The record (records.record_id).", is_required=True),
        Column("paper_id", TEXT, "The paper it speaks of (papers.paper_id).", is_required=True),
    ),
)

PAPER_REDIRECTS: Final = Table(
    "paper_redirects",
    "Papers that turned out to be another: the older id survives; the other returns if the two are parted again.",
    (
        Column("old_paper_id", TEXT, "The id that is not in papers now.", is_required=True),
        Column("paper_id", TEXT, "The paper that holds its founding record now.", is_required=True),
        Column("run_id", TEXT, "The run that found out.", is_required=True),
        Column("redirected_at", INSTANT, "When it was found out.", is_required=True),
        Column("old_run_id", TEXT, "The run that minted the old id.", is_required=True),
        Column("old_created_at", INSTANT, "When the old id was minted: it returns with it.", is_required=True),
    ),
)

MATCHES: Final = Table(
    "matches",
    "The evidence that two records speak of the same paper, near misses included; record_id_a < record_id_b.",
    (
        Column("record_id_a", TEXT, "One record of the pair.", is_required=True),
        Column("record_id_b", TEXT, "The other record of the pair.", is_required=True),
        Column("rule", TEXT, "Name of the rule that matched them.", is_required=True),
        Column("title_similarity", RATIO, "Similarity of the title keys, 0 to 1; null where one is missing."),
        Column("abstract_similarity", RATIO, "Similarity of the abstracts, 0 to 1; null where one is missing."),
        Column("author_similarity", RATIO, "Similarity of the authors' names, 0 to 1; null where one is missing."),
        Column("venue_similarity", RATIO, "Similarity of the venues, 0 to 1; null where one is missing."),
        Column("features", TEXT, "JSON object: every feature that the decision looked at."),
        Column("probability", RATIO, "Estimated probability that the two are one paper.", is_required=True),
        Column(
            "is_linked",
            FLAG,
            "False where the cluster guard or a decision keeps the two apart, and where they only nearly match.",
            is_required=True,
        ),
        Column("run_id", TEXT, "The run that compared them.", is_required=True),
    ),
)

VARIANT_KEYS: Final = Table(
    "variant_keys",
    "Blocking keys of each variant: what a new record is looked up by. Derived from records.",
    (
        Column("key", HASH, "Hash of the blocking key.", is_required=True),
        Column("family", SMALL, "Family of the key, as transforms.dedupe.block numbers them.", is_required=True),
        Column("variant_id", HASH, "The variant that has the key (records.variant_id).", is_required=True),
    ),
)

DECISIONS: Final = Table(
    "decisions",
    "What a person said about a pair of records, record_id_a < record_id_b; the latest word on a pair holds.",
    (
        Column("record_id_a", TEXT, "One record of the pair.", is_required=True),
        Column("record_id_b", TEXT, "The other record of the pair.", is_required=True),
        Column(
            "verdict",
            TEXT,
            "same, different, or undo (which takes back the one before).",
            is_required=True,
            pattern="same|different|undo",
        ),
        Column("decided_by", TEXT, "Who said so.", is_required=True),
        Column("decided_at", INSTANT, "When.", is_required=True),
        Column("reason", TEXT, "Why, in the person's words."),
    ),
)

DUMPS: Final = Table(
    "dumps",
    "The ledger: one dump file as it was captured, known by its bytes.",
    (
        Column("dump_id", TEXT, "SHA-256 of the bytes, in hexadecimal.", is_required=True, pattern=r"[0-9a-f]{64}"),
        Column(
            "uri",
            TEXT,
            "Where the dump lay when it was first ingested; archive.zip!/name in an archive.",
            is_required=True,
        ),
        Column("reader", TEXT, "The reader that recognised it; null where none did."),
        Column(
            "status",
            TEXT,
            "published, failed, or unpacked: an archive, whose members are dumps of their own.",
            is_required=True,
            pattern="published|failed|unpacked",
        ),
        Column("error", TEXT, "Why it failed: what, where, what to do; of an archive, what of it was refused."),
        Column("byte_count", COUNT, "Size as captured, in bytes.", is_required=True),
        Column("text_byte_count", COUNT, "Size after decompression, in bytes."),
        Column("compression", TEXT, "gz, zst, bz2 or xz; null where the dump is plain."),
        Column(
            "encoding",
            TEXT,
            "What its text is written in: utf-8, utf-16-le, utf-16-be, cp1252, or what XML declares; "
            "null for binary formats.",
        ),
        Column("modified_at", INSTANT, "The file's own time.", is_required=True),
        Column("captured_date", DAY, "The day the dump shows; null where it failed."),
        Column("entries_read", COUNT, "Entries found in the dump: kept plus rejected.", is_required=True),
        Column("records_kept", COUNT, "Entries that became records.", is_required=True),
        Column("entries_rejected", COUNT, "Entries that became rejects.", is_required=True),
        Column("run_id", TEXT, "The run that ingested it.", is_required=True),
        Column("ingested_at", INSTANT, "When it was ingested.", is_required=True),
    ),
)

REJECTS: Final = Table(
    "rejects",
    "Entries that could not be read or broke the contract, with their raw text and the reason.",
    (
        Column("dump_id", TEXT, "The dump that holds the entry.", is_required=True),
        Column("position", COUNT, "Place of the entry in its dump, from 1.", is_required=True),
        Column("line", COUNT, "Line of the dump where the entry begins, from 1."),
        Column("stage", TEXT, "read, or contract.", is_required=True, pattern="read|contract"),
        Column("reasons", TEXTS, "Names of the rules it broke, or the reader's message.", is_required=True),
        Column("raw", TEXT, "The entry as it stands in the dump."),
        Column("run_id", TEXT, "The run that rejected it.", is_required=True),
        Column("rejected_at", INSTANT, "When it was rejected.", is_required=True),
    ),
    partition_by=("year(rejected_at)", "month(rejected_at)"),
)

RUNS: Final = Table(
    "runs",
    "One run of the ingest flow, one decision of a person, or one rebuild, with its counts and seconds per stage.",
    (
        Column("run_id", TEXT, "Identifier of the run.", is_required=True),
        Column(
            "flow_run_name", TEXT, "Name of the flow run in Prefect; of a decision, what was said.", is_required=True
        ),
        Column("version", TEXT, "Version of paperlake that ran.", is_required=True),
        Column(
            "status",
            TEXT,
            "published, partial (some dumps were refused), failed (nothing went in), decided (a person spoke), "
            "or rebuilt (all papers were made anew: earlier runs counted by earlier rules).",
            is_required=True,
        ),
        Column("started_at", INSTANT, "When the run began.", is_required=True),
        Column("finished_at", INSTANT, "When its last stage before the commit ended.", is_required=True),
        Column("problems", TEXTS, "Everything that was refused, and why."),
        Column("dumps_found", COUNT, "New dumps found.", is_required=True),
        Column("dumps_published", COUNT, "Dumps that this run published.", is_required=True),
        Column("dumps_failed", COUNT, "Dumps that this run refused.", is_required=True),
        Column("entries_read", COUNT, "Entries found in the dumps.", is_required=True),
        Column("records_kept", COUNT, "Entries that became records.", is_required=True),
        Column("entries_rejected", COUNT, "Entries that became rejects.", is_required=True),
        Column("new_papers", COUNT, "Papers minted.", is_required=True),
        Column("known_papers", COUNT, "Papers of the lake that gained a record.", is_required=True),
        Column("merged_papers", COUNT, "Papers that turned out to be another.", is_required=True),
        Column("pairs_compared", COUNT, "Pairs of variants that were compared.", is_required=True),
        Column("pairs_not_compared", COUNT, "Pairs left out because their block was too large.", is_required=True),
        Column("read_seconds", RATIO, "Seconds of reading and staging.", is_required=True),
        Column("check_seconds", RATIO, "Seconds of the contract.", is_required=True),
        Column("resolve_seconds", RATIO, "Seconds of deciding which records are one paper.", is_required=True),
    ),
)

CHECKS: Final = Table(
    "checks",
    "One outcome of one expectation of the contract in one run.",
    (
        Column("run_id", TEXT, "The run that checked.", is_required=True),
        Column("suite", TEXT, "records, or dumps.", is_required=True),
        Column("rule", TEXT, "Name of the rule.", is_required=True),
        Column("expectation", TEXT, "What the rule asks, in words.", is_required=True),
        Column("is_success", FLAG, "True where nothing broke the rule.", is_required=True),
        Column("checked_count", COUNT, "Rows that were checked.", is_required=True),
        Column("unexpected_count", COUNT, "Rows that broke the rule.", is_required=True),
    ),
)

SETTINGS: Final = Table(
    "settings",
    "What holds for the whole lake: the version of its schema, and the level at which records are one paper.",
    (
        Column("name", TEXT, "Name of the setting.", is_required=True),
        Column("value", TEXT, "Its value.", is_required=True),
    ),
)

TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        DUMPS,
        RECORDS,
        PAPERS,
        PAPER_RECORDS,
        PAPER_REDIRECTS,
        MATCHES,
        DECISIONS,
        REJECTS,
        RUNS,
        CHECKS,
        VARIANT_KEYS,
        SETTINGS,
    )
}
"""Every table of the lake, by name."""
