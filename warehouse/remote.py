"""Dumps that lie elsewhere: listed and fetched, whether behind http or in a bucket.

    https://host/folder/, s3://bucket/prefix  --list-->  RemoteFile ...  --open-->  bytes

What the server says of a file, its size and the mark or time of its version, tells whether it is the
one that was fetched before, and whether it changed while it was fetched.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from transforms.errors import DumpError
from warehouse.address import name_of
from warehouse.staging import is_passing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from transforms.errors import PaperlakeError

T = TypeVar("T")

WAITS: Final = (0.5, 2.0)
"""Seconds before a question is asked again that the network did not carry."""

CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Version:
    """What a server says of a file: size in bytes, mark (ETag) and time of last change; None where it says nothing.

    Equal marks mean equal bytes, whatever the times, unless they are called weak (RFC 9110, section 8.8.3).
    """

    size: int | None = None
    etag: str | None = None
    modified_at: dt.datetime | None = None

    def differs_from(self, other: Version) -> bool:
        """Tell whether the two contradict each other."""
        pairs: list[tuple[object, object]] = [(self.size, other.size), (self.etag, other.etag)]
        if not (self._is_strong and other._is_strong):
            pairs.append((self.modified_at, other.modified_at))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)

    @property
    def _is_strong(self) -> bool:
        return self.etag is not None and not self.etag.startswith("W/")

    def is_surely(self, other: Version) -> bool:
        """Tell whether the two agree in size and in mark or time."""
        is_marked = None not in (self.etag, other.etag) or None not in (self.modified_at, other.modified_at)
        return None not in (self.size, other.size) and is_marked and not self.differs_from(other)


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file elsewhere: its place as it may be shown and kept, and how it is reached.

    `within` is the folder in whose listing it was found, empty where somebody named it.
    """

    uri: str
    address: str = field(repr=False)
    version: Version = field(compare=False)
    within: str = field(default="", compare=False)
    is_young: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.uri

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return name_of(self.uri)

    @property
    def is_told_apart(self) -> bool:
        """Whether the place as it is kept is the whole of it: of a query nothing is kept."""
        return self.uri == self.address


@dataclass
class Listing:
    """What was found at an address: files, and what of it cannot be used."""

    files: list[RemoteFile] = field(default_factory=list)
    problems: list[PaperlakeError] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """A file that is being fetched: its version, and its bytes in parts."""

    version: Version
    parts: Iterator[bytes]


def patiently(ask: Callable[[], T]) -> T:
    """Ask, and again where only the network failed."""
    for wait in WAITS:
        try:
            return ask()
        except DumpError as error:
            if not is_passing(error):
                raise
        time.sleep(wait)
    return ask()
