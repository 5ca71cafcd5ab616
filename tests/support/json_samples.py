"""One paper as each source of JSON writes it, and what the readers make of it."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head

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
