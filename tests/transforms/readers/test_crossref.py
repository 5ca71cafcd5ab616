"""What the reader of Crossref takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

from typing import Any

import pytest
from json_samples import CROSSREF, check, one


def test_crossref() -> None:
    found = one(CROSSREF, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "crossref",
        "source_record_id": "10.1000/A",
        "title": "On <i>Boats</i>",
        "abstract": "We sail H2O.",
        "authors": ["Ann Boat Jr", "The Crew"],
        "venue": "Ships",
        "volume": "7",
        "pages": "12-15",
        "year": "2007",
        "published_date": "2007-04-02",
        "doi": "10.1000/A",
        "url": "https://doi.org/10.1000/a",
    }
    assert extra == {
        name: CROSSREF[name] for name in ("indexed", "member", "prefix", "score", "subtitle", "author", "issued")
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"title": []}, {"title": None}, id="no title"),
        pytest.param({"title": ["A", "B"]}, {"title": "A"}, id="two titles"),
        pytest.param({"title": "A"}, {"title": "A"}, id="title as doi.org writes it"),
        pytest.param({"issued": {"date-parts": [[2007, 4]]}}, {"year": "2007", "published_date": None}, id="a month"),
        pytest.param({"issued": {"date-parts": [[2007]]}}, {"year": "2007", "published_date": None}, id="a year"),
        pytest.param({"issued": {"date-parts": [[None]]}}, {"year": None, "published_date": None}, id="nothing"),
        pytest.param({"issued": {"date-parts": []}}, {"year": None}, id="no parts"),
        pytest.param({"author": [{"family": "Boat"}, {"given": "Ann"}]}, {"authors": ["Boat", "Ann"]}, id="half names"),
        pytest.param({"author": []}, {"authors": None}, id="no authors"),
        pytest.param({"container-title": ["Ships", "Sh."]}, {"venue": "Ships"}, id="two venues"),
    ],
)
def test_crossref_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(CROSSREF, changed, expected)


def test_other_titles_of_crossref_stay() -> None:
    assert one(CROSSREF, {"title": ["A", "B"]})["extra"]["title"] == ["A", "B"]
