r"""The grammar of one BibTeX block: `@type{key, name = value # value, ...}` or the same in parentheses.

Faults that lose nothing are read over: a missing key, a missing or doubled comma, `%` comments
between fields, a macro that nobody defined (it stands for its name), a value that is missing.
Whatever leaves a doubt where a value ends is a Fault; a text that ends within a value is Unclosed.

BibTeX counts every brace, escaped or not. Some programs write a lone `\{` or `\"`, so a block that
makes no sense by BibTeX's rule is read once more with escaped characters left out of the count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from transforms.readers.base import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_EXPANSION: Final = 16_384
"""Characters that the macros of one block may add up to; real ones name a journal."""

START: Final = re.compile(r"(?:(?<=[\s})])|\A)\ufeff?@\s*+([A-Za-z][\w:.+/*!-]*+)\s*+([{(])")
"""The start of a block; `@` within a word is an address of mail."""

_FLAT: Final = r"(?:[^{}]++|\{[^{}]*+\})*+"
_FIELD: Final = re.compile(
    r"""[\s,]*+([^\s=,{}()"'\#%@]{1,100}+)\s*+=\s*+"""
    rf"""(?:\{{((?:[^{{}}]++|\{{{_FLAT}\}})*+)\}}|"([^{{}}"]*+)"|([^\s,\#{{}}()"=%@]++))\s*+(?=[,}}])"""
)
"""The usual field at one stroke: a value with braces at most three deep, and a comma or the end after it."""

_GAP: Final = re.compile(r"[\s,]*+(?:%[^\n]*+[\s,]*+)*+")
_SPACE: Final = re.compile(r"\s*+(?:%[^\n]*+\s*+)*+")
_KEY: Final = re.compile(r"\s*+((?:[^,{}=\n]|=(?!\s*+[{\"]))*+)")
_NAME: Final = re.compile(r"""([^\s=,{}()"\#%@][^=,{}()"\#%@\n]{0,99}+)=""")
_NEXT_LINE_NAME: Final = re.compile(r"""([^\s=,{}()"\#%@]{1,100}+)\s*+=""")
_BARE: Final = re.compile(r"""[^\s,\#{}()"=%@]*+""")
_BRACES: Final = {False: re.compile(r"[{}]"), True: re.compile(r"\\.|[{}]", re.DOTALL)}
_QUOTES: Final = {False: re.compile(r'[{}"]'), True: re.compile(r'\\.|[{}"]', re.DOTALL)}


class Fault(Exception):  # noqa: N818  # not an error: the block becomes a reject that says why
    """The block breaks the grammar; says how."""


class Unclosed(Fault):
    """The text ends within a value."""


@dataclass(slots=True)
class Block:
    """One block: its type in lower case, its key, its fields with macros expanded, and where it ends in the text.

    Names of fields are in lower case; `repeated` holds fields whose name is taken, in order.
    """

    kind: str
    key: str
    end: int
    fields: dict[str, str] = field(default_factory=dict)
    repeated: list[tuple[str, str]] = field(default_factory=list)


def parse_block(text: str, found: re.Match[str], macros: Mapping[str, str]) -> Block:
    """Read the block that START found in a text. `macros` are by name in lower case.

    Raises Fault where the block breaks the grammar, Unclosed where the text ends within a value.
    """
    try:
        return _Reading(text, found, macros, is_lenient=False).block()
    except Fault:
        if "\\" not in text:
            raise
        try:
            return _Reading(text, found, macros, is_lenient=True).block()
        except Fault:
            pass
        raise


class _Reading:
    """Goes once through a block."""

    def __init__(self, text: str, found: re.Match[str], macros: Mapping[str, str], *, is_lenient: bool) -> None:
        self._text = text
        self._pos = found.end()
        self._closing = "}" if found[2] == "{" else ")"
        self._macros = macros
        self._expansion = 0
        self._is_lenient = is_lenient
        self._braces = _BRACES[is_lenient]
        self._quotes = _QUOTES[is_lenient]
        self._block = Block(found[1].lower(), "", 0)

    def block(self) -> Block:
        if self._block.kind in {"comment", "preamble"}:
            self._block.end = self._end_of_group(self._pos - 1) + 1
            return self._block
        if self._block.kind != "string":
            self._read_key()
        self._read_fields()
        self._block.end = self._pos
        return self._block

    def _end_of_group(self, start: int) -> int:
        """Return where the group ends that begins with a brace or parenthesis."""
        if self._text[start] == "{":
            return self._end_of_braces(start)
        end = self._text.find(")", start)
        if end < 0:
            raise Unclosed("is not closed")
        return end

    def _read_key(self) -> None:
        found = _KEY.match(self._text, self._pos)
        if found and not self._text.startswith("=", found.end()):
            key = found[1]
            if self._closing == ")" and (end := key.find(")")) >= 0:  # @misc(key)
                key = key[:end]
            self._block.key = key.strip()
            self._pos = found.start(1) + len(key)

    def _read_fields(self) -> None:
        text, pos, match = self._text, self._pos, _FIELD.match
        while True:
            while not self._is_lenient and (found := match(text, pos)):
                name, braced, quoted, bare = found.groups()
                if bare is None:
                    self._add(name, quoted if braced is None else braced)
                else:
                    self._add(name, self._expanded(bare))
                pos = found.end()
            self._pos = self._skip(_GAP, pos)
            if text.startswith(self._closing, self._pos):
                self._pos += 1
                return
            self._read_field()
            pos = self._pos

    def _read_field(self) -> None:
        """Read a field of any form, slowly."""
        if self._pos == len(self._text):
            raise Fault("is not closed")
        found = _NAME.match(self._text, self._pos) or _NEXT_LINE_NAME.match(self._text, self._pos)
        if found is None:
            raise Fault(f"has no name of a field and = at {self._shown_from(self._pos)}")
        self._pos = found.end()
        self._add(found[1].strip(), self._value())

    def _add(self, name: str, value: str) -> None:
        name = name.lower()
        if name in self._block.fields:
            self._block.repeated.append((name, value))
        else:
            self._block.fields[name] = value

    def _value(self) -> str:
        parts = []
        while True:
            self._pos = self._skip(_SPACE, self._pos)
            parts.append(self._part())
            self._pos = self._skip(_SPACE, self._pos)
            if not self._text.startswith("#", self._pos):
                return "".join(parts)
            self._pos += 1

    def _part(self) -> str:
        text, start = self._text, self._pos
        opening = text[start : start + 1]
        if opening in {"{", '"'}:
            end = self._end_of_braces(start) if opening == "{" else self._end_of_quotes(start)
            self._pos = end + 1
            return text[start + 1 : end]
        if not opening:
            raise Unclosed("is not closed")
        bare = _BARE.match(text, start)
        self._pos = bare.end() if bare else start
        return self._expanded(bare[0]) if bare else ""

    def _expanded(self, name: str) -> str:
        value = self._macros.get(name.lower(), name)
        self._expansion += len(value)
        if self._expansion > MAX_EXPANSION:
            raise Fault(f"has macros that stand for more than {MAX_EXPANSION:,} characters")
        return value

    def _end_of_braces(self, start: int) -> int:
        depth = 0
        for found in self._braces.finditer(self._text, start):
            if found[0] == "{":
                depth += 1
            elif found[0] == "}":
                depth -= 1
                if depth == 0:
                    return found.start()
        raise Unclosed("has a brace that is not closed")

    def _end_of_quotes(self, start: int) -> int:
        depth = 0
        for found in self._quotes.finditer(self._text, start + 1):
            if found[0] == "{":
                depth += 1
            elif found[0] == "}":
                depth -= 1
                if depth < 0:
                    raise Fault(f"has a quote that is not closed at {self._shown_from(start)}")
            elif found[0] == '"' and depth == 0:
                return found.start()
        raise Unclosed("has a quote that is not closed")

    def _shown_from(self, pos: int) -> str:
        return shown(self._text[pos : pos + 40].strip())

    def _skip(self, what: re.Pattern[str], pos: int) -> int:
        found = what.match(self._text, pos)
        return found.end() if found else pos
