"""Read CSL-JSON, which Zotero, Pandoc, Mendeley and doi.org write.

    [{"type": "article-journal", "id": "lovelace1843", "title": ..., "container-title": ...,
      "author": [{"family": "Lovelace", "given": "Ada"}], "issued": {"date-parts": [[1843, 9]]}}, ...]

An array, an object with `items` (Zotero's API), one object, or objects one after another. The schema
is that of https://github.com/citation-style-language/schema (csl-data.json).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from transforms.readers.csl_fields import take_work
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_fields import look, take_word

if TYPE_CHECKING:
    from transforms.readers.json_batches import Found
    from transforms.readers.json_values import Row

SOURCE: Final = "csl"

_CONFIDENCE: Final = 0.9
_TYPE: Final = re.compile(
    rb'"type"\s*:\s*"(?:article|article-(?:journal|magazine|newspaper)|bill|book|broadcast|chapter|classic|collection'
    rb"|dataset|document|entry|entry-(?:dictionary|encyclopedia)|event|figure|graphic|hearing|interview|legal_case"
    rb"|legislation|manuscript|map|motion_picture|musical_score|pamphlet|paper-conference|patent|performance"
    rb"|periodical|personal_communication|post|post-weblog|regulation|report|review|review-book|software|song|speech"
    rb'|standard|thesis|treaty|webpage)"'
)
_SIGN: Final = re.compile(rb'"date-parts"\s*:\s*\[|"(?:family|literal)"\s*:\s*"|"type"\s*:\s*"\w+-\w+"')
_PLACES: Final = frozenset({"id", "author", "editor", "issued", "container-title", "publisher", "DOI", "URL"})
_FEWEST_PLACES: Final = 2
_PMID: Final = re.compile(r"(?im)^\s*PMID\s*:\s*(\d+)\s*$")
_ARXIV: Final = re.compile(r"(?i)\barxiv\s*:\s*(\S+)")
_TEXT: Final = msgspec.json.Decoder(str)


def _judge(sample: Sample) -> float:
    is_item = {"type", "title"} <= sample.names and len(sample.names & _PLACES) >= _FEWEST_PLACES
    return _CONFIDENCE if is_item and _TYPE.search(sample.data) and _SIGN.search(sample.data) else 0.0


def _entry(row: Row) -> Found:
    note = look(row, "note", _TEXT) or ""
    found = take_work(row)
    found.source_record_id = take_word(row, "id")
    found.arxiv_id = _found(_ARXIV, look(row, "number", _TEXT) or note)
    found.pmid = take_word(row, "PMID") or _found(_PMID, note)
    return found


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    """Find what Zotero writes where CSL has no field: `PMID: 123` in the note, `arXiv:2101.00001` as number."""
    found = pattern.search(text)
    return found[1] if found else None


READER: Final = Form(SOURCE, ("items",), _judge, _entry).reader("csl_json", "CSL-JSON of Zotero, Pandoc, doi.org")
