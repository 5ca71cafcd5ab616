r"""Read papers of Semantic Scholar: responses of its API, and the files of its data sets.

    {"total": ..., "data": [paper, paper ...]}                  search, bulk search, papers of an author
    {"data": [{"citingPaper": paper, "contexts": ...}, ...]}    citations and references
    {"recommendedPapers": [paper, paper ...]}                   recommendations
    [paper, null, paper ...]                                    batch; null: nothing has that id
    paper\npaper ...                                            data sets, all names in lower case

A null is a reject: it was asked for and is not there. The data set of abstracts has no titles; its
entries are read, and the contract refuses them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from transforms.readers.json_batches import Found
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_fields import look, look_each, take_text, take_word
from transforms.readers.json_values import parse_row

if TYPE_CHECKING:
    from transforms.readers.json_values import Row

SOURCE: Final = "semanticscholar"

_CONFIDENCE: Final = 0.95
_PAPER: Final = re.compile(rb'"paperId"\s*:\s*(?:null|"[0-9a-f]{40}")')
_WRAPPERS: Final = ("citingPaper", "citedPaper")
_OF_PAPERS: Final = frozenset({"title", "abstract", "externalIds", "corpusId", "authors", "venue", "year"})
_OF_DATA_SETS: Final = frozenset({"title", "abstract", "externalids", "openaccessinfo", "publicationdate"})
_FEWEST_OF_DATA_SETS: Final = 2


class _Author(msgspec.Struct):
    name: str | None = None


class _Ids(msgspec.Struct):
    doi: str | None = msgspec.field(name="DOI", default=None)
    arxiv: str | None = msgspec.field(name="ArXiv", default=None)
    pmid: str | int | None = msgspec.field(name="PubMed", default=None)


class _Journal(msgspec.Struct):
    name: str | None = None
    volume: str | int | None = None
    pages: str | None = None


_AUTHORS: Final = msgspec.json.Decoder(list[_Author])
_AUTHOR: Final = msgspec.json.Decoder(_Author)
_IDS: Final = msgspec.json.Decoder(_Ids)
_JOURNAL: Final = msgspec.json.Decoder(_Journal)
_NAMED: Final = msgspec.json.Decoder(_Author)


class _OpenAccess(msgspec.Struct):
    ids: _Ids | None = msgspec.field(name="externalids", default=None)


_OPEN_ACCESS: Final = msgspec.json.Decoder(_OpenAccess)


def _judge(sample: Sample) -> float:
    is_wrapped = bool(sample.names.intersection(_WRAPPERS))
    is_paper = is_wrapped or ("paperId" in sample.names and sample.names & _OF_PAPERS)
    if is_paper and _PAPER.search(sample.data):
        return _CONFIDENCE
    is_of_data_set = "corpusid" in sample.names and len(sample.names & _OF_DATA_SETS) >= _FEWEST_OF_DATA_SETS
    return _CONFIDENCE if is_of_data_set else 0.0


def _entry(row: Row) -> Found | None:
    if not _unwrapped(row):
        return None
    ids = _ids(row)
    journal = look(row, "journal", _JOURNAL) or _Journal()
    return Found(
        source_record_id=_own_id(row),
        title=take_text(row, "title"),
        abstract=take_text(row, "abstract"),
        authors=_authors(row),
        venue=take_text(row, "venue") or journal.name or _venue(row),
        volume=None if journal.volume is None else str(journal.volume),
        pages=journal.pages,
        year=take_word(row, "year"),
        published_date=take_text(row, "publicationDate") or take_text(row, "publicationdate"),
        doi=ids.doi,
        arxiv_id=ids.arxiv,
        pmid=None if ids.pmid is None else str(ids.pmid),
        url=take_text(row, "url"),
    )


def _unwrapped(row: Row) -> bool:
    """Put the paper of a citation in place of what wraps it; what is said of the citation stays beside it."""
    for wrapper in _WRAPPERS:
        if wrapper in row:
            inner = parse_row(row.pop(wrapper))
            if inner is None:
                return False
            said = {name if name not in inner else f"{wrapper}.{name}": value for name, value in row.items()}
            row.clear()
            row.update(inner | said)
            row["wrapped_in"] = msgspec.Raw(msgspec.json.encode(wrapper))
    return True


def _own_id(row: Row) -> str | None:
    if own := take_text(row, "paperId"):
        return own
    number = take_word(row, "corpusid") or take_word(row, "corpusId")
    return f"CorpusId:{number}" if number else None


def _ids(row: Row) -> _Ids:
    found = look(row, "externalIds", _IDS) or look(row, "externalids", _IDS)
    if found is None and (access := look(row, "openaccessinfo", _OPEN_ACCESS)):
        found = access.ids
    return found or _Ids()


def _authors(row: Row) -> list[str] | None:
    found = look(row, "authors", _AUTHORS)
    if found is None:
        found = look_each(row, "authors", _AUTHOR)
    return [one.name for one in found if one.name] or None


def _venue(row: Row) -> str | None:
    venue = look(row, "publicationVenue", _NAMED)
    return venue.name if venue else None


READER: Final = Form(SOURCE, ("data", "recommendedPapers"), _judge, _entry).reader(
    "semantic_scholar", "papers of Semantic Scholar: API responses or data sets"
)
