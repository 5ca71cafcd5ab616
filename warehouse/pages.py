"""A file of sorted entries that is asked for some keys without being read whole.

    head | first key of each page | checksum of each page | pages of 4 KiB, each full of entries

An entry is a few integers of 64 bits, the first of which is its key; keys are hashes, so that their
first bits are enough to sort them by, and the
pages that hold the wanted ones lie anywhere and each is read by itself. Nothing is believed that its
checksum (CRC-32) does not confirm.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Numbers = npt.NDArray[np.uint64]

PAGE_BYTES: Final = 4096
_WORDS: Final = PAGE_BYTES // 8
_HEAD: Final = struct.Struct("<8s16sQQI")
"""Mark of the format, what the file is made for, entries, integers of an entry, checksum of all before the pages."""

_MARK: Final = b"PLPAGES1"
_PAGES_AT_ONCE: Final = 1 << 13


class UnusableError(Exception):
    """A derived file is damaged, cut, or made for something else: it is as good as none."""


class OtherMakeError(UnusableError):
    """A derived file is made for another file, or by another version."""


def write_pages(file: Path, made_for: bytes, keys: Numbers, values: Numbers) -> None:
    """Write entries (`keys`, and a row of `values` each), sorted by key, and flush them; `made_for` has 16 bytes."""
    order = _order(keys)
    width = 1 + values.shape[1]
    per_page = _WORDS // width
    count = -(-len(keys) // per_page)
    sums = np.zeros(count, dtype=np.uint32)
    with file.open("wb") as out:
        out.seek(_first_page(count))
        for start in range(0, count, _PAGES_AT_ONCE):
            pages = _paged(keys, values, order[start * per_page : (start + _PAGES_AT_ONCE) * per_page], per_page)
            sums[start : start + len(pages)] = [zlib.crc32(page) for page in pages]
            out.write(pages.data)
        body = _leading(keys[order[::per_page]], len(keys)).tobytes() + sums.tobytes()
        out.seek(0)
        out.write(_HEAD.pack(_MARK, made_for, len(keys), width, _head_sum(made_for, len(keys), width, body)))
        out.write(body)
        out.truncate(_first_page(count) + count * PAGE_BYTES)
        out.flush()
        os.fsync(out.fileno())


def _order(keys: Numbers) -> npt.NDArray[np.int64]:
    """Order keys by what `_leading` keeps of them: with their places in the bits behind, one sort of integers does it."""
    places = np.sort(_leading(keys, len(keys)) | np.arange(len(keys), dtype=np.uint64))
    return (places & np.uint64((1 << _place_bits(len(keys))) - 1)).astype(np.int64)


def _leading(keys: Numbers, entries: int) -> Numbers:
    bits = np.uint64(_place_bits(entries))
    leading: Numbers = (keys >> bits) << bits
    return leading


def _place_bits(entries: int) -> int:
    return max(entries - 1, 1).bit_length()


def _first_page(count: int) -> int:
    return -(-(_HEAD.size + 12 * count) // PAGE_BYTES) * PAGE_BYTES


def _head_sum(made_for: bytes, entries: int, width: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_HEAD.pack(_MARK, made_for, entries, width, 0)))


def _paged(keys: Numbers, values: Numbers, chosen: npt.NDArray[np.int64], per_page: int) -> Numbers:
    width = 1 + values.shape[1]
    pages = np.zeros((-(-len(chosen) // per_page), _WORDS), dtype=np.uint64)
    entries = np.zeros((len(pages) * per_page, width), dtype=np.uint64)
    entries[: len(chosen), 0] = keys[chosen]
    entries[: len(chosen), 1:] = values[chosen]
    pages[:, : per_page * width] = entries.reshape(len(pages), -1)
    return pages


class Pages:
    """A file that `write_pages` wrote, open for questions. Raises UnusableError where it is not that, or is damaged."""

    def __init__(self, file: Path, made_for: bytes) -> None:
        try:
            with file.open("rb") as stream:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise UnusableError(str(error)) from error
        try:
            self._read_head(made_for)
        except UnusableError:
            self._map.close()
            raise
        except (struct.error, ValueError) as error:
            self._map.close()
            raise UnusableError(str(error)) from error

    def _read_head(self, made_for: bytes) -> None:
        mark, was_made_for, self.entries, self.width, summed = _HEAD.unpack_from(self._map)
        if mark != _MARK or was_made_for != made_for:
            raise OtherMakeError("made for something else")
        if not 0 < self.width <= _WORDS:
            raise ValueError("damaged before the pages")
        self._per_page = _WORDS // self.width
        self.count = -(-self.entries // self._per_page)
        body = self._map[_HEAD.size : _HEAD.size + 12 * self.count]
        if summed != _head_sum(made_for, self.entries, self.width, body):
            raise ValueError("damaged before the pages")
        if len(self._map) != _first_page(self.count) + self.count * PAGE_BYTES:
            raise ValueError("cut")
        self._first_keys = np.frombuffer(body, np.uint64, self.count)
        self._sums = np.frombuffer(body, np.uint32, self.count, 8 * self.count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._map.close()

    def find(self, wanted: Numbers) -> Numbers:
        """Find all entries whose key is among `wanted` (sorted, distinct): one row each, in the order of the file."""
        pages = self._pages_of(wanted)
        for page in pages.tolist():  # have the system read them all at once, before the first is waited for
            self._map.madvise(mmap.MADV_WILLNEED, _first_page(self.count) + page * PAGE_BYTES, PAGE_BYTES)
        found = [
            self._among(pages[start : start + _PAGES_AT_ONCE], wanted) for start in range(0, len(pages), _PAGES_AT_ONCE)
        ]
        return np.concatenate(found) if found else np.empty((0, self.width), dtype=np.uint64)

    def check(self) -> None:
        """Read every page; raise UnusableError where one is damaged."""
        for start in range(0, self.count, _PAGES_AT_ONCE):
            self._read(np.arange(start, min(start + _PAGES_AT_ONCE, self.count)))

    def _pages_of(self, wanted: Numbers) -> npt.NDArray[np.int64]:
        """List the numbers of the pages that may hold one of the keys; entries of one key may fill several."""
        wanted = _leading(wanted, self.entries)
        first = np.maximum(np.searchsorted(self._first_keys, wanted, "left") - 1, 0)
        beyond = np.searchsorted(self._first_keys, wanted, "right")
        sizes = np.maximum(beyond - first, 0)
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return np.unique(np.repeat(first, sizes) + within)

    def _among(self, numbers: npt.NDArray[np.int64], wanted: Numbers) -> Numbers:
        entries = self._read(numbers)[:, : self._per_page * self.width].reshape(-1, self.width)
        places = (numbers[:, None] * self._per_page + np.arange(self._per_page)).ravel()
        is_wanted = pl.Series(entries[:, 0]).is_in(pl.Series(wanted).implode()).to_numpy()
        found: Numbers = entries[is_wanted & (places < self.entries)]
        return found

    def _read(self, numbers: npt.NDArray[np.int64]) -> Numbers:
        every = np.frombuffer(self._map, np.uint64, self.count * _WORDS, _first_page(self.count))
        pages = every.reshape(-1, _WORDS)[numbers]
        del every  # nothing may point into the map when it is closed
        if any(zlib.crc32(page) != summed for page, summed in zip(pages, self._sums[numbers].tolist(), strict=True)):
            raise UnusableError("a page is damaged")
        return pages
