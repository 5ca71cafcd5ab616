"""From what a reader gave to what the lake keeps: RAW_RECORD in, RECORDS out.

raw --fold_fields--> --find_identifiers--> --date_entries--> --keep_as_given--> --link_code--> --number_records-->
    --with_variant_id--> records

Nothing is judged here: what cannot be read as an identifier or a date leaves its column empty and
is kept, as it was given, in `extra`; whether a record may enter the lake is for the contract to say.
"""

from __future__ import annotations

from typing import Final

import orjson
import polars as pl

from transforms import identifiers
from transforms.dates import captured_date_of, published_day, published_year
from transforms.dedupe.variants import with_variant_id
from transforms.links import code_urls
from transforms.schema import RECORDS
from transforms.text import published_text, text_words, words_key

__all__ = ["captured_date_of", "normalize_records"]

_TEXT_FIELDS: Final = (
    "source", "source_record_id", "title", "abstract", "venue", "volume", "number", "pages",
    "year", "published_date", "doi", "arxiv_id", "pmid", "url",
)  # fmt: skip

_PARSED_FIELDS: Final = ("doi", "arxiv_id", "pmid", "year", "published_date")
"""Fields whose text may turn out to be none of the kind."""

_TITLE_WORDS: Final = "_title_words"

_ARXIV_SOURCES: Final = {
    "_arxiv_own": identifiers.arxiv_reference("arxiv_id"),
    "_arxiv_doi": identifiers.arxiv_reference_in_doi("doi"),
    "_arxiv_url": identifiers.arxiv_reference_in_url("url"),
    "_arxiv_venue": identifiers.arxiv_reference_in_venue("venue"),
    "_arxiv_volume": identifiers.arxiv_reference_in_venue("volume"),
    "_arxiv_number": identifiers.arxiv_reference_in_venue("number"),
    "_arxiv_title": identifiers.arxiv_reference_in_stamp("title"),
    "_arxiv_abstract": identifiers.arxiv_reference_in_stamp("abstract"),
}
"""Where an arXiv identifier may stand, the most trustworthy first."""


def normalize_records(raw: pl.LazyFrame, *, dump_id: pl.Expr, captured_date: pl.Expr) -> pl.LazyFrame:
    """Turn RAW_RECORD rows, of one dump or of many, into RECORDS rows, one for one and in order.

    `dump_id` gives the sha256 of each row's dump, `captured_date` the day that counts where the dump
    shows none: a literal for the rows of one dump, a column for those of many.
    The columns are those of RECORDS.
    """
    return (
        raw.pipe(fold_fields)
        .pipe(find_identifiers)
        .pipe(date_entries)
        .pipe(keep_as_given)
        .pipe(link_code)
        .pipe(number_records, dump_id, captured_date)
        .pipe(with_variant_id, title_words=pl.col(_TITLE_WORDS))
        .select(RECORDS.names)
    )


def fold_fields(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Mend and fold every text; names of authors one by one, empty ones dropped."""
    given = [pl.col(name).alias(_as_given(name)) for name in _PARSED_FIELDS]
    names = pl.col("authors").list.eval(published_text(pl.element()).drop_nulls())
    return (
        raw.with_columns(*(published_text(name) for name in _TEXT_FIELDS), authors=names)
        .with_columns(*given, authors=pl.when(pl.col("authors").list.len() > 0).then("authors"))
        .with_columns(text_words("title").alias(_TITLE_WORDS))
        .with_columns(title_key=words_key(_TITLE_WORDS))
    )


def find_identifiers(records: pl.LazyFrame) -> pl.LazyFrame:
    """Bring identifiers into canonical form, from their own columns first; see `transforms.identifiers`."""
    return (
        records.with_columns(
            doi=pl.coalesce(
                identifiers.doi("doi"),
                identifiers.doi_in_url("url"),
                identifiers.doi_in_abstract("abstract"),
            ),
            pmid=pl.coalesce(identifiers.pmid("pmid"), identifiers.pmid_in_url("url")),
        )
        .with_columns(**_ARXIV_SOURCES)
        .with_columns(arxiv_id=identifiers.arxiv_id(pl.coalesce(*_ARXIV_SOURCES)))
        .with_columns(arxiv_version=pl.coalesce(*(_version_of_chosen(name) for name in _ARXIV_SOURCES)))
    )


def date_entries(records: pl.LazyFrame) -> pl.LazyFrame:
    """Read year and day of publication."""
    return records.with_columns(
        year=pl.coalesce(published_year("year"), published_year("published_date")),
        published_date=published_day("published_date"),
    )


def keep_as_given(records: pl.LazyFrame) -> pl.LazyFrame:
    """Keep in `extra` what a field said where its column stays empty, as in `doi_as_given`."""
    lost = [
        pl.when(pl.col(name).is_null()).then(pl.col(_as_given(name))).alias(_as_given(name)) for name in _PARSED_FIELDS
    ]
    return records.with_columns(*lost).with_columns(
        extra=pl.struct("extra", *(_as_given(name) for name in _PARSED_FIELDS)).map_batches(
            _extended, return_dtype=pl.String, is_elementwise=True
        )
    )


def link_code(records: pl.LazyFrame) -> pl.LazyFrame:
    """Gather links to code from the address, the abstract and what has no column."""
    return records.with_columns(code_urls=code_urls(["url", "abstract", "extra"]))


def number_records(records: pl.LazyFrame, dump_id: pl.Expr, captured_date: pl.Expr) -> pl.LazyFrame:
    """Give each record its id and the day on which the dump shows it."""
    place = pl.col("position").cast(pl.String).str.zfill(7)
    return records.with_columns(
        record_id=pl.concat_str(dump_id.str.slice(0, 16), pl.lit("-"), place),
        dump_id=dump_id,
        is_seen_date_inferred=pl.col("seen_date").is_null() | pl.col("is_seen_date_inferred").fill_null(value=False),
        seen_date=pl.col("seen_date").fill_null(captured_date),
    )


def _as_given(name: str) -> str:
    return f"{name}_as_given"


def _version_of_chosen(name: str) -> pl.Expr:
    """Take the version that a source names, if it speaks of the chosen identifier."""
    return pl.when(identifiers.arxiv_id(name) == pl.col("arxiv_id")).then(identifiers.arxiv_version(name))


def _extended(rows: pl.Series) -> pl.Series:
    frame = rows.struct.unnest()
    given = frame.drop("extra")
    due = given.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if not due.any():
        return frame["extra"]
    lost = [{key: text for key, text in row.items() if text} for row in given.filter(due).iter_rows(named=True)]
    texts = [_with_members(extra, more) for extra, more in zip(frame["extra"].filter(due), lost, strict=True)]
    return frame["extra"].scatter(due.arg_true(), texts)


def _with_members(extra: str | None, more: dict[str, str]) -> str:
    return orjson.dumps({**_members(extra), **more}).decode()


def _members(extra: str | None) -> dict[str, object]:
    if not extra:
        return {}
    try:
        members = orjson.loads(extra)
    except orjson.JSONDecodeError:
        members = None
    return members if isinstance(members, dict) else {"extra_as_given": extra}
