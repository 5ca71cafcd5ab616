from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedupe.merge import MERGED, merge_papers
from transforms.schema import RECORDS

DAY = dt.date(2026, 3, 11)


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {**RECORDS.polars_schema, "paper_id": pl.String}
    base = {"paper_id": "p1", "seen_date": DAY, "title": "A title"}
    return pl.DataFrame([{**base, "record_id": f"r{n}", **row} for n, row in enumerate(rows)], schema=schema)


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        pytest.param("title", ["Abc", "Abc", "Abcd"], "Abc", id="the most common title"),
        pytest.param("title", ["Abc", "Abcd"], "Abcd", id="of equals the longest"),
        pytest.param("title", ["Abd", "Abc"], "Abc", id="then the first by letters"),
        pytest.param("abstract", ["long one", "long one", "the longest one"], "the longest one", id="longest abstract"),
        pytest.param("abstract", [None, None, "only one"], "only one", id="a value beats none"),
        pytest.param("venue", [None, None], None, id="none where none has one"),
        pytest.param("year", [2021, 2020], 2020, id="the earlier year of equals"),
        pytest.param("published_date", [DAY, dt.date(2020, 1, 1), DAY], dt.date(2020, 1, 1), id="earliest date"),
        pytest.param("doi", ["10.48550/arxiv.1", "10.48550/arxiv.1", "10.1/x"], "10.1/x", id="the publisher's DOI"),
        pytest.param("authors", [["A B"], ["A B", "C D"]], ["A B", "C D"], id="longest author list"),
        pytest.param("code_urls", [["b"], ["a", "b"], None], ["a", "b"], id="all code urls"),
    ],
)
def test_survivor(field: str, values: list[Any], expected: object) -> None:
    merged = merge_papers(frame([{field: value} for value in values]))
    assert merged[field].to_list() == [expected]


def test_version_is_that_of_the_surviving_arxiv_id() -> None:
    rows = [
        {"arxiv_id": "2503.00001", "arxiv_version": 1},
        {"arxiv_id": "2503.00001", "arxiv_version": 3},
        {"arxiv_id": "2504.00002", "arxiv_version": 9},
    ]
    merged = merge_papers(frame(rows))
    assert merged.select("arxiv_id", "arxiv_version").row(0) == ("2503.00001", 3)


def test_counts_and_dates_cover_all_records() -> None:
    rows = [{"seen_date": DAY}, {"seen_date": dt.date(2026, 3, 9)}, {"paper_id": "p2"}]
    merged = merge_papers(frame(rows))
    assert merged.columns == list(MERGED)
    assert merged.select("paper_id", "first_seen_date", "last_seen_date", "record_count").rows() == [
        ("p1", dt.date(2026, 3, 9), DAY, 2),
        ("p2", DAY, DAY, 1),
    ]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "paper_id": st.sampled_from(["p1", "p2"]),
                "title": st.sampled_from(["Aa", "Ab", "Abc"]),
                "abstract": st.sampled_from([None, "x", "yy"]),
                "authors": st.sampled_from([None, ["A"], ["A", "B"], ["C", "B"]]),
                "year": st.sampled_from([None, 2020, 2021]),
                "doi": st.sampled_from([None, "10.1/a", "10.48550/b"]),
                "code_urls": st.sampled_from([None, ["u"], ["v", "u"]]),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_records_changes_nothing(rows: list[dict[str, Any]], random: Any) -> None:
    shuffled = frame(rows).sample(fraction=1, shuffle=True, seed=random.randrange(1_000))
    assert merge_papers(frame(rows)).equals(merge_papers(shuffled))
