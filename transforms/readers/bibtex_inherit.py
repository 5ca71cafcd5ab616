"""Give entries what they take over from others: `crossref` (BibTeX, BibLaTeX) and `xdata` (BibLaTeX).

BibTeX wants the parent behind its child, BibLaTeX takes it anywhere. So what may be inherited is
remembered of every entry, and an entry whose parent has not come yet waits, with all that follow
it, so that the order stays. Both are bounded: in a library of more than some 50 MB, a parent may
stand too far away; the child then keeps its `crossref` and nothing is added.

    child  --crossref--> parent --crossref--> grandparent          fields that are missing, nearest first
           --xdata-----> container, container ...

What is inherited follows BibTeX and the defaults of BibLaTeX (manual, appendix B), except for what
names one work: the identifiers, abstract and pages of a volume are not those of its papers.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from transforms.readers.base import Broken
from transforms.readers.bibtex_entries import BibEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS: Final = (
    "author editor editora editortype title subtitle titleaddon booktitle booksubtitle maintitle journal journaltitle"
    " year date month volume number issue series publisher organization institution school address location venue"
    " eventtitle eventdate edition howpublished isbn issn language langid crossref xdata"
)
_INHERITED: Final = frozenset(_FIELDS.split())
_DATES: Final = frozenset({"year", "date", "month"})
_IN_BOOKS: Final = "inbook incollection inproceedings conference inreference bookinbook suppbook suppcollection"
_IN_JOURNALS: Final = frozenset({"article", "suppperiodical"})
_PARTS: Final = _IN_JOURNALS.union(_IN_BOOKS.split())
"""Types of works that stand in another: its title is their booktitle, or the title of their journal."""

_NO_PARENTS: Final = frozenset({"article", "inproceedings"})
"""Types that nothing stands in: most entries, which need not be remembered."""

_TITLES: Final = frozenset({"title", "subtitle", "titleaddon", "author", "crossref", "xdata"})
_LONGEST: Final = 2_000
"""Characters of a value that is inherited; a name of a volume is shorter, and many inherit it."""

_MAX_WAITING: Final = 48 * 1024 * 1024
"""Characters of raw text that may wait for a parent."""

_MAX_KNOWN: Final = 16 * 1024 * 1024
"""Characters of parents that are remembered, the latest first."""

_OVERHEAD: Final = 60
"""What a value takes in memory beside its characters, about."""

_MAX_ANCESTORS: Final = 16
"""Entries that one entry inherits from, in all; real ones have three at most."""


def with_inherited(entries: Iterable[BibEntry | Broken]) -> Iterator[BibEntry | Broken]:
    """Yield all entries but the containers of `xdata`, in order, each with what it inherits."""
    known = _Known()
    waiting: deque[BibEntry | Broken] = deque()
    length = 0
    for entry in entries:
        if isinstance(entry, BibEntry) and entry.kind not in _NO_PARENTS:
            known.add(entry)
            if entry.kind == "xdata":
                continue
        waiting.append(entry)
        length += len(entry.raw)
        while waiting and (length > _MAX_WAITING or known.is_ready(waiting[0])):
            length -= len(waiting[0].raw)
            yield known.complete(waiting.popleft())
    yield from map(known.complete, waiting)


class _Known:
    """Remembers by key what may be inherited from the entries so far; of two with one key, the first."""

    def __init__(self) -> None:
        self._fields: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._length = 0

    def add(self, entry: BibEntry) -> None:
        fields = {name: value for name, value in entry.fields.items() if name in _INHERITED and len(value) <= _LONGEST}
        for key in (entry.key, *entry.fields.get("ids", "").split(",")):
            if (folded := key.strip().casefold()) and folded not in self._fields:
                self._fields[folded] = fields
                self._length += _length(fields)
        while self._length > _MAX_KNOWN:
            _, oldest = self._fields.popitem(last=False)
            self._length -= _length(oldest)

    def is_ready(self, entry: BibEntry | Broken) -> bool:
        """Tell whether all that an entry inherits from is known, however far up."""
        if isinstance(entry, Broken) or not _inherits(entry):
            return True
        keys, seen = _parents(entry.fields), set[str]()
        while keys and len(seen) < _MAX_ANCESTORS:
            key = keys.pop()
            if key not in self._fields:
                return False
            if key not in seen:
                seen.add(key)
                keys += _parents(self._fields[key])
        return True

    def complete(self, entry: BibEntry | Broken) -> BibEntry | Broken:
        """Fill the fields that an entry has not itself."""
        if isinstance(entry, BibEntry) and _inherits(entry):
            self._fill(entry.fields, entry.kind, {entry.key.casefold()})
        return entry

    def _fill(self, fields: dict[str, str], kind: str, seen: set[str]) -> None:
        for key in _containers(fields):
            if container := self._ancestor(key, kind, seen):
                _take(fields, container)
        for key in _parent(fields):
            if parent := self._ancestor(key, "", seen):
                _take(fields, _handed_down(parent, kind))

    def _ancestor(self, key: str, kind: str, seen: set[str]) -> dict[str, str]:
        """Return the fields of an ancestor with what it inherits itself; none of one that was met before."""
        if key not in self._fields or key in seen or len(seen) == _MAX_ANCESTORS:
            return {}
        seen.add(key)
        fields = dict(self._fields[key])
        self._fill(fields, kind, seen)
        return fields


def _inherits(entry: BibEntry) -> bool:
    """Tell whether an entry takes anything over; a set names its first member, but is none itself."""
    return entry.kind != "set" and ("crossref" in entry.fields or "xdata" in entry.fields)


def _length(fields: dict[str, str]) -> int:
    return _OVERHEAD + sum(len(value) + _OVERHEAD for value in fields.values())


def _containers(fields: dict[str, str]) -> list[str]:
    keys = (key.strip().casefold() for key in fields.get("xdata", "")[:_LONGEST].split(","))
    return [key for key in keys if key]


def _parent(fields: dict[str, str]) -> list[str]:
    key = fields.get("crossref", "")[:_LONGEST].strip().casefold()
    return [key] if key else []


def _parents(fields: dict[str, str]) -> list[str]:
    return [*_containers(fields), *_parent(fields)]


def _handed_down(parent: dict[str, str], kind: str) -> dict[str, str]:
    """Return what a parent gives to an entry of some type; the title of a volume becomes that of its parts' venue."""
    given = {name: value for name, value in parent.items() if name not in _TITLES}
    if kind not in _PARTS:
        return given | {name: parent[name] for name in ("title", "subtitle") if name in parent}
    if kind == "inbook" and "author" in parent:
        given["author"] = parent["author"]
    place = "journaltitle" if kind in _IN_JOURNALS else "booktitle"
    if place not in given and "journal" not in given and "title" in parent:
        given[place] = ": ".join(parent[name] for name in ("title", "subtitle") if name in parent)
    return given


def _take(fields: dict[str, str], given: dict[str, str]) -> None:
    has_date = not _DATES.isdisjoint(fields)
    for name, value in given.items():
        if name not in fields and not (has_date and name in _DATES):
            fields[name] = value
