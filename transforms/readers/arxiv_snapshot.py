r"""Read the metadata snapshot of arXiv: JSON lines, one paper each, as arXiv publishes it every week.

    {"id": "0704.0001", "authors": "C. Bal\\'azs, E. L. Berger", "title": ..., "doi": ..., "abstract": ...,
     "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, ...],
     "authors_parsed": [["Bal\u00e1zs", "C.", ""], ...]}

Names come from `authors_parsed`, where arXiv has read the accents of LaTeX; the line as its authors
wrote it stays in `extra`. The day of publication is that of the first version, the version that of the last.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import msgspec

from transforms.names import split_authors
from transforms.readers.json_batches import Found
from transforms.readers.json_dump import Form, Sample
from transforms.readers.json_fields import in_a_line, joined, look, take_text, take_word

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


_NULL: Final = msgspec.Raw(b"null")
_VERSIONS: Final = msgspec.json.Decoder(list[_Version])
_NAMES: Final = msgspec.json.Decoder(list[list[str]])
_TEXT: Final = msgspec.json.Decoder(str)
_VERSION: Final = re.compile(r"v[1-9]\d*")
_WITH_VERSION: Final = re.compile(r"v\d+$")
_NEXT_DOI: Final = re.compile(r"[\s;,]+(?=(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?10\.\d)")
_LONE_DOI: Final = re.compile(r"[^\s;,]+")


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


class _Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line of the snapshot as arXiv writes it: what has a column, then what stays in `extra`, in arXiv's order."""

    id: str
    title: str
    abstract: str
    journal_ref: str | None = msgspec.field(name="journal-ref", default=None)
    doi: str | None = None
    submitter: msgspec.Raw = _NULL
    authors: msgspec.Raw = _NULL
    comments: msgspec.Raw = _NULL
    report_no: msgspec.Raw = msgspec.field(name="report-no", default=_NULL)
    categories: msgspec.Raw = _NULL
    license: msgspec.Raw = _NULL
    versions: msgspec.Raw = _NULL
    update_date: msgspec.Raw = _NULL
    authors_parsed: msgspec.Raw = _NULL


_LINE: Final = msgspec.json.Decoder(_Line)
_KEPT: Final = [field.encode_name for field in msgspec.structs.fields(_Line) if field.type is msgspec.Raw]
_KEPT_OF: Final = attrgetter(*(field.name for field in msgspec.structs.fields(_Line) if field.type is msgspec.Raw))


def _entry_of_line(data: bytes) -> Found | None:
    """Return what `_entry` would, in two thirds of the time, for a line without anything odd."""
    try:
        line = _LINE.decode(data)
        versions, names = _VERSIONS.decode(line.versions), _NAMES.decode(line.authors_parsed)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not versions or not names or (line.doi is not None and not _LONE_DOI.fullmatch(line.doi)):
        return None
    return Found(
        source_record_id=line.id or None,
        arxiv_id=_with_version(line.id or None, versions),
        title=line.title or None,
        abstract=line.abstract or None,
        authors=[name for parts in names if (name := _name(parts))],
        venue=line.journal_ref or None,
        doi=line.doi,
        published_date=versions[0].created,
        extra=in_a_line(zip(_KEPT, _KEPT_OF(line), strict=True)),
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


FORM: Final = Form(SOURCE, (), _judge, _entry, _entry_of_line)
READER: Final = FORM.reader("arxiv_snapshot", "arXiv metadata snapshot, JSON lines")
