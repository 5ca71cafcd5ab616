"""Unpack gz, zst, bz2 and xz, member after member, without trusting what is in them."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import zstandard

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FEED_BYTES: Final = 128 * 1024
"""Compressed bytes that are fetched at once."""

_ZSTD_FEED_BYTES: Final = 2048
"""Compressed bytes given to zstd at once, as it cannot be told where to stop: at most 64 MB come out of them."""


@dataclass(frozen=True)
class Limits:
    """What unpacking a dump may cost.

    Text of records packs 3 to 12 times, the most repetitive real dump known about 30 times; gzip
    cannot pass 1,032. A dump may unpack to `max_ratio` times its size, and to `free_bytes` in any
    case: that much harms nobody. `max_memory` is what an xz dictionary may take (`xz -9` needs 65 MB).
    """

    max_ratio: int = 200
    free_bytes: int = 32 * 1024 * 1024
    max_memory: int = 256 * 1024 * 1024


DEFAULT_LIMITS: Final = Limits()


class _Unpacker(Protocol):
    """One member of compressed data, as the standard library's bz2 and lzma objects do it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's object in the manner of bz2's."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._is_full = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and not self._is_full

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        unpacked = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self._is_full = len(unpacked) == max_length  # zlib may hold back more without holding back input
        return unpacked


class _Zstandard:
    """zstandard's object in the manner of bz2's, except that `max_length` is not kept."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor().decompressobj()
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return self._zstd.eof

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def unused_data(self) -> bytes:
        return self._zstd.unused_data + self._waiting

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002  # zstd cannot
        data = self._waiting + data
        data, self._waiting = data[:_ZSTD_FEED_BYTES], data[_ZSTD_FEED_BYTES:]
        return self._zstd.decompress(data)


def _new_unpacker(compression: str, limits: Limits) -> _Unpacker:
    match compression:
        case "gz":
            return _Gzip()
        case "zst":
            return _Zstandard()
        case "bz2":
            return bz2.BZ2Decompressor()
        case _:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=limits.max_memory)


_MAGICS: Final = {
    b"\x1f\x8b": "gz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
}
LONGEST_MAGIC: Final = max(map(len, _MAGICS))
_FAULTS: Final = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)
"""What the libraries raise for broken data; bz2 raises OSError."""


_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
"""The end of the sixteen magics of frames that carry no data; pzstd begins with one."""


def compression_of(first: bytes) -> str | None:
    """Name the compression that bytes begin with: gz, zst, bz2 or xz; None where they are plain."""
    if first[1:4] == _ZSTD_SKIPPABLE and first[0] >> 4 == 5:  # noqa: PLR2004  # 0x50 to 0x5f
        return "zst"
    return next((name for magic, name in _MAGICS.items() if first.startswith(magic)), None)


class Unpacked(io.RawIOBase):
    """The bytes of a compressed dump, member after member."""

    def __init__(self, packed: BinaryIO, compression: str, name: str, limits: Limits) -> None:
        self._packed = packed
        self._compression = compression
        self._name = name
        self._limits = limits
        self._unpacker = _new_unpacker(compression, limits)
        self._ready = memoryview(b"")
        self._next_member = b""
        self._packed_count = 0
        self._fault: DumpError | None = None
        self.unpacked_count = 0

    def readable(self) -> bool:
        """Say yes, as io asks."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the whole buffer, unless the dump ends; what stands before a fault is given before it is told."""
        target, filled = memoryview(buffer).cast("B"), 0
        while filled < len(target):
            if not self._ready and not self._unpack_or_wait(len(target) - filled, is_first=filled == 0):
                break
            part = self._ready[: len(target) - filled]
            target[filled : filled + len(part)] = part
            self._ready = self._ready[len(part) :]
            filled += len(part)
        return filled

    def _unpack_or_wait(self, length: int, *, is_first: bool) -> bool:
        """Unpack further; a fault is raised by the first step of a call, and kept until then."""
        if self._fault is None:
            try:
                return self._unpack(length)
            except DumpError as error:
                self._fault = error
        if is_first:
            raise self._fault
        return False

    def _unpack(self, length: int) -> bool:
        """Make some bytes ready; False at the end of the dump."""
        data = b""
        while not data:
            if self._unpacker.eof and not self._open_member():
                return False
            data = self._decompress(self._feed() if self._unpacker.needs_input else b"", length)
        self.unpacked_count += len(data)
        self._check_ratio()
        self._ready = memoryview(data)
        return True

    def _feed(self) -> bytes:
        chunk, self._next_member = self._next_member or self._read(), b""
        if not chunk:
            raise DamagedDumpError(
                f"ends early: the {self._compression} data breaks off after byte {self._packed_count:,}",
                where=self._name,
                hint="copy or capture the whole file again",
            )
        return chunk

    def _read(self) -> bytes:
        chunk = self._packed.read(_FEED_BYTES)
        self._packed_count += len(chunk)
        return chunk

    def _decompress(self, chunk: bytes, length: int) -> bytes:
        try:
            return self._unpacker.decompress(chunk, length)
        except lzma.LZMAError as error:
            if "Memory usage limit" in str(error):
                raise self._hostile(f"asks for more than {self._limits.max_memory:,} bytes of memory") from error
            raise self._damaged(error) from error
        except _FAULTS as error:
            raise self._damaged(error) from error

    def _open_member(self) -> bool:
        """Begin the next member; False where nothing but padding follows the last one."""
        rest = self._unpacker.unused_data
        while not (rest := rest.lstrip(b"\0")):
            rest = self._read()
            if not rest:
                return False
        if len(rest) < LONGEST_MAGIC:
            rest += self._read()
        if compression_of(rest) != self._compression:
            raise DamagedDumpError(
                f"goes on with something else after the {self._compression} data, near byte {self._packed_count:,}",
                where=self._name,
                hint="copy or capture the whole file again",
            )
        self._unpacker = _new_unpacker(self._compression, self._limits)
        self._next_member = rest
        return True

    def _check_ratio(self) -> None:
        limits = self._limits
        if self.unpacked_count > max(limits.free_bytes, limits.max_ratio * self._packed_count):
            raise self._hostile(f"unpacks to more than {limits.max_ratio} times its size")

    def _hostile(self, what: str) -> HostileDumpError:
        return HostileDumpError(what, where=self._name, hint="if the dump is genuine, unpack it first")

    def _damaged(self, error: Exception) -> DamagedDumpError:
        return DamagedDumpError(
            f"holds damaged {self._compression} data near byte {self._packed_count:,}: {error}",
            where=self._name,
            hint="copy or capture the whole file again",
        )
