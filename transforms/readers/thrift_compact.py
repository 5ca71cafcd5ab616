"""Read integers, structs and lists of Thrift's compact protocol, in which Parquet writes its footer and the heads of its pages.

Only what is asked for is kept. Whatever two readers could understand in two ways is a fault: pyarrow
must find the same numbers as we.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

I32: Final = 5
I64: Final = 6
_BYTE: Final = 3
_INTEGERS: Final = (4, I32, I64)
_TEXT: Final = 8
_LISTS: Final = (9, 10)
_MAP: Final = 11
_STRUCT: Final = 12

_SKIPPED_BYTES: Final = {_BYTE: 1, 7: 8, 13: 16}
"""Sizes of what is skipped: a byte, a double, a UUID."""

_BOOLEANS: Final = (1, 2)
_MOST_DEPTH: Final = 32


@dataclass(frozen=True)
class Wanted:
    """What is kept of a struct, by the numbers of its fields: integers of I32 or I64, structs, lists of structs."""

    integers: Mapping[int, int] = field(default_factory=dict)
    structs: Mapping[int, Wanted] = field(default_factory=dict)
    lists: Mapping[int, Wanted] = field(default_factory=dict)

    def expects(self, number: int, kind: int) -> bool:
        """Tell whether a field has the type that is wanted of it, if it is wanted."""
        if number in self.integers:
            return kind == self.integers[number]
        return (number not in self.structs or kind == _STRUCT) and (number not in self.lists or kind == _LISTS[0])


@dataclass
class Struct:
    """What was wanted of a struct and stands there."""

    integers: dict[int, int] = field(default_factory=dict)
    structs: dict[int, Struct] = field(default_factory=dict)
    lists: dict[int, list[Struct]] = field(default_factory=dict)


_NOTHING: Final = Wanted()


class CutShortError(ValueError):
    """The bytes end within a struct."""


class Reading:
    """A place in bytes, from which structs are read one behind the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, wanted: Wanted, depth: int = 0) -> Struct:
        """Read a struct. Raises CutShortError where it goes on behind the bytes, ValueError where it is none."""
        if depth > _MOST_DEPTH:
            raise ValueError(f"structs are nested more than {_MOST_DEPTH} deep")
        found = Struct()
        seen: set[int] = set()
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer(16)
            if number in seen or not wanted.expects(number, head & 15):
                raise ValueError(f"field {number} is there twice or of the wrong type")
            seen.add(number)
            self._field(number, head & 15, wanted, found, depth)
        return found

    def _field(self, number: int, kind: int, wanted: Wanted, found: Struct, depth: int) -> None:
        if number in wanted.integers:
            found.integers[number] = self._integer(32 if kind == I32 else 64)
        elif number in wanted.structs:
            found.structs[number] = self.struct(wanted.structs[number], depth + 1)
        elif number in wanted.lists:
            found.lists[number] = self._structs(wanted.lists[number], depth + 1)
        elif kind not in _BOOLEANS:  # whose value is their type
            self._skip(kind, depth)

    def _structs(self, wanted: Wanted, depth: int) -> list[Struct]:
        size, kind = self._list_head()
        if kind != _STRUCT:
            raise ValueError("a list of structs holds something else")
        return [self.struct(wanted, depth) for _ in range(size)]

    def _skip(self, kind: int, depth: int) -> None:
        """Pass over a value that is not kept, as it stands in a struct or a list."""
        if kind in _INTEGERS:
            self._varint()
        elif kind == _TEXT:
            self._pass(self._varint())
        elif kind in _SKIPPED_BYTES:
            self._pass(_SKIPPED_BYTES[kind])
        elif kind in _LISTS:
            size, inner = self._list_head()
            self._skip_many(size, (inner,), depth)
        elif kind == _MAP:
            if size := self._varint():
                kinds = self._byte()
                self._skip_many(size, (kinds >> 4, kinds & 15), depth)
        elif kind == _STRUCT:
            self.struct(_NOTHING, depth + 1)
        else:
            raise ValueError(f"there is no type {kind}")

    def _skip_many(self, size: int, kinds: tuple[int, ...], depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise ValueError(f"lists are nested more than {_MOST_DEPTH} deep")
        for _ in range(size):
            for kind in kinds:
                self._skip(_BYTE if kind in _BOOLEANS else kind, depth + 1)

    def _list_head(self) -> tuple[int, int]:
        head = self._byte()
        size = head >> 4
        return (self._varint() if size == 15 else size), head & 15  # noqa: PLR2004 -- 15: the size stands behind

    def _byte(self) -> int:
        place = self.place
        self.place = place + 1
        try:
            return self._data[place]
        except IndexError:
            raise CutShortError("the bytes end within a struct") from None

    def _pass(self, size: int) -> None:
        self.place += size
        if self.place > len(self._data):
            raise CutShortError("the bytes end within a struct")

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:  # noqa: PLR2004 -- more bytes than 64 bits need
                raise ValueError("an integer has more than 64 bits")
        return value | byte << shift

    def _integer(self, bits: int) -> int:
        value = self._varint()
        if value >> bits:
            raise ValueError(f"an integer has more than {bits} bits")
        return value >> 1 ^ -(value & 1)
