"""What the reader of arXiv's snapshot takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

from typing import Any

import pytest
from json_samples import ARXIV, check, one


def test_arxiv_snapshot() -> None:
    found = one(ARXIV, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "arxiv",
        "source_record_id": "0704.0010",
        "arxiv_id": "0704.0010v2",
        "title": "On\n  Boats",
        "abstract": "  We sail.\n",
        "authors": ["A. Bóat", "C.-D. Keel Jr"],
        "venue": "Ships 7 (2007) 12",
        "doi": "10.1000/a",
        "published_date": "Mon, 2 Apr 2007 19:18:42 GMT",
    }
    kept = ("submitter", "authors", "categories", "versions", "update_date", "authors_parsed")
    assert extra == {name: ARXIV[name] for name in kept}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"id": 704.001}, {"source_record_id": "704.001"}, id="id that became a number"),
        pytest.param({"id": "hep-th/9901001v3"}, {"arxiv_id": "hep-th/9901001v3"}, id="id with its version"),
        pytest.param({"versions": []}, {"arxiv_id": "0704.0010", "published_date": None}, id="no version"),
        pytest.param({"versions": "v1"}, {"arxiv_id": "0704.0010"}, id="versions of another shape"),
        pytest.param({"authors_parsed": None}, {"authors": ["A. B\\'oat", "C.-D. Keel"]}, id="names from the line"),
        pytest.param({"authors_parsed": [["Crew", "", ""]]}, {"authors": ["Crew"]}, id="one name"),
        pytest.param({"doi": "10.1/a; 10.1/b"}, {"doi": "10.1/a"}, id="two DOIs"),
        pytest.param({"doi": "10.1/a 10.1/b"}, {"doi": "10.1/a"}, id="two DOIs, a space"),
        pytest.param({"doi": None}, {"doi": None}, id="no DOI"),
        pytest.param({"abstract": "This paper has been withdrawn."}, {"title": "On\n  Boats"}, id="withdrawn"),
    ],
)
def test_arxiv_snapshot_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(ARXIV, changed, expected)


def test_all_dois_of_arxiv_stay() -> None:
    assert one(ARXIV, {"doi": "10.1/a,10.1/b"})["extra"]["doi"] == "10.1/a,10.1/b"
