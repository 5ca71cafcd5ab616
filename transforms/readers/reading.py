"""Read an opened dump with the reader that knows it: what staging, `paperlake read` and the benchmarks share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from transforms.readers.base import place
from transforms.readers.encoding import as_utf8, xml_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from transforms.readers.base import Batch, DumpInfo, Head, Reader


@dataclass
class Reading:
    """The batches of a dump; `encoding` is known when the last one was taken, and None for binary formats."""

    batches: Iterator[Batch]
    _encoding: Callable[[], str | None]

    @property
    def encoding(self) -> str | None:
        """What the text is written in, as it was decided or declared."""
        return self._encoding()


def read_dump(reader: Reader, stream: BinaryIO, head: Head, info: DumpInfo) -> Reading:
    """Begin to read a dump with `reader`, which is given what it takes: UTF-8, XML as it stands, or bytes.

    Taking the batches raises a DumpError where the dump cannot be read.
    """
    if reader.takes == "text":
        utf8, decoded = as_utf8(stream, place(info))
        return Reading(reader.read(utf8, info), lambda: decoded.encoding)
    encoding = xml_encoding(head.data) if reader.takes == "xml" else None
    return Reading(reader.read(stream, info), lambda: encoding)
