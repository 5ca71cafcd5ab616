"""Read works of OpenAlex: lines of the snapshot, pages of the API (`results`), and single works.

    {"id": "https://openalex.org/W2741809807", "doi": ..., "title": ..., "publication_date": ...,
     "abstract_inverted_index": {"Despite": [0], "growing": [1], ...}, "authorships": [{"raw_author_name": ...}],
     "primary_location": {"source": {"display_name": ...}}, "biblio": {"volume": ..., "first_page": ...}}

The abstract comes as the places of each word and is put together again. Names are as the paper
prints them, where OpenAlex says so. Until 2023 `host_venue` stood for `primary_location`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from transforms.readers.json_batches import Found
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_fields import joined, look, look_each, take, take_text, take_word

if TYPE_CHECKING:
    from transforms.readers.json_values import Row

SOURCE: Final = "openalex"

_CONFIDENCE: Final = 0.95
_WORK: Final = re.compile(rb'"id"\s*:\s*"https?:\\?/\\?/openalex\.org\\?/[Ww]\d+"')
_OF_WORKS: Final = frozenset({"title", "display_name", "doi", "publication_year", "abstract_inverted_index", "ids"})
_ADDRESS: Final = re.compile(r"https?://openalex\.org/")
_ARXIV: Final = re.compile(r"arxiv\.org/(?:abs|pdf)/")


class _Named(msgspec.Struct):
    display_name: str | None = None


class _Authorship(msgspec.Struct):
    author: _Named | None = None
    raw_author_name: str | None = None


class _Location(msgspec.Struct):
    landing_page_url: str | None = None
    source: _Named | None = None
    raw_source_name: str | None = None


class _HostVenue(msgspec.Struct):
    display_name: str | None = None
    url: str | None = None


class _Biblio(msgspec.Struct):
    volume: str | int | None = None
    issue: str | int | None = None
    first_page: str | int | None = None
    last_page: str | int | None = None


class _Ids(msgspec.Struct):
    pmid: str | int | None = None


class _OldIndex(msgspec.Struct):
    index: dict[str, list[int]] = msgspec.field(name="InvertedIndex")


_AUTHORSHIPS: Final = msgspec.json.Decoder(list[_Authorship])
_AUTHORSHIP: Final = msgspec.json.Decoder(_Authorship)
_LOCATION: Final = msgspec.json.Decoder(_Location)
_LOCATIONS: Final = msgspec.json.Decoder(list[_Location])
_HOST_VENUE: Final = msgspec.json.Decoder(_HostVenue)
_BIBLIO: Final = msgspec.json.Decoder(_Biblio)
_IDS: Final = msgspec.json.Decoder(_Ids)
_INDEX: Final = msgspec.json.Decoder(dict[str, list[int]])
_OLD_INDEX: Final = msgspec.json.Decoder(_OldIndex)
_TEXT: Final = msgspec.json.Decoder(str)


def _judge(sample: Sample) -> float:
    is_sure = "id" in sample.names and sample.names & _OF_WORKS and _WORK.search(sample.data)
    return _CONFIDENCE if is_sure else 0.0


def _entry(row: Row) -> Found:
    place = look(row, "primary_location", _LOCATION) or _Location()
    host = look(row, "host_venue", _HOST_VENUE) or _HostVenue()
    biblio = look(row, "biblio", _BIBLIO) or _Biblio()
    ids = look(row, "ids", _IDS) or _Ids()
    return Found(
        source_record_id=_ADDRESS.sub("", take_text(row, "id") or "") or None,
        title=_title(row),
        abstract=_abstract(row),
        authors=_authors(row),
        venue=(place.source and place.source.display_name) or place.raw_source_name or host.display_name,
        volume=_word(biblio.volume),
        number=_word(biblio.issue),
        pages=joined(dict.fromkeys((_word(biblio.first_page), _word(biblio.last_page))), "-"),
        year=take_word(row, "publication_year"),
        published_date=take_text(row, "publication_date"),
        doi=take_text(row, "doi"),
        arxiv_id=_arxiv(row, place),
        pmid=_word(ids.pmid),
        url=place.landing_page_url or host.url,
    )


def _word(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _title(row: Row) -> str | None:
    """Take the title; `display_name` says the same and stands in where it is missing."""
    title, name = take_text(row, "title"), look(row, "display_name", _TEXT)
    if title is None or title == name:
        take_text(row, "display_name")
    return title or name or None


def _abstract(row: Row) -> str | None:
    key = "abstract_inverted_index"
    index = take(row, key, _INDEX)
    if index is None and (old := take(row, key, _OLD_INDEX)):  # as Microsoft Academic Graph wrote it
        index = old.index
    return _text_of(index) if index else take_text(row, "abstract")


def _text_of(index: dict[str, list[int]]) -> str | None:
    """Put the words of an inverted index back in their places."""
    count = sum(map(len, index.values()))
    try:
        words = [""] * count
        for word, places in index.items():
            for place in places:
                words[place] = word
    except IndexError:
        words = [""]
    if "" in words:  # places are missing, far off, or taken twice
        words = [word for _, word in sorted((place, word) for word, places in index.items() for place in places)]
    return " ".join(words) or None


def _authors(row: Row) -> list[str] | None:
    found = look(row, "authorships", _AUTHORSHIPS)
    if found is None:
        found = look_each(row, "authorships", _AUTHORSHIP)
    names = (one.raw_author_name or (one.author and one.author.display_name) for one in found)
    return [name for name in names if name] or None


def _arxiv(row: Row, place: _Location) -> str | None:
    """Find the address at arXiv among the places where OpenAlex found the work."""
    raw = row.get("locations")
    others = look(row, "locations", _LOCATIONS) if raw is not None and b"arxiv.org" in bytes(raw) else None
    urls = (one.landing_page_url for one in (place, *(others or ())))
    return next((url for url in urls if url and _ARXIV.search(url)), None)


READER: Final = Form(SOURCE, ("results",), _judge, _entry).reader(
    "openalex", "works of OpenAlex: snapshot lines or API pages"
)
