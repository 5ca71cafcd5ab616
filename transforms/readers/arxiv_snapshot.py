r"""Read the metadata snapshot of arXiv: JSON lines, one paper each, as arXiv publishes it every week.

    {"id": "0704.0001", "authors": "C. Bal\\'azs, E. L. Berger", "title": ..., "doi": ..., "abstract": ...,
     "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, ...],
     "authors_parsed": [["Bal\u00e1zs", "C.", ""], ...]}

Names come from `authors_parsed`, where arXiv has read the accents of LaTeX; the line as its authors
wrote it stays in `extra`. The day of publication is that of the first version, the version that of the last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from transforms.names import split_authors
from transforms.readers.json_batches import Found
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_fields import joined, look, take_text, take_word

if TYPE_CHECKING:
    from transforms.readers.json_values import Row

SOURCE: Final = "arxiv"

_CONFIDENCE: Final = 0.95
_ALWAYS: Final = frozenset({"id", "title"})
_OWN: Final = frozenset(
    {"authors_parsed", "journal-ref", "report-no", "update_date", "submitter", "versions", "categories", "license"}
)
_FEWEST_OWN: Final = 3


class _Version(msgspec.Struct):
    version: str
    created: str | None = None


_VERSIONS: Final = msgspec.json.Decoder(list[_Version])
_NAMES: Final = msgspec.json.Decoder(list[list[str]])
_TEXT: Final = msgspec.json.Decoder(str)
_VERSION: Final = re.compile(r"v[1-9]\d*")
_WITH_VERSION: Final = re.compile(r"v\d+$")
_NEXT_DOI: Final = re.compile(r"[\s;,]+(?=(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?10\.\d)")


def _judge(sample: Sample) -> float:
    is_sure = sample.names >= _ALWAYS and len(sample.names & _OWN) >= _FEWEST_OWN
    return _CONFIDENCE if is_sure else 0.0


def _entry(row: Row) -> Found:
    versions = look(row, "versions", _VERSIONS) or []
    own = take_word(row, "id")
    return Found(
        source_record_id=own,
        arxiv_id=_with_version(own, versions),
        title=take_text(row, "title"),
        abstract=take_text(row, "abstract"),
        authors=_authors(row),
        venue=take_text(row, "journal-ref"),
        doi=_first_doi(row),
        published_date=versions[0].created if versions else None,
    )


def _with_version(own: str | None, versions: list[_Version]) -> str | None:
    """Add the last version to the id, from which the lake splits it off again."""
    last = versions[-1].version if versions else ""
    return own + last if own and _VERSION.fullmatch(last) and not _WITH_VERSION.search(own) else own


def _authors(row: Row) -> list[str] | None:
    names = look(row, "authors_parsed", _NAMES)
    if names:
        return [name for parts in names if (name := _name(parts))]
    line = look(row, "authors", _TEXT)
    return split_authors(line) if line else None


def _name(parts: list[str]) -> str | None:
    """Put family name, first names and suffix in order; arXiv splits the hyphen of initials off: `C. -P.`."""
    family, first, suffix = [*parts, "", "", ""][:3]
    if " -" in first:
        first = first.replace(". -", ".-")
    return joined((first, family, suffix)) if suffix or not first else f"{first} {family}"


def _first_doi(row: Row) -> str | None:
    """Take the DOI; of several the first, and all of them stay in `extra`."""
    text = look(row, "doi", _TEXT)
    found = _NEXT_DOI.split(text.strip()) if text else []
    if len(found) == 1:
        del row["doi"]
    return found[0] if found else None


READER: Final = Form(SOURCE, (), _judge, _entry).reader("arxiv_snapshot", "arXiv metadata snapshot, JSON lines")
