from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.cluster import cluster
from transforms.dedupe.match import match_pairs
from transforms.dedupe.variants import compared, with_variant_id
from transforms.schema import RECORDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus


@pytest.fixture
def pages(shared: Path) -> pl.DataFrame:
    """The entries of all captured pages, as normalized records."""
    truth = json.loads((shared / "corpus" / "hf_papers_text" / "truth.json").read_text("utf-8"))
    rows = [
        {"record_id": f"{page}-{place}", "title": entry["title"], "abstract": entry["abstract"]}
        for page, entries in truth.items()
        for place, entry in enumerate(entries)
    ]
    frame = pl.DataFrame(rows, schema={**RECORDS.polars_schema}).drop("variant_id")
    return frame.lazy().pipe(with_variant_id).collect()


def papers(records: pl.DataFrame) -> int:
    variants = compared(records)
    pairs = candidate_pairs(blocking_keys(variants), variants["variant_id"]).pairs
    return cluster(variants, match_pairs(variants, pairs))["cluster"].n_unique()


def test_the_captured_pages_speak_of_584_papers(pages: pl.DataFrame) -> None:
    assert pages.height == 648
    assert papers(pages) == 584


def test_cut_and_shouted_copies_of_all_of_them_make_no_new_paper(pages: pl.DataFrame) -> None:
    copies = pages.with_columns(
        record_id=pl.col("record_id") + "-copy",
        title=pl.col("title").str.to_uppercase(),
        abstract=pl.col("abstract").str.slice(0, 300),
    )
    again = copies.drop("variant_id").lazy().pipe(with_variant_id).collect()
    assert papers(pl.concat([pages, again.select(pages.columns)])) == 584


def test_two_batches_find_the_pairs_of_one(pages: pl.DataFrame) -> None:
    variants = compared(pages)
    keys = blocking_keys(variants)
    first, second = variants["variant_id"][::2], variants["variant_id"][1::2]
    early = candidate_pairs(keys.filter(pl.col("variant_id").is_in(first.implode())), first)
    late = candidate_pairs(keys, second)
    whole = candidate_pairs(keys, variants["variant_id"])
    assert whole.not_compared == 0
    assert set(early.pairs.iter_rows()) | set(late.pairs.iter_rows()) == set(whole.pairs.iter_rows())
