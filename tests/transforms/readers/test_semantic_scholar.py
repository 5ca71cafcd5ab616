"""What the reader of Semantic Scholar takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from json_samples import PAPER, check, one, read


def test_semantic_scholar() -> None:
    found = one(PAPER, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "semanticscholar",
        "source_record_id": "0" * 40,
        "title": "On Boats",
        "authors": ["Ann Boat"],
        "venue": "Ships",
        "volume": "7",
        "pages": "12-15",
        "year": "2007",
        "published_date": "2007-04-02",
        "doi": "10.1000/a",
        "arxiv_id": "0704.0010",
        "pmid": "77",
        "url": "https://example.org/a",
    }
    assert extra == {name: PAPER[name] for name in ("corpusId", "externalIds", "journal", "authors")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"paperId": None}, {"source_record_id": "CorpusId:12"}, id="only the number of the corpus"),
        pytest.param({"venue": "Proc."}, {"venue": "Proc."}, id="venue goes first"),
        pytest.param({"journal": None, "publicationVenue": {"name": "P"}}, {"venue": "P"}, id="publicationVenue"),
        pytest.param({"externalIds": None}, {"doi": None}, id="no ids"),
        pytest.param({"authors": [{"name": None}]}, {"authors": None}, id="author without a name"),
    ],
)
def test_semantic_scholar_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(PAPER, changed, expected)


def test_cited_paper_is_taken_out_of_its_wrapper() -> None:
    data = json.dumps({"data": [{"contexts": ["see"], "citedPaper": PAPER}, {"citingPaper": None}]}).encode()
    reader, rows, rejects = read(data)
    assert (reader.name, rows[0]["title"], rows[0]["doi"]) == ("semantic_scholar", "On Boats", "10.1000/a")
    extra = json.loads(rows[0]["extra"])
    assert (extra["contexts"], extra["wrapped_in"], extra["corpusId"]) == (["see"], "citedPaper", 12)
    assert rejects == [(2, 1, '{"citingPaper": null}', "is null: its source has no paper there")]


def test_null_of_a_batch_is_a_reject() -> None:
    _, rows, rejects = read(json.dumps([None, PAPER]).encode())
    assert [row["position"] for row in rows] == [2]
    assert rejects == [(1, 1, "null", "is null: its source has no paper there")]


def test_data_set_of_semantic_scholar() -> None:
    data = b'{"corpusid":12,"externalids":{"DOI":"10.1/a"},"title":"T","publicationdate":"2007-04-02","year":2007}\n'
    reader, (row,), _ = read(data)
    assert reader.name == "semantic_scholar"
    assert (row["source_record_id"], row["doi"], row["published_date"]) == ("CorpusId:12", "10.1/a", "2007-04-02")
    data = b'{"corpusid":12,"openaccessinfo":{"externalids":{"DOI":"10.1/a"}},"abstract":"A"}\n'
    reader, (row,), _ = read(data)
    assert (reader.name, row["doi"], row["abstract"], row["title"]) == ("semantic_scholar", "10.1/a", "A", None)
