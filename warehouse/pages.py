"""A file of sorted entries that is asked for some keys without being read whole.

    head | first key of each page | checksum of each page | pages of 4 KiB, each full of entries

An entry is a few integers of 64 bits, the first of which is its key; keys are hashes, so that their
first bits are enough to sort them by, and the
pages that hold the wanted ones lie anywhere and each is read by itself. Nothing is believed that its
checksum (CRC-32) does not confirm.
"""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Numbers = npt.NDArray[np.uint64]
    Places = npt.NDArray[np.int64]

PAGE_BYTES: Final = 4096
_WORDS: Final = PAGE_BYTES // 8
_HEAD: Final = struct.Struct("<8s16sQQI")
"""Mark of the format, what the file is made for, entries, integers of an entry, checksum of all before the pages."""

_MARK: Final = b"PLPAGES1"
_PAGES_AT_ONCE: Final = 1 << 11
_NEAR: Final = 2
"""How far apart two pages are so that the one between them is read too: to ask twice takes longer."""


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
    sums: list[int] = []
    pages = np.zeros((min(count, _PAGES_AT_ONCE), _WORDS), dtype=np.uint64)
    with file.open("wb") as out:
        out.seek(_first_page(count))
        for start in range(0, len(keys), _PAGES_AT_ONCE * per_page):
            some = _filled(pages, keys, values, order[start : start + _PAGES_AT_ONCE * per_page])
            sums += map(zlib.crc32, some)
            out.write(some.data)
        leading = _leading(keys[order[::per_page]], len(keys))
        body = leading.tobytes() + np.array(sums, dtype=np.uint32).tobytes()
        out.seek(0)
        out.write(_HEAD.pack(_MARK, made_for, len(keys), width, _head_sum(made_for, len(keys), width, body)))
        out.write(body)
        out.truncate(_first_page(count) + count * PAGE_BYTES)
        out.flush()
        os.fsync(out.fileno())


def _order(keys: Numbers) -> Places:
    """Order keys by what `_leading` keeps of them: with their places in the bits behind, one sort of integers does it."""
    places = _leading(keys, len(keys))
    places |= np.arange(len(keys), dtype=np.uint64)
    places.sort()
    places &= np.uint64((1 << _place_bits(len(keys))) - 1)
    return places.view(np.int64)


def _leading(keys: Numbers, entries: int) -> Numbers:
    bits = np.uint64(_place_bits(entries))
    leading: Numbers = keys >> bits
    leading <<= bits
    return leading


def _place_bits(entries: int) -> int:
    return max(entries - 1, 1).bit_length()


def _first_page(count: int) -> int:
    return -(-(_HEAD.size + 12 * count) // PAGE_BYTES) * PAGE_BYTES


def _head_sum(made_for: bytes, entries: int, width: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_HEAD.pack(_MARK, made_for, entries, width, 0)))


def _filled(pages: Numbers, keys: Numbers, values: Numbers, chosen: Places) -> Numbers:
    """Fill `pages` with the chosen entries, the last one with zeros behind them; give those that are filled."""
    width = 1 + values.shape[1]
    per_page = _WORDS // width
    whole, rest = divmod(len(chosen), per_page)
    pages[whole : whole + 1] = 0
    some = chosen[: whole * per_page]
    for into in (pages[:whole, : per_page * width], pages[whole : whole + bool(rest), : rest * width]):
        entries = into.reshape(len(into), into.shape[1] // width, width)  # a view
        entries[:, :, 0] = keys[some].reshape(entries.shape[:2])
        entries[:, :, 1:] = values[some].reshape(*entries.shape[:2], width - 1)
        some = chosen[whole * per_page :]
    return pages[: whole + bool(rest)]


class Pages:
    """A file that `write_pages` wrote, open for questions. Raises UnusableError where it is not that, or is damaged."""

    def __init__(self, file: Path, made_for: bytes) -> None:
        try:
            self._file = os.open(file, os.O_RDONLY)
        except OSError as error:
            raise UnusableError(str(error)) from error
        try:
            self._read_head(made_for)
        except UnusableError:
            os.close(self._file)
            raise
        except (OSError, struct.error, ValueError) as error:
            os.close(self._file)
            raise UnusableError(str(error)) from error

    def _read_head(self, made_for: bytes) -> None:
        mark, was_made_for, self.entries, self.width, summed = _HEAD.unpack(os.pread(self._file, _HEAD.size, 0))
        if mark != _MARK or was_made_for != made_for:
            raise OtherMakeError("made for something else")
        if not 0 < self.width <= _WORDS:
            raise ValueError("damaged before the pages")
        self._per_page = _WORDS // self.width
        self.count = -(-self.entries // self._per_page)
        if os.fstat(self._file).st_size != _first_page(self.count) + self.count * PAGE_BYTES:
            raise ValueError("cut")
        body = os.pread(self._file, 12 * self.count, _HEAD.size)
        if summed != _head_sum(made_for, self.entries, self.width, body):
            raise ValueError("damaged before the pages")
        self._first_keys = np.frombuffer(body, np.uint64, self.count)
        self._sums = np.frombuffer(body, np.uint32, self.count, 8 * self.count)
        self._memory = np.empty((min(self.count, _PAGES_AT_ONCE), _WORDS), dtype=np.uint64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def find(self, wanted: Numbers) -> Numbers:
        """Find all entries whose key is among `wanted` (sorted, distinct): one row each."""
        pages = self._pages_of(wanted)
        pages = np.union1d(pages, pages[:-1][np.diff(pages) == _NEAR] + 1)
        for start, end in _runs(pages):  # have the system read them all at once, before the first is waited for
            size = (end - start) * PAGE_BYTES
            os.posix_fadvise(self._file, self._place_of(pages[start]), size, os.POSIX_FADV_WILLNEED)
        found = [
            self._among(pages[start : start + _PAGES_AT_ONCE], wanted) for start in range(0, len(pages), _PAGES_AT_ONCE)
        ]
        return np.concatenate(found) if found else np.empty((0, self.width), dtype=np.uint64)

    def check(self) -> None:
        """Read every page; raise UnusableError where one is damaged."""
        for start in range(0, self.count, _PAGES_AT_ONCE):
            self._read(np.arange(start, min(start + _PAGES_AT_ONCE, self.count)))

    def _pages_of(self, wanted: Numbers) -> Places:
        """List the numbers of the pages that may hold one of the keys; entries of one key may fill several."""
        wanted = _leading(wanted, self.entries)
        first = np.maximum(np.searchsorted(self._first_keys, wanted, "left") - 1, 0)
        return np.unique(_spread(first, np.searchsorted(self._first_keys, wanted, "right"))[0])

    def _among(self, numbers: Places, wanted: Numbers) -> Numbers:
        entries = self._read(numbers)[:, : self._per_page * self.width].reshape(-1, self.width)
        if numbers[-1] == self.count - 1:
            entries = entries[: len(entries) - (self.count * self._per_page - self.entries)]
        sorted_by, asked = _leading(entries[:, 0], self.entries), _leading(wanted, self.entries)
        within = slice(np.searchsorted(asked, sorted_by[0], "left"), np.searchsorted(asked, sorted_by[-1], "right"))
        first, beyond = (np.searchsorted(sorted_by, asked[within], side) for side in ("left", "right"))
        places, keys = _spread(first, beyond)
        found: Numbers = entries[places][entries[places, 0] == wanted[within][keys]]
        return found

    def _read(self, numbers: Places) -> Numbers:
        """Read pages into the memory of those that were read before."""
        pages = self._memory[: len(numbers)]
        try:
            for start, end in _runs(numbers):
                os.preadv(self._file, [pages[start:end].data], self._place_of(numbers[start]))
        except OSError as error:
            raise UnusableError(str(error)) from error
        if list(map(zlib.crc32, pages)) != self._sums[numbers].tolist():
            raise UnusableError("a page is damaged")
        return pages

    def _place_of(self, number: int) -> int:
        return _first_page(self.count) + int(number) * PAGE_BYTES


def _spread(first: Places, beyond: Places) -> tuple[Places, Places]:
    """List the numbers of ranges, one after the other, and to which range each belongs."""
    sizes = np.maximum(beyond - first, 0)
    ranges = np.repeat(np.arange(len(sizes)), sizes)
    return np.arange(len(ranges)) + (first + sizes - np.cumsum(sizes))[ranges], ranges


def _runs(numbers: Places) -> list[tuple[int, int]]:
    """Part sorted numbers where one is left out: the places in `numbers` between which each run lies."""
    cuts = np.flatnonzero(np.diff(numbers) != 1) + 1
    return list(itertools.pairwise([0, *cuts.tolist(), len(numbers)])) if len(numbers) else []
