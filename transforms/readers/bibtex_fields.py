"""From an entry of BibTeX to the columns of a record; what has no column goes to `extra` as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson

from transforms.names import split_authors
from transforms.tex import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from transforms.readers.bibtex_entries import BibEntry

SOURCE: Final = "bibtex"

_PROSE: Final = ("abstract", "volume", "year")
_ADDRESSES: Final[Mapping[str, tuple[str, ...]]] = {"doi": ("doi",), "pmid": ("pmid",), "url": ("url", "link", "ee")}
"""Fields that are no TeX, but may have its escapes."""

_VOLUMES: Final = frozenset({"book", "mvbook", "collection", "mvcollection", "proceedings", "mvproceedings"})
_OWN_NUMBERS: Final = frozenset({"techreport", "report", "patent", "dataset", "legislation", "standard", "manual"})
"""Types whose number is their own, not that of an issue."""

_IN_JOURNAL: Final = ("journaltitle", "journal", "booktitle")
_IN_BOOK: Final = ("booktitle", "journaltitle", "journal")
_JOURNAL_TYPES: Final = frozenset({"article", "suppperiodical", "misc", "online", "unpublished"})

_AND: Final = re.compile(r"(?:^| )and(?= |$)|([{}])", re.IGNORECASE)
_OTHERS: Final = frozenset({"others", "et al", "et al.", "al.", "al"})
_MOST_PARTS: Final = 3
"""von Last, Jr, First: a name in BibTeX has two commas at most."""

_NAME_PARTS: Final = re.compile(r"\s*(family|given|prefix|suffix)\s*=\s*\"?([^,\"]*)", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\([%&_#$~{}^])(?:\{\})?|\\(?:url|href|path|nolinkurl)\b\s*|[{}]|\$([<>_^])\$")
_SIGNS: Final = re.compile(r"\\text(less|greater|asciitilde|underscore|asciicircum)\b(?:\{\})?\s*")
_SIGN: Final = {"less": "<", "greater": ">", "asciitilde": "~", "underscore": "_", "asciicircum": "^"}
_ARXIV: Final = re.compile(r"(?:arxiv:)?\s*(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_ARXIV_NOTE: Final = re.compile(
    r"\s*arxiv(?:\s+preprint)?[\s:]*(?:arxiv:)?\s*((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?)"
    r"\s*(?:\[[\w.-]+\])?\.?\s*",
    re.IGNORECASE,
)


_PUBLISHED_AT: Final = re.compile(r"\s*(?:\\url\s*)?\{?\s*(https?://[^\s{}]+)\s*\}?\s*")


def to_record(entry: BibEntry) -> dict[str, object]:
    """Return the columns of an entry; `source_record_id` is its key."""
    return _Mapping(entry).record()


class _Mapping:
    """Takes the fields of one entry out, one column after another; what is left is extra."""

    def __init__(self, entry: BibEntry) -> None:
        self._entry = entry
        self._left = dict(entry.fields)
        self._record: dict[str, object] = {"line": entry.line, "raw": entry.raw, "source": SOURCE}

    def record(self) -> dict[str, object]:
        self._record["source_record_id"] = self._entry.key or None
        self._set_title()
        for column in _PROSE:
            self._set(column, self._take(column))
        for column, names in _ADDRESSES.items():
            self._record[column] = _address(self._take(*names))
        if self._record["url"] is None and (found := _PUBLISHED_AT.fullmatch(self._left.get("howpublished", ""))):
            self._record["url"] = _address(found[1])
        self._set("venue", self._venue())
        if (pages := self._take("pages")) is not None:
            self._set("pages", pages.replace("--", "-"))
        if self._entry.kind not in _OWN_NUMBERS:
            self._set("number", self._take("number", "issue"))
        if (authors := self._take("author", "authors")) is not None:
            self._record["authors"] = split_names(authors) or None
        self._set_date()
        self._set_eprint()
        self._record["extra"] = self._extra()
        return self._record

    def _take(self, *names: str) -> str | None:
        """Return the first field that holds anything, and leave the others."""
        for name in names:
            if (value := self._left.get(name)) and not value.isspace():
                return self._left.pop(name)
        return None

    def _set(self, column: str, value: str | None) -> None:
        if value is not None:
            self._record[column] = plain_text(value)

    def _set_title(self) -> None:
        title = self._take("title")
        if title is None:
            title = self._take("booktitle") if self._entry.kind in _VOLUMES else None
        elif subtitle := self._take("subtitle"):
            title = f"{title}{' ' if title.rstrip().endswith(tuple('?!:.')) else ': '}{subtitle}"
        self._set("title", title)

    def _venue(self) -> str | None:
        if self._entry.kind in _VOLUMES:
            return None
        return self._take(*(_IN_JOURNAL if self._entry.kind in _JOURNAL_TYPES else _IN_BOOK))

    def _set_date(self) -> None:
        """Give the day where the fields name one; `date` may be a range, which begins with it."""
        left, record = self._left, self._record
        if "date" in left:
            first, _, last = left["date"].partition("/")
            record["published_date"] = plain_text(first)
            if not last:
                del left["date"]
            return
        year, month, day = record.get("year"), left.get("month", ""), left.get("day", "")
        if year and month and (day or (any(map(str.isdigit, month)) and any(map(str.isalpha, month)))):
            record["published_date"] = "-".join([str(year), *(plain_text(part) for part in (month, day) if part)])

    def _set_eprint(self) -> None:
        left = self._left
        kind = (left.get("archiveprefix") or left.get("eprinttype") or "").strip("{} ").casefold()
        eprint = _address(left.get("eprint")) or ""
        if "arxiv" in kind or (not kind and _ARXIV.fullmatch(eprint)):
            self._record["arxiv_id"] = _address(self._take("eprint", "arxivid"))
        elif kind in {"pubmed", "pmid"} and self._record["pmid"] is None:
            self._record["pmid"] = _address(self._take("eprint"))
        elif "arxivid" in left:
            self._record["arxiv_id"] = _address(self._take("arxivid"))
        else:
            notes = (_ARXIV_NOTE.fullmatch(left.get(name, "")) for name in ("howpublished", "note"))
            self._record["arxiv_id"] = next((found[1] for found in notes if found), None)

    def _extra(self) -> str:
        extra: dict[str, object] = {"entry_type": self._entry.kind}
        for name, value in (*self._left.items(), *self._entry.repeated):
            if value:
                _add(extra, name, value)
        return orjson.dumps(extra).decode()


def _add(extra: dict[str, object], name: str, value: str) -> None:
    """Add a value; those of one name stand together in a list."""
    before = extra.get(name)
    if before is None:
        extra[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        extra[name] = [before, value]


def _address(text: str | None) -> str | None:
    """Return an identifier or address without the escapes of TeX."""
    if text is None:
        return None
    if "\\" in text or "{" in text or "$" in text:
        text = _SIGNS.sub(lambda found: _SIGN[found[1]], text)
        text = _ESCAPED.sub(lambda found: found[1] or found[2] or "", text)
    return text.strip()


def split_names(text: str) -> list[str]:
    """Return the names of a field of persons: split at `and` outside of braces, each in the author's form.

    `others` becomes `et al.`; BibLaTeX's `family=..., given=...` becomes `family, given`. A field
    without `and` that no rule of BibTeX can read is left to `transforms.names`.
    """
    text = " ".join(text.split())
    parts = list(_parts(text))
    if len(parts) == 1 and "{" not in text and (";" in text or text.count(",") >= _MOST_PARTS):
        return split_authors(plain_text(text))
    return [name for name in map(_name, parts) if name]


def _parts(text: str) -> Iterator[str]:
    depth = start = 0
    for found in _AND.finditer(text):
        if found[1]:
            depth = max(0, depth + (1 if found[1] == "{" else -1))
        elif depth == 0:
            yield text[start : found.start()]
            start = found.end()
    yield text[start:]


def _name(part: str) -> str:
    if "=" in part and (found := dict(_NAME_PARTS.findall(part))):
        named = {name.lower(): value.strip() for name, value in found.items()}
        family = f"{named.get('prefix', '')} {named.get('family', '')}".strip()
        part = ", ".join(filter(None, (family, named.get("suffix"), named.get("given"))))
    name = plain_text(part).strip(",; ")
    return "et al." if name.lower() in _OTHERS else name
