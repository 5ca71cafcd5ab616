"""What the readers of JSON forms take for which column, and what they leave in `extra`."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from transforms.readers import READERS, recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.json_batches import Found
from transforms.schema import RAW_RECORD

if TYPE_CHECKING:
    from transforms.readers.base import Reader

Reject = tuple[int, int, str, str]

ARXIV: dict[str, Any] = {
    "id": "0704.0010",
    "submitter": "A. Sail",
    "authors": "A. B\\'oat and C.-D. Keel",
    "title": "On\n  Boats",
    "journal-ref": "Ships 7 (2007) 12",
    "doi": "10.1000/a",
    "report-no": None,
    "categories": "cs.CL math.AG",
    "license": "",
    "abstract": "  We sail.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["B\u00f3at", "A.", ""], ["Keel", "C. -D.", "Jr"]],
}
WORK: dict[str, Any] = {
    "id": "https://openalex.org/W12",
    "doi": "https://doi.org/10.1000/a",
    "title": "On &amp; Boats",
    "display_name": "On &amp; Boats",
    "publication_year": 2007,
    "publication_date": "2007-04-02",
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/77", "mag": 5},
    "primary_location": {"landing_page_url": "https://ships.org/a", "source": {"display_name": "Ships"}},
    "authorships": [{"author": {"display_name": "Ann Boat"}, "raw_author_name": "Boat, Ann"}],
    "biblio": {"volume": "7", "issue": None, "first_page": "12", "last_page": "15"},
    "abstract_inverted_index": {"We": [0, 2], "sail,": [1], "data.": [3]},
    "cited_by_count": 0,
    "concepts": [],
}
CROSSREF: dict[str, Any] = {
    "DOI": "10.1000/A",
    "indexed": {"date-time": "2024-01-01T00:00:00Z"},
    "member": "1",
    "prefix": "10.1000",
    "score": 1.0,
    "title": ["On <i>Boats</i>"],
    "subtitle": ["a voyage"],
    "abstract": "<jats:p>We sail H<jats:sub>2</jats:sub>O.</jats:p>",
    "author": [{"given": "Ann", "family": "Boat", "suffix": "Jr"}, {"name": "The Crew"}],
    "container-title": ["Ships"],
    "issued": {"date-parts": [[2007, 4, 2]]},
    "page": "12-15",
    "volume": "7",
    "URL": "https://doi.org/10.1000/a",
}
PAPER: dict[str, Any] = {
    "paperId": "0" * 40,
    "corpusId": 12,
    "externalIds": {"DOI": "10.1000/a", "ArXiv": "0704.0010", "PubMed": "77", "CorpusId": 12},
    "title": "On Boats",
    "abstract": None,
    "venue": "",
    "journal": {"name": "Ships", "volume": "7", "pages": "12-15"},
    "year": 2007,
    "publicationDate": "2007-04-02",
    "authors": [{"authorId": "1", "name": "Ann Boat"}],
    "url": "https://example.org/a",
}
CSL: dict[str, Any] = {
    "id": "boat2007",
    "type": "article-journal",
    "title": "On Boats",
    "container-title": "Ships",
    "author": [{"family": "Berg", "given": "Ann", "non-dropping-particle": "van den"}, {"literal": "The Crew"}],
    "issued": {"date-parts": [["2007", 4]]},
    "PMID": "77",
    "note": "PMCID: PMC1",
}


def read(data: bytes) -> tuple[Reader, list[dict[str, Any]], list[Reject]]:
    reader = recognise(Head("dump", data[:HEAD_BYTES]))
    batches = list(reader.read(io.BytesIO(data), DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))
    rows = [row for batch in batches for row in batch.records.iter_rows(named=True)]
    return reader, rows, [row for batch in batches for row in batch.rejects.rows()]


def one(row: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Read one object; columns that are missing are left out, `extra` is parsed."""
    _, rows, rejects = read(json.dumps(row | changed).encode())
    assert rejects == []
    assert len(rows) == 1
    found = {name: value for name, value in rows[0].items() if value is not None}
    assert json.loads(found.pop("raw")) == row | changed
    return found | {"extra": json.loads(found.get("extra", "{}"))}


def check(row: dict[str, Any], changed: dict[str, Any], expected: dict[str, Any]) -> None:
    found = one(row, changed)
    assert {name: found.get(name) for name in expected} == expected


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


def test_csl_json() -> None:
    found = one(CSL, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "csl",
        "source_record_id": "boat2007",
        "title": "On Boats",
        "authors": ["Ann van den Berg", "The Crew"],
        "venue": "Ships",
        "year": "2007",
        "pmid": "77",
    }
    assert extra == {name: CSL[name] for name in ("type", "author", "issued", "note")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"issued": {"raw": "2 April 2007"}}, {"published_date": "2 April 2007"}, id="date as text"),
        pytest.param({"issued": {"date-parts": [[2007, 4, 2]]}}, {"published_date": "2007-04-02"}, id="day"),
        pytest.param({"PMID": None, "note": "x\nPMID: 78"}, {"pmid": "78"}, id="PMID in the note"),
        pytest.param({"number": "arXiv:0704.0010"}, {"arxiv_id": "0704.0010"}, id="arXiv as number"),
        pytest.param({"id": 7}, {"source_record_id": "7"}, id="number as id"),
    ],
)
def test_csl_json_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(CSL, changed, expected)


@pytest.mark.parametrize("layout", ["lines", "array", "pretty", "objects", "page"])
@pytest.mark.parametrize(
    ("row", "path", "name"),
    [
        (ARXIV, None, "arxiv_snapshot"),
        (WORK, "results", "openalex"),
        (CROSSREF, "items", "crossref"),
        (PAPER, "data", "semantic_scholar"),
        (CSL, "items", "csl_json"),
    ],
    ids=["arxiv", "openalex", "crossref", "semantic scholar", "csl"],
)
def test_every_layout_is_recognised_and_read(row: dict[str, Any], path: str | None, name: str, layout: str) -> None:
    rows = [row, row | {"license": "free"}]
    page = {"meta": {"count": 2}, path: rows} if path else rows
    data = {
        "lines": "\n".join(map(json.dumps, rows)),
        "array": json.dumps(rows),
        "pretty": json.dumps(rows, indent=1),
        "objects": "\n".join(json.dumps(one, indent=2) for one in rows),
        "page": json.dumps(page),
    }[layout].encode()
    reader, found, rejects = read(data)
    assert (reader.name, len(found), rejects) == (name, 2, [])
    assert [json.loads(entry["raw"]) for entry in found] == rows
    assert json.loads(found[1]["extra"]) == json.loads(found[0]["extra"]) | {"license": "free"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"status":"ok","message-type":"member-list","message":{"items":[{"id":1}]}}', id="members"),
        pytest.param(b'{"results":[{"id":"https://openalex.org/A1","display_name":"Ann"}]}', id="persons"),
        pytest.param(b'{"data":[{"authorId":"1","name":"Ann"}]}', id="authors"),
        pytest.param(b'[{"type":"post","title":"T","author":"A","id":1}]', id="posts of a blog"),
        pytest.param(b'{"id":"1","title":"T","categories":"a"}\n', id="three words of arXiv's"),
    ],
)
def test_what_these_readers_leave_to_others(data: bytes) -> None:
    own = {"arxiv_snapshot", "openalex", "crossref", "semantic_scholar", "csl_json"}
    assert {reader.name: reader.sniff(Head("x", data)) for reader in READERS if reader.name in own} == dict.fromkeys(
        own, 0
    )


def test_found_has_columns_of_the_schema_only() -> None:
    assert set(Found.__struct_fields__) < set(RAW_RECORD)


def test_wrong_bytes_of_one_entry_reject_that_entry() -> None:
    lines = [json.dumps(PAPER | {"tldr": "é"}, ensure_ascii=False).encode() for _ in range(3)]
    lines[1] = lines[1].replace("é".encode(), b"\xe9")
    _, rows, rejects = read(b"\n".join(lines))
    assert [row["position"] for row in rows] == [1, 3]
    assert [(position, line, reason) for position, line, _, reason in rejects] == [
        (2, 2, f"is not UTF-8 at byte {lines[1].index(0xE9) + 1} of the entry")
    ]
    assert "\\xe9" in rejects[0][2]


def test_pretty_values_are_written_in_one_line() -> None:
    _, (row,), _ = read(json.dumps([WORK], indent=2).encode())
    assert "\n" not in row["extra"]


def test_long_dumps_come_in_batches_with_positions_that_go_on() -> None:
    data = b"".join(json.dumps(PAPER).encode() + b"\n" for _ in range(10_001)) + b"[1]\n"
    reader = recognise(Head("dump", data[:HEAD_BYTES]))
    batches = list(reader.read(io.BytesIO(data), DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))))
    assert [(batch.records.height, batch.rejects.height) for batch in batches] == [(10_000, 0), (1, 1)]
    assert batches[1].rejects["position"].to_list() == [10_002]
