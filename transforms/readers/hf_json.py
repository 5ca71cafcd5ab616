r"""Cut JSON of Hugging Face into the objects that it lists, one after another.

    [item, item ...]      an answer of the API
    item \n item ...      one paper, or JSON lines
    [item, item, it       what breaks off

Objects are taken one by one, so that a damaged one costs only itself: it becomes a reject, and
reading goes on where the next one begins.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from transforms.readers.base import Broken

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None)
_BETWEEN: Final = re.compile(r"[\s,]*")
_OBJECT: Final = re.compile(r'\{\s*"(?:paper|id)"\s*:')
_HALF_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")

_CUT_OFF: Final = "is cut off: the dump ends within this entry"
_NOT_CLOSED: Final = "the dump ends within a list: what came after the entry before is missing"


class Cut(NamedTuple):
    """One object (Broken where it does not parse), the line where it begins, and its text."""

    value: object
    line: int
    text: str


def cut_documents(text: str) -> Iterator[Cut]:
    """Yield the objects of all lists and all objects that follow one another in a text."""
    at, line, counted = _skip(text, 0), 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        end = yield from cut_items(text, at, line)
        at = _skip(text, end)


def cut_items(text: str, at: int, line: int) -> Generator[Cut, None, int]:
    """Yield the objects of the list that begins at a place, or the one object there; return where it ends.

    A list that is not closed ends with a Broken, so that a dump that breaks off never looks whole.
    """
    if text[at] != "[":
        value, end = _object_at(text, at, line)
        yield Cut(value, line, text[at:end])
        return end
    last: object = None
    counted, at = at, _skip(text, at + 1)
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        last, end = _object_at(text, at, line)
        yield Cut(last, line, text[at:end])
        at = _skip(text, end)
    if at >= len(text) and not isinstance(last, Broken):
        line += text.count("\n", counted)
        yield Cut(Broken("", _NOT_CLOSED, line), line, "")
    return at + 1


def _skip(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _object_at(text: str, at: int, line: int) -> tuple[Any, int]:
    """Return the value at a place and where it ends; Broken up to where the next one may begin."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        return _broken(text, at, line, f"is not JSON: {error.msg} at character {error.pos - at + 1:,} of the entry")
    except ValueError:  # Python reads no number of more than 4,300 digits
        return _broken(text, at, line, "holds a number that is too long")
    except RecursionError:
        return _broken(text, at, line, "is JSON that is nested too deeply")
    if _HALF_CHARACTER.search(text, at, end) and not _is_encodable(value):
        return Broken(text[at:end], "holds half of a character", line), end
    return value, end


def _broken(text: str, at: int, line: int, reason: str) -> tuple[Broken, int]:
    objects = _OBJECT.finditer(text, at + 1)
    end = next((found.start() for found in objects if _may_begin(text, found.start())), len(text))
    is_cut = end == len(text) and text[at] == "{" and not text[at:].rstrip().endswith(("}", "]"))
    return Broken(text[at:end], _CUT_OFF if is_cut else reason, line), end


def _may_begin(text: str, at: int) -> bool:
    """Tell whether an object follows a comma or a line end, as those of a list and of JSON lines do."""
    before = at
    while before and text[before - 1].isspace():
        before -= 1
    return text[max(0, before - 1)] == "," or "\n" in text[before:at]


def _is_encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
