"""What the reader of OpenAlex takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

from typing import Any

import pytest
from json_samples import WORK, check, one


def test_openalex() -> None:
    found = one(WORK, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "openalex",
        "source_record_id": "W12",
        "title": "On &amp; Boats",
        "abstract": "We sail, We data.",
        "authors": ["Boat, Ann"],
        "venue": "Ships",
        "volume": "7",
        "pages": "12-15",
        "year": "2007",
        "published_date": "2007-04-02",
        "doi": "https://doi.org/10.1000/a",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/77",
        "url": "https://ships.org/a",
    }
    assert extra == {
        name: WORK[name] for name in ("ids", "primary_location", "authorships", "biblio", "cited_by_count")
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"title": None}, {"title": "On &amp; Boats"}, id="title under its other name"),
        pytest.param({"title": None, "display_name": None}, {"title": None}, id="no title"),
        pytest.param({"abstract_inverted_index": None}, {"abstract": None}, id="no abstract"),
        pytest.param({"abstract_inverted_index": {}}, {"abstract": None}, id="empty abstract"),
        pytest.param({"abstract_inverted_index": {"a": [5], "b": [2]}}, {"abstract": "b a"}, id="places missing"),
        pytest.param({"abstract_inverted_index": {"a": [1], "b": [1]}}, {"abstract": "a b"}, id="place taken twice"),
        pytest.param({"abstract_inverted_index": {"a": [10**12], "b": [-1]}}, {"abstract": "b a"}, id="far off"),
        pytest.param({"abstract_inverted_index": {"a": "x"}}, {"abstract": None}, id="index of another shape"),
        pytest.param(
            {"abstract_inverted_index": {"IndexLength": 2, "InvertedIndex": {"a": [1], "b": [0]}}},
            {"abstract": "b a"},
            id="as Microsoft Academic Graph wrote it",
        ),
        pytest.param({"authorships": None}, {"authors": None}, id="no authors"),
        pytest.param(
            {"authorships": [{"author": {"display_name": "Ann"}}, {"author": None}, 7]}, {"authors": ["Ann"]}, id="odd"
        ),
        pytest.param(
            {"primary_location": None, "host_venue": {"display_name": "Old", "url": "https://o.org"}},
            {"venue": "Old", "url": "https://o.org"},
            id="host_venue",
        ),
        pytest.param({"biblio": {"first_page": "7", "last_page": "7"}}, {"pages": "7"}, id="one page"),
        pytest.param(
            {"locations": [{"landing_page_url": None}, {"landing_page_url": "http://arxiv.org/abs/0704.0010"}]},
            {"arxiv_id": "http://arxiv.org/abs/0704.0010"},
            id="also at arXiv",
        ),
    ],
)
def test_openalex_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(WORK, changed, expected)


def test_index_of_another_shape_stays() -> None:
    assert one(WORK, {"abstract_inverted_index": {"a": "x"}})["extra"]["abstract_inverted_index"] == {"a": "x"}
