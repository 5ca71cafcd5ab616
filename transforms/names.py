"""Split a line of authors into names, where that is safe."""

from __future__ import annotations

import ast
import html
import re
from collections import deque
from typing import Final

import orjson

_AND: Final = re.compile(r"\s*,?\s+(?:and|&)\s+|\s*&\s*", re.IGNORECASE)
_ET_AL: Final = re.compile(r"(?<![\s,;])[\s,;]*+\b(?:et\.?\s+al|and\s+others)\b\.?\s*$", re.IGNORECASE)
_NAME_PARTS: Final = re.compile(r"[.\s-]+")
_SUFFIX: Final = re.compile(r"(?:jr|sr|ii|iii|iv|phd|md)\.?", re.IGNORECASE)
_MOST_INITIALS: Final = 3
_NAMESAKE: Final = re.compile(r"\s\d{4}$")
"""DBLP tells persons of one name apart by a number."""

_ONE_AND: Final = 2
"""Parts of a line with one `and`: the end of a list of names. More of them: BibTeX's way to write lists."""

_LEAST_SURE: Final = 3
"""One part in three may be a name of one word, or cut off."""


def split_authors(text: str) -> list[str]:
    """Return the names in a line of authors, each in the author's form and order.

    Splits at semicolons; at `and` and `&`; at commas where every part is a whole name or where
    family names and initials alternate; and reads the lists that programs write (JSON, Python).
    Where it is unsure the line stays one element. `et al.` stays as an element of its own.
    """
    text = " ".join(html.unescape(text).split())
    if not text:
        return []
    if text.startswith("[") and (listed := _read_list(text)):
        return listed
    rest = _ET_AL.sub("", text)
    others = ["et al."] if rest != text else []
    return [*_split(rest.strip(" ,;")), *others] if rest.strip(" ,;") else [text]


def _read_list(text: str) -> list[str]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        return []
    return [name.strip() for name in found if name.strip()]


def _split(text: str) -> list[str]:
    if ";" in text:
        return _clean(text.split(";"))
    parts = _clean(_AND.split(text))
    if len(parts) <= 1:
        return _split_at_commas(text) or [text]
    is_list = "," not in parts[-1] and "," in parts[0]
    if len(parts) > _ONE_AND or not is_list:
        return [name for part in parts for name in (part.count(",") > 1 and _split_at_commas(part)) or [part]]
    return _split_at_commas(", ".join(parts)) or [text]


def _split_at_commas(text: str) -> list[str]:
    """Split whole names, and family names followed by initials; empty where too many parts are neither."""
    parts = deque(_join_suffixes(_clean(text.split(","))))
    names: list[str] = []
    unsure_count = 0
    while parts:
        part = parts.popleft()
        if not _is_whole_name(part):
            if parts and _is_initials(parts[0]) and not _is_initials(part):
                part = f"{part}, {parts.popleft()}"
            else:
                unsure_count += 1
        names.append(part)
    return names if unsure_count * _LEAST_SURE <= len(names) else []


def _join_suffixes(parts: list[str]) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and _SUFFIX.fullmatch(part):
            joined[-1] = f"{joined[-1]}, {part}"
        else:
            joined.append(part)
    return joined


def _is_initials(part: str) -> bool:
    """Tell whether a part is initials: `J.`, `j. k.`, `J-P`, `JK`."""
    letters = [piece for piece in _NAME_PARTS.split(part) if piece]
    return all(len(piece) == 1 for piece in letters) or (part.isupper() and len("".join(letters)) <= _MOST_INITIALS)


def _is_whole_name(part: str) -> bool:
    """Tell whether a part is a given and a family name: two words, one of them more than initials."""
    words = _NAMESAKE.sub("", part).split()
    is_short = 2 <= len(words) <= 6  # noqa: PLR2004  # "Juan Carlos de la Cruz Ortiz" has six
    return is_short and not _is_initials(part) and not any(char.isdigit() for word in words for char in word)


def _clean(parts: list[str]) -> list[str]:
    stripped = (part.strip(" ,") for part in parts)
    return [part for part in stripped if part]
