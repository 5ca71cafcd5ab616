from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedupe.variants import compared, with_variant_id
from transforms.schema import RECORDS


def records(*rows: dict[str, Any]) -> pl.DataFrame:
    numbered = [
        {"record_id": f"r{place}", "title": "Sparse graphs for denoising"} | row for place, row in enumerate(rows)
    ]
    frame = pl.DataFrame(numbered, schema={**RECORDS.polars_schema}, strict=False).drop("variant_id")
    return frame.lazy().pipe(with_variant_id).collect()


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param({}, True, id="nothing differs"),
        pytest.param({"title": "SPARSE Graphs, for denoising!"}, True, id="title but for case and punctuation"),
        pytest.param({"source": "elsewhere", "url": "https://example.org"}, True, id="a field that is not compared"),
        pytest.param({"abstract": "A second sentence."}, False, id="abstract"),
        pytest.param({"authors": ["Lane, Ada"]}, False, id="authors"),
        pytest.param({"year": 1999}, False, id="year"),
        pytest.param({"doi": "10.1234/x"}, False, id="doi"),
    ],
)
def test_records_equal_in_all_compared_fields_are_one_variant(other: dict[str, Any], is_same: bool) -> None:
    assert (records({}, other)["variant_id"].n_unique() == 1) is is_same


def test_fields_do_not_run_into_each_other() -> None:
    ids = records({"volume": "12", "number": None}, {"volume": "1", "number": "2"}, {"volume": None, "number": "12"})
    assert ids["variant_id"].n_unique() == 3


def test_a_record_too_bare_to_be_known_again_stays_alone() -> None:
    assert records({"title": "Editorial"}, {"title": "Editorial"})["variant_id"].n_unique() == 2


def test_a_generic_title_with_a_second_signal_is_a_variant_like_any_other() -> None:
    editorial = {"title": "Editorial", "pages": "1-2", "authors": ["Ada Lane"]}
    assert records(editorial, editorial)["variant_id"].n_unique() == 1


def test_the_id_does_not_change_with_versions() -> None:
    assert records({})["variant_id"][0] == 9235620408623675534


def test_compared_keeps_one_row_per_variant_with_its_smallest_record() -> None:
    frame = records({}, {}, {"year": 2001})
    found = compared(frame.sort("record_id", descending=True))
    assert found.height == 2
    assert set(found["record_id"]) == {"r0", "r2"}
    assert found["variant_id"].is_sorted()


def test_an_arxiv_doi_gives_the_arxiv_id() -> None:
    assert compared(records({"doi": "10.48550/arxiv.2401.01234"}))["arxiv_id"].to_list() == ["2401.01234"]


@given(st.permutations(range(5)))
def test_a_variant_is_a_matter_of_its_record_alone(order: list[int]) -> None:
    frame = records(*({"year": 2000 + place} for place in range(5)))
    shuffled = frame.drop("variant_id")[order].lazy().pipe(with_variant_id).collect()
    assert shuffled.sort("record_id")["variant_id"].to_list() == frame["variant_id"].to_list()
