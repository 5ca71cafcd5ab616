"""Cut text of tagged lines into entries: one engine for RIS, nbib, EndNote and Web of Science.

    lines --tag or none--> cut --> entry: {tag: [values]} --mapping of the form--> columns, extra

Each form is a table (`TagForm`): which tag opens an entry, which closes it, which one holds the
title. No sign is relied upon alone, because each of them is lost in some file:

    opening tag             begins an entry, whether or not the one before was closed
    closing tag             ends it; what follows up to the next opening belongs to it all the same
    title or author after   an entry without its opening tag
    a second title after    two entries, neither sign between them
      a blank line

Lines without a tag go on with the value before them. Text before the first entry and between two
of them is kept with the entry (`untagged`). Where a dump breaks off, the entry at the break is a
reject, unless it is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from transforms.errors import HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, Batch, Broken, DumpInfo, Entry, batched, place
from transforms.readers.fields import Fields
from transforms.readers.text_lines import TextLines, is_utf8, with_bytes_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTAGGED: Final = "untagged"

_LINE_COST: Final = 64
"""What a line takes in memory beside its characters, about: empty lines are not for nothing."""

Tagging = Callable[[str], tuple[str, str] | None]
"""Splits a line into its tag and the rest; None for a line without tag."""


@dataclass(frozen=True)
class TagForm:
    """What the engine must know of one form.

    `tagging` makes one for each dump, so that it can learn how the dump writes its tags. `main` are
    tags that only an entry has (titles, authors), `frame` those of the file around the entries,
    `leading` those that may stand before the opening tag.
    A whole entry has a tag of `last`. Further lines of a tag in `lists` are further values; those of
    other tags are joined by `joint`.
    """

    tagging: Callable[[], Tagging]
    opening: frozenset[str]
    titles: frozenset[str]
    main: frozenset[str]
    closing: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    frame: frozenset[str] = frozenset()
    leading: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    joint: str = "\n"


_Line = tuple[str, str | None, str]
"""A line as it stands, its tag, its value. A plain tuple: there are millions."""


def read_tagged(
    stream: BinaryIO, info: DumpInfo, form: TagForm, columns: Callable[[Fields], dict[str, object]]
) -> Iterator[Batch]:
    """Yield the entries of a dump, their columns made by `columns`.

    Raises DamagedDumpError for NUL and what `transforms.readers.encoding` refuses, HostileDumpError
    for a line or an entry without end.
    """

    def entries() -> Iterator[Entry | Broken]:
        for found in cut_entries(stream, info, form):
            if isinstance(found, Broken):
                yield found
            else:
                yield {"line": found.line, "raw": found.raw, **columns(found.fields)}

    return batched(entries())


def cut_entries(stream: BinaryIO, info: DumpInfo, form: TagForm) -> Iterator[Tagged | Broken]:
    """Yield the entries of a dump with their fields, before any becomes a column; errors as `read_tagged` says."""
    return _Cutter(TextLines(stream, info), form, info).entries()


class Tagged(NamedTuple):
    """One entry: the line where it begins, its text, its fields."""

    line: int
    raw: str
    fields: Fields


class _Cutter:
    """Holds the lines of the entry at hand until the next one begins."""

    def __init__(self, source: TextLines, form: TagForm, info: DumpInfo) -> None:
        self._source = source
        self._form = form
        self._info = info
        self._marks = form.opening | form.closing | form.titles | form.main | form.last
        self._split = form.tagging()
        self._whole_count = 0
        self._start([], 1)

    def entries(self) -> Iterator[Tagged | Broken]:
        split, marks = self._split, self._marks
        for text in self._source:
            found = split(text)
            if found is None:
                self._lines.append((text, None, text))
                if not text or text.isspace():
                    self._gap = len(self._lines)
            elif found[0] in marks:
                yield from self._heed(text, *found)
            else:
                self._lines.append((text, *found))
            self._length += len(text) + _LINE_COST
            if self._length > MAX_LINE_BYTES:
                self._refuse()
        yield from self._finish(self._lines, is_last=True)

    def _start(self, lines: list[_Line], number: int) -> None:
        """Begin the next entry with the lines that are there already, the first of which has this number."""
        self._lines = lines
        self._number = number
        self._seen = {tag for _, tag, _ in lines if tag in self._marks}
        self._gap = self._title_at = 0
        self._closed_at: int | None = None
        self._length = sum(len(text) + _LINE_COST for text, _, _ in lines)

    def _refuse(self) -> None:
        raise HostileDumpError(
            f"has an entry that takes more than {MAX_LINE_BYTES:,} bytes",
            where=place(self._info, self._number),
            hint="no entry is that long; the tags are lost or the file is something else",
        )

    def _heed(self, text: str, tag: str, value: str) -> Iterator[Tagged | Broken]:
        """Add a line whose tag may open or close an entry, or do both: `ER  - TY  - JOUR`, where files were joined."""
        yield from self._mark(tag)
        rest = value.lstrip("\ufeff ") if tag in self._form.closing else ""
        opening = self._split(rest) if rest else None
        if opening is None or opening[0] not in self._form.opening:
            self._lines.append((text, tag, value))
            return
        self._lines.append((text.removesuffix(value), tag, ""))
        yield from self._mark(opening[0])
        self._number -= 1  # both stand on one line
        self._lines.append((rest, *opening))

    def _mark(self, tag: str) -> Iterator[Tagged | Broken]:
        """Begin or close an entry where this tag does so, before its line is added."""
        if (begin := self._begin_of_next(tag)) is not None:
            yield from self._finish(self._lines[:begin])
            self._start(self._lines[begin:], self._number + begin)
        if self._closed_at is not None:
            return
        self._seen.add(tag)
        if tag in self._form.closing:
            self._closed_at = len(self._lines) + 1
        elif tag in self._form.titles:
            self._title_at = len(self._lines) + 1

    def _begin_of_next(self, tag: str) -> int | None:
        """Tell where the next entry begins, if the line with this tag, which comes now, belongs to it."""
        form, closed_at = self._form, self._closed_at
        if tag in form.opening:
            if self._is_not_begun(tag):
                return None
            return self._first_tagged(self._gap) if self._leads_up() else len(self._lines)
        if closed_at is not None:
            return self._first_tagged(max(self._gap, closed_at)) if tag in form.main else None
        if tag in form.titles and tag in self._seen and self._gap > self._title_at:
            return self._first_tagged(self._gap)
        return None

    def _is_not_begun(self, tag: str) -> bool:
        """Tell whether what is at hand only leads up to this opening tag."""
        is_begun = self._closed_at is not None or tag in self._seen
        return not is_begun and not self._seen & (self._form.opening | self._form.main)

    def _leads_up(self) -> bool:
        """Tell whether what stands behind the last blank line belongs to the opening tag that comes now."""
        if self._closed_at is not None:
            return self._gap > self._closed_at
        return all(tag in self._form.leading for _, tag, _ in self._lines[self._gap :])

    def _first_tagged(self, begin: int) -> int:
        places = range(begin, len(self._lines))
        return next((place for place in places if self._lines[place][1] is not None), len(self._lines))

    def _finish(self, lines: list[_Line], *, is_last: bool = False) -> Iterator[Tagged | Broken]:
        if not any(tag not in self._form.frame if tag else text.strip() for text, tag, _ in lines):
            return
        begin = self._number + _first_place(lines)
        raw = "\n".join([text for text, _, _ in lines]).strip("\n")
        reason = self._cut_reason() if is_last else None
        if reason is None and not self._seen & (self._form.opening | self._form.main):
            reason = "has no tag that an entry needs"
        if not is_utf8(raw):
            raw, reason = with_bytes_shown(raw), reason or "holds bytes that are not UTF-8"
        if reason:
            yield Broken(raw, reason, begin)
        else:
            self._whole_count += self._is_whole()
            yield Tagged(begin, raw, Fields(self._values(lines)))

    def _is_whole(self) -> bool:
        return not self._form.last.isdisjoint(self._seen)

    def _cut_reason(self) -> str | None:
        if self._source.is_cut:
            return "breaks off: the dump ends inside of a character"
        if self._source.ends_open and self._whole_count and not self._is_whole():
            return f"breaks off: the dump ends in it, before the {min(self._form.last)} that the other entries have"
        return None

    def _values(self, lines: list[_Line]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        tag, parts = UNTAGGED, list[str]()
        is_after = False
        for _, own, value in [*lines, ("", "", "")]:
            value = value.strip()  # noqa: PLW2901  # white space at the ends is none of the value
            if own is None and (value or not is_after):
                parts.append(value)
                continue
            for name, values in self._assigned(tag, parts) if len(parts) > 1 else ((tag, parts),):
                if values and (kept := [part for part in values if part]):
                    found.setdefault(name, []).extend(kept)
            tag, parts = own or UNTAGGED, [value]  # behind the closing tag, a blank line ends a value
            is_after = is_after or tag in self._form.closing
        return found

    def _assigned(self, tag: str, parts: list[str]) -> tuple[tuple[str, list[str]], ...]:
        """Say what the lines behind a tag are: further values, one value together, or none of it."""
        if tag in self._form.closing:
            return (tag, parts[:1]), (UNTAGGED, parts[1:])
        if tag == UNTAGGED or tag in self._form.lists:
            return ((tag, parts),)
        return ((tag, [self._form.joint.join(filter(None, parts))]),)


def _first_place(lines: list[_Line]) -> int:
    """Find the first line with a tag, or else with text."""
    tagged = next((place for place, (_, tag, _) in enumerate(lines) if tag is not None), None)
    return next(place for place, (text, _, _) in enumerate(lines) if text.strip()) if tagged is None else tagged
