"""Raw records become records one for one; nothing that was given vanishes."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.normalize import normalize_records
from transforms.schema import RAW_RECORD, RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DUMP_ID = "0123456789abcdef" * 4
CAPTURED = dt.date(2025, 3, 18)


def normalize(*entries: Mapping[str, object]) -> pl.DataFrame:
    rows = [{"position": place, "source": "table", **entry} for place, entry in enumerate(entries, start=1)]
    raw = pl.DataFrame(rows, schema=RAW_RECORD)
    return normalize_records(raw.lazy(), dump_id=pl.lit(DUMP_ID), captured_date=pl.lit(CAPTURED)).collect()


def normalize_one(**entry: object) -> dict[str, object]:
    return normalize(entry).row(0, named=True)


def test_the_columns_are_those_of_the_lake() -> None:
    assert normalize().schema == RECORDS.polars_schema
    assert dict(normalize({}).schema) == dict(normalize().schema)


def test_an_entry_without_anything_stays() -> None:
    record = normalize_one()
    assert record.pop("variant_id")
    given = {name: value for name, value in record.items() if value is not None}
    assert given == {
        "record_id": "0123456789abcdef-0000001",
        "dump_id": DUMP_ID,
        "position": 1,
        "source": "table",
        "seen_date": CAPTURED,
        "is_seen_date_inferred": True,
    }


@pytest.mark.parametrize(
    ("entry", "column", "expected"),
    [
        pytest.param({"title": " \u00a0 "}, "title", None, id="title of white space"),
        pytest.param({"title": "A\n  B"}, "title", "A B", id="title folded"),
        pytest.param({"title": "A {\\'e} B"}, "title", "A {\\'e} B", id="title as the author wrote it"),
        pytest.param({"title": "Pre-Training $\\alpha$"}, "title_key", "pretrainingalpha", id="key beside it"),
        pytest.param({"abstract": ""}, "abstract", None, id="no abstract"),
        pytest.param({"authors": []}, "authors", None, id="no authors"),
        pytest.param({"authors": ["", None, " "]}, "authors", None, id="empty authors"),
        pytest.param({"authors": [" A.  Name ", "", "&#214;zg\u00fcr"]}, "authors", ["A. Name", "\u00d6zg\u00fcr"], id="authors"),
        pytest.param({"pages": "pp. 322-331. "}, "pages", "pp. 322-331.", id="pages as published"),
        pytest.param({"venue": "Nature &amp; Science"}, "venue", "Nature & Science", id="venue"),
        pytest.param({"year": "c2005"}, "year", 2005, id="year"),
        pytest.param({"published_date": "2005 Mar"}, "year", 2005, id="year of the date"),
        pytest.param({"year": "2004", "published_date": "2005-03-04"}, "year", 2004, id="year from its own column first"),
        pytest.param({"published_date": "2005-03-04"}, "published_date", dt.date(2005, 3, 4), id="day"),
        pytest.param({"doi": "doi:10.1000/ABC."}, "doi", "10.1000/abc", id="DOI"),
        pytest.param({"doi": "10.1000/abc", "url": "https://doi.org/10.1000/def"}, "doi", "10.1000/abc", id="DOI from its own column first"),
        pytest.param({"doi": "none", "url": "https://doi.org/10.1000/def"}, "doi", "10.1000/def", id="DOI of the url"),
        pytest.param({"abstract": "We cite 10.1000/def here."}, "doi", None, id="DOI of another"),
        pytest.param({"arxiv_id": "704.0001"}, "arxiv_id", "0704.0001", id="lost zero"),
        pytest.param({"doi": "10.48550/arXiv.2503.11731"}, "arxiv_id", "2503.11731", id="arXiv's DOI"),
        pytest.param({"url": "https://huggingface.co/papers/2503.11731"}, "arxiv_id", "2503.11731", id="url"),
        pytest.param({"venue": "CoRR", "volume": "abs/1412.6980"}, "arxiv_id", "1412.6980", id="volume"),
        pytest.param({"arxiv_id": "2503.11731v2"}, "arxiv_version", 2, id="version"),
        pytest.param({"arxiv_id": "2503.11731", "url": "https://arxiv.org/abs/2503.11731v3"}, "arxiv_version", 3, id="version of the url"),
        pytest.param({"arxiv_id": "2503.11731", "url": "https://arxiv.org/abs/2503.00001v3"}, "arxiv_version", None, id="version of another"),
        pytest.param({"pmid": "PMID: 123"}, "pmid", "123", id="PMID"),
        pytest.param({"url": "https://pubmed.ncbi.nlm.nih.gov/123/"}, "pmid", "123", id="PMID of the url"),
        pytest.param({"extra": '{"code":"https://github.com/a/b"}'}, "code_urls", ["https://github.com/a/b"], id="code in what has no column"),
        pytest.param({"seen_date": dt.date(2024, 1, 1)}, "seen_date", dt.date(2024, 1, 1), id="day shown"),
        pytest.param({"seen_date": dt.date(2024, 1, 1)}, "is_seen_date_inferred", False, id="day shown, read"),
        pytest.param({"seen_date": dt.date(2024, 1, 1), "is_seen_date_inferred": True}, "is_seen_date_inferred", True, id="day shown, worked out"),
        pytest.param({"position": 12_345_678}, "record_id", "0123456789abcdef-12345678", id="more than seven digits"),
    ],
)  # fmt: skip
def test_one_column(entry: Mapping[str, object], column: str, expected: object) -> None:
    assert normalize_one(**entry)[column] == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({}, None, id="nothing given"),
        pytest.param({"doi": " "}, None, id="white space given"),
        pytest.param({"doi": "10.1000/abc", "extra": '{"a":1}'}, {"a": 1}, id="all read"),
        pytest.param({"doi": "see below"}, {"doi_as_given": "see below"}, id="no DOI"),
        pytest.param({"arxiv_id": "9901001", "extra": '{"a":1}'}, {"a": 1, "arxiv_id_as_given": "9901001"}, id="no arXiv id, beside others"),
        pytest.param({"pmid": "PMC1", "year": "n.d."}, {"pmid_as_given": "PMC1", "year_as_given": "n.d."}, id="two"),
        pytest.param({"published_date": "2005 Mar"}, {"published_date_as_given": "2005 Mar"}, id="no full date"),
        pytest.param({"doi": "none", "extra": "[1]"}, {"extra_as_given": "[1]", "doi_as_given": "none"}, id="extra that is no object"),
        pytest.param({"doi": "none", "extra": "{"}, {"extra_as_given": "{", "doi_as_given": "none"}, id="extra that is no JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_kept(entry: Mapping[str, object], expected: object) -> None:
    extra = normalize_one(**entry)["extra"]
    assert (extra if extra is None else json.loads(str(extra))) == expected


texts = st.one_of(
    st.none(), st.text(), st.sampled_from(["10.1000/abc.", "2503.11731v1", "PMID: 7", "March 2005", "caf\u00c3\u00a9"])
)
entries = st.fixed_dictionaries(
    {name: texts for name, dtype in RAW_RECORD.items() if dtype == pl.String and name not in {"raw", "extra", "source"}}
    | {"authors": st.one_of(st.none(), st.lists(texts, max_size=3))}
)


@given(st.lists(entries, max_size=4))
def test_any_text_is_taken_and_twice_is_once(rows: Sequence[Mapping[str, object]]) -> None:
    once = normalize(*rows)
    assert once.height == len(rows)
    published = [
        "title",
        "abstract",
        "authors",
        "venue",
        "volume",
        "number",
        "pages",
        "url",
        "doi",
        "arxiv_id",
        "pmid",
        "title_key",
    ]
    again = normalize(
        *once.select(set(RAW_RECORD) & set(once.columns))
        .with_columns(pl.col("year", "published_date").cast(pl.String))
        .to_dicts()
    )
    assert again.select(published).equals(once.select(published))


def test_entries_of_many_dumps_at_once() -> None:
    raw = pl.DataFrame([{"position": 3}, {"position": 3}], schema=RAW_RECORD)
    dumps = pl.DataFrame({"dump": ["a" * 64, "b" * 64], "day": [CAPTURED, None]}, schema_overrides={"day": pl.Date})
    records = normalize_records(
        pl.concat([raw, dumps], how="horizontal").lazy(), dump_id=pl.col("dump"), captured_date=pl.col("day")
    ).collect()
    assert records["record_id"].to_list() == ["aaaaaaaaaaaaaaaa-0000003", "bbbbbbbbbbbbbbbb-0000003"]
    assert records["seen_date"].to_list() == [CAPTURED, None]


def test_each_record_is_normalized_by_itself() -> None:
    rows: list[dict[str, object]] = [
        {"title": "caf\u00c3\u00a9"},
        {"title": None},
        {"title": "a  b", "doi": "x"},
        {"year": "2005"},
    ]
    together = normalize(*rows)
    apart = pl.concat(normalize({"position": place, **row}) for place, row in enumerate(rows, start=1))
    assert together.equals(apart)


def _papers(truth: Path) -> list[dict[str, object]]:
    files: dict[str, list[dict[str, object]]] = json.loads(truth.read_text(encoding="utf-8"))
    return [{"title": paper["title"], "abstract": paper["abstract"]} for file in files.values() for paper in file]


@pytest.mark.corpus
@pytest.mark.parametrize(
    "folder", ["hf_papers_text", "acl_anthology_xml", "crossref", "ris", "semanticscholar", "pubmed_nbib"]
)
def test_no_title_of_the_corpus_is_lost(shared: Path, folder: str) -> None:
    papers = _papers(shared / "corpus" / folder / "truth.json")
    records = normalize(*papers)
    assert [bool(str(paper["title"] or "").strip()) for paper in papers] == (records["title"].is_not_null()).to_list()
    assert records.filter(pl.col("title").str.contains(r"[\p{L}\p{N}]"))["title_key"].null_count() == 0
    assert [paper["title"] for paper in normalize(*records.select("title").to_dicts()).to_dicts()] == records[
        "title"
    ].to_list()


@pytest.mark.corpus
def test_titles_and_abstracts_of_the_page_are_as_published(shared: Path) -> None:
    papers = _papers(shared / "corpus" / "hf_papers_text" / "truth.json")
    records = normalize(*papers)
    for column in ("title", "abstract"):
        assert records[column].to_list() == [" ".join(str(paper[column]).split()) for paper in papers]


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", ["asysd-diabetes", "bd-cytology_screening", "bd-stroke", "cora", "dblp-acm", "dblp-scholar"]
)
def test_labelled_sets_are_normalized(shared: Path, name: str) -> None:
    table = pl.read_csv(shared / "dedupe" / name / "records.csv", infer_schema=False)
    known = table.rename({"id": "source_record_id"}).with_columns(pl.concat_list("authors"))
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in RAW_RECORD.items() if name not in known.columns]
    raw = known.with_columns(missing).with_columns(position=pl.int_range(1, pl.len() + 1)).select(RAW_RECORD.names())
    records = normalize_records(raw.lazy(), dump_id=pl.lit(DUMP_ID), captured_date=pl.lit(CAPTURED)).collect()
    assert records.height == table.height
    assert records["title"].null_count() == table["title"].null_count()
    assert records["year"].null_count() == table["year"].null_count()
    kept_as_given = records["extra"].str.contains("doi_as_given", literal=True).fill_null(value=False)
    assert ((records["doi"].is_not_null()) | kept_as_given).to_list() == table["doi"].is_not_null().to_list()
    assert kept_as_given.sum() <= 2  # one registrant of three digits, twice
