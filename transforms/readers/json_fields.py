"""Take fields out of the members of an object; what is not taken becomes `extra`, as it stands in the dump.

A field that is not of the shape that its source promises is left where it is: nothing is guessed,
nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transforms.readers.json_values import Row

    T = TypeVar("T")
    Decoder = msgspec.json.Decoder[T]

_TEXT: Final = msgspec.json.Decoder(str | None)
_TEXTS: Final = msgspec.json.Decoder(list[str | None])
_PARTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_WRONG: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_EMPTY: Final = frozenset({b"null", b'""', b"[]", b"{}"})
_EMPTY_LENGTH: Final = 4
_DIGITS: Final = b"-0123456789"


def look(row: Row, key: str, decoder: Decoder[T]) -> T | None:
    """Return a member as what `decoder` makes of it; None where it is missing, null or of another shape.

    It stays in `row`.
    """
    raw = row.get(key)
    # an exception for each null would cost more than all the rest
    if raw is None or (len(raw) == _EMPTY_LENGTH and bytes(raw) == b"null"):
        return None
    try:
        return decoder.decode(raw)
    except _WRONG:
        return None


def take(row: Row, key: str, decoder: Decoder[T]) -> T | None:
    """Return a member as `look` does, and take it out of `row`."""
    value = look(row, key, decoder)
    if value is not None:
        del row[key]
    return value


def take_text(row: Row, key: str) -> str | None:
    """Take a text; None for an empty one."""
    raw = row.pop(key, None)
    if raw is None:
        return None
    try:
        return _TEXT.decode(raw) or None
    except _WRONG:
        row[key] = raw
        return None


def take_word(row: Row, key: str) -> str | None:
    """Take a text, or a number as it is written: 704.0010 keeps its last zero."""
    raw = row.get(key)
    if raw is not None and (number := bytes(raw))[0] in _DIGITS:
        del row[key]
        return number.decode()
    return take_text(row, key)


def take_first(row: Row, key: str) -> str | None:
    """Take a text, or the first of a list of texts; a list of several stays in `row` too."""
    texts = look(row, key, _TEXTS)
    if texts is None:
        return take_text(row, key)
    if len(texts) <= 1:
        del row[key]
        return texts[0] if texts else None
    return next((text for text in texts if text), None)


def look_each(row: Row, key: str, decoder: Decoder[T]) -> list[T]:
    """Return the elements of a list that are of the shape of `decoder`, in order."""
    found = []
    for part in look(row, key, _PARTS) or ():
        try:
            found.append(decoder.decode(part))
        except _WRONG:
            continue
    return found


def joined(parts: Iterable[str | None], separator: str = " ") -> str | None:
    """Join the texts that are there; None where none is."""
    return separator.join([part for part in parts if part]) or None


def extra_of(row: Row, data: bytes) -> bytes | None:
    """Write what is left of an object as JSON, without members that are empty; None where nothing is left.

    Values stay as they are written in the dump; those of an object in several lines are written in one.
    """
    text = in_a_line(row.items())
    return msgspec.json.format(text, indent=-1) if text and b"\n" in data else text


def in_a_line(members: Iterable[tuple[str, msgspec.Raw]]) -> bytes | None:
    """Write members of an object that stands in one line as JSON, without those that are empty; None for no others."""
    left = {key: raw for key, raw in members if len(raw) > _EMPTY_LENGTH or bytes(raw) not in _EMPTY}
    return msgspec.json.encode(left) if left else None
