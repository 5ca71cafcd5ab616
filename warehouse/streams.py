"""Open a dump's bytes: unpacked whatever the compression, and safe against what is broken or hostile.

    file --magic--> plain | gz | zst | bz2 | xz --members--> bytes, counted and held to a ratio

The compression is recognised from the first bytes, never from the name. Nothing is unpacked ahead
of the reader by more than one buffer.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from transforms.errors import UnreadableDumpError
from transforms.readers.base import HEAD_BYTES, Head, shown
from warehouse.unpack import DEFAULT_LIMITS, LONGEST_MAGIC, Limits, Unpacked, compression_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed import WriteableBuffer

_BUFFER_BYTES: Final = 1024 * 1024


@dataclass
class OpenDump:
    """A dump whose bytes can be read; `stream` gives them unpacked, and can seek where the file is plain."""

    name: str
    stream: BinaryIO
    compression: str | None
    _count: Callable[[], int]

    @property
    def byte_count(self) -> int:
        """Bytes after unpacking: all of them once the stream was read to its end."""
        return self._count()


@contextmanager
def open_dump(
    path: Path, limits: Limits = DEFAULT_LIMITS, called: str = "", *, ahead: int = _BUFFER_BYTES
) -> Iterator[OpenDump]:
    """Open a dump for reading; it is `called` by its file name unless it has another.

    Of compressed data, `ahead` bytes are unpacked at a time.

    Raises UnreadableDumpError where the bytes cannot be had. Reading raises it too, DamagedDumpError
    where compressed data is broken or breaks off, and HostileDumpError where it unpacks beyond `limits`.
    """
    called = called or path.name
    with _open_file(path) as file, io.BufferedReader(file, _BUFFER_BYTES) as packed:
        compression = compression_of(packed.peek()[:LONGEST_MAGIC])
        if compression is None:
            size = os.fstat(file.fileno()).st_size
            yield OpenDump(called, cast("BinaryIO", packed), None, lambda: size)
            return
        unpacked = Unpacked(cast("BinaryIO", packed), compression, shown(called), limits)
        with io.BufferedReader(unpacked, ahead) as stream:
            yield OpenDump(called, cast("BinaryIO", stream), compression, lambda: unpacked.unpacked_count)


def read_head(dump: OpenDump) -> Head:
    """Look at the first bytes of a dump that was just opened, without consuming them."""
    return Head(dump.name, cast("io.BufferedReader", dump.stream).peek(HEAD_BYTES)[:HEAD_BYTES])


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal. Raises UnreadableDumpError."""
    with _open_file(path) as file, io.BufferedReader(file, _BUFFER_BYTES) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _File(io.FileIO):
    """A file whose read errors say which dump they are about."""

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise _unreadable(shown(os.path.basename(os.fsdecode(self.name))), error) from error  # noqa: PTH119


def _open_file(path: Path) -> _File:
    # O_NONBLOCK: a named pipe would otherwise wait for somebody to write into it
    name = shown(path.name)
    try:
        file = _File(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableDumpError("is not a regular file", where=name, hint="take it out of the landing folder")
    return file


def _unreadable(name: str, error: OSError | ValueError) -> UnreadableDumpError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableDumpError(f"cannot be read: {reason}", where=name, hint="check the path and its permissions")
