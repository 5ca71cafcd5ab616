"""What a lake asks of the places of its files: a folder on a disk and a prefix in a bucket both answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, Self

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from io import BufferedReader
    from pathlib import PurePath


class Place(Protocol):
    """A file or folder of a lake: `pathlib.Path`, or `warehouse.bucket.ObjectPath`."""

    @property
    def name(self) -> str:
        """The last part of the place."""

    @property
    def stem(self) -> str:
        """The name without its suffix."""

    @property
    def suffix(self) -> str:
        """The end of the name, from its last dot."""

    def __hash__(self) -> int: ...

    def __lt__(self, other: Self, /) -> bool: ...

    def __truediv__(self, below: str, /) -> Self: ...

    def exists(self) -> bool:
        """Tell whether there is a file here."""

    def stat(self) -> os.stat_result:
        """Give the size (st_size, bytes) of the file; raise FileNotFoundError where there is none."""

    def glob(self, pattern: str, /) -> Iterable[Self]:
        """Find the files below whose place matches."""

    def rglob(self, pattern: str, /) -> Iterable[Self]:
        """Find the files anywhere below whose name matches."""

    def open(self, mode: Literal["rb"], /) -> BufferedReader:
        """Open the file for reading; it can seek."""

    def read_text(self, encoding: str) -> str:
        """Read the whole file."""

    def write_text(self, data: str, encoding: str) -> object:
        """Write the whole file."""

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Make the folder."""

    def unlink(self) -> None:
        """Remove the file."""

    def relative_to(self, other: Self, /) -> PurePath:
        """Give the place of this file below a folder."""
