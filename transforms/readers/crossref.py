r"""Read works of Crossref: responses of its API, and the files of its public data.

    {"status": "ok", "message-type": "work-list", "message": {"items": [work, work ...]}}    API, a page
    {"status": "ok", "message-type": "work", "message": work}                                API, one work
    {"items": [work, work ...]}          public data, a file of 5,000
    work\nwork ...                       public data since 2025, JSON lines

    work: {"DOI": ..., "title": ["..."], "author": [{"given", "family"} or {"name"}],
           "abstract": "<jats:p>...", "issued": {"date-parts": [[2007, 3]]}, "container-title": ["..."]}

The title is the first of its list; subtitles and other titles stay in `extra`. Tags of JATS are taken
out of abstracts, because they print nothing; those of titles (`<i>E. coli</i>`) stay, as everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from transforms.readers.csl_fields import take_work
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_values import parse_row

if TYPE_CHECKING:
    from transforms.readers.json_batches import Found
    from transforms.readers.json_values import Row

SOURCE: Final = "crossref"

_CONFIDENCE: Final = 0.95
_OWN: Final = frozenset(
    {"indexed", "deposited", "member", "prefix", "content-domain", "reference-count", "references-count"}
    | {"is-referenced-by-count", "short-container-title", "original-title", "resource", "score", "created"}
)
_FEWEST_OWN: Final = 3
_MESSAGE_TYPE: Final = re.compile(rb'"message-type"\s*:\s*"work(?:-list)?"')
_ENVELOPE: Final = frozenset({"status", "message-type", "message"})


def _judge(sample: Sample) -> float:
    is_work = "DOI" in sample.names and len(sample.names & _OWN) >= _FEWEST_OWN
    is_response = sample.names >= _ENVELOPE and _MESSAGE_TYPE.search(sample.data)
    return _CONFIDENCE if is_work or is_response else 0.0


def _entry(row: Row) -> Found | None:
    if row.keys() >= _ENVELOPE:
        work = parse_row(row["message"])
        row.clear()
        if work is None:
            return None
        row.update(work)
    found = take_work(row)
    found.source_record_id = found.doi
    return found


READER: Final = Form(SOURCE, ("message.items", "items"), _judge, _entry).reader(
    "crossref", "works of Crossref: API responses or public data file"
)
