"""Pairs from keys: sort the keys, pair up each block, refine the blocks that are too large.

    key | row        one 64-bit integer per key; one sort brings blocks together
    row a | row b    one 64-bit integer per pair; one sort removes pairs found twice

A block larger than the limit says too little alone. Its members are paired where they share a
second large block (the two keys together are a new key, and so on), and what still is too large
is counted, never dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Flags = npt.NDArray[np.bool_]

MAX_BLOCK: Final = 30
"""Variants per block: above it, pairs grow with the square and hardly any is a match."""

MAX_REFINED_BLOCK: Final = 100
"""Variants per block of two keys together: rarer by far, and the last chance of its pairs."""

_LOW: Final = np.uint64(32)
_ROW: Final = np.uint64(2**32 - 1)
_NO_ID: Final = np.uint64(2**64 - 1)
_AT_ONCE: Final = 1 << 16
"""Ids or pairs that are worked on in one go, within the processor's cache."""


@dataclass(frozen=True)
class Candidates:
    """Pairs to compare (`variant_a` < `variant_b`, UInt64), and how many pairs of blocks were left out."""

    pairs: pl.DataFrame
    not_compared: int


@dataclass(frozen=True)
class _Blocks:
    """Members of blocks one after the other: `rows` of block i begin at `starts[i]`, `sizes[i]` of them."""

    rows: Hashes
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]


def _distinct(values: Hashes) -> Hashes:
    """Keep each of some sorted values once."""
    distinct: Hashes = values[np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]]
    return distinct


class Places:
    """Finds where ids stand in a sorted array of distinct ids.

    Ids are hashes and so spread evenly: their first bits tell nearly where they stand, and a few steps
    from there cost a tenth of a binary search among a million.
    """

    def __init__(self, ids: Hashes) -> None:
        bits = max(len(ids).bit_length(), 1)
        self._ids = np.append(ids, _NO_ID)
        self._shift = np.uint64(64 - bits)
        self._firsts = np.searchsorted(ids, np.arange(1 << bits, dtype=np.uint64) << self._shift)

    def of(self, wanted: Hashes) -> npt.NDArray[np.int64]:
        """Find the place of each wanted id, or, where it is not there, of the next greater one."""
        places = np.empty(len(wanted), dtype=np.int64)
        for begin in range(0, len(wanted), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            places[part] = self._of(wanted[part])
        return places

    def hold(self, wanted: Hashes) -> Flags:
        """Tell which of the wanted ids are there."""
        return np.asarray(self._ids[self.of(wanted)] == wanted)

    def _of(self, wanted: Hashes) -> npt.NDArray[np.int64]:
        places: npt.NDArray[np.int64] = self._firsts[(wanted >> self._shift).view(np.int64)]
        behind = np.flatnonzero(self._ids[places] < wanted)
        while len(behind):
            places[behind] += 1
            behind = behind[self._ids[places[behind]] < wanted[behind]]
        return places


def _grouped(keys: Hashes, rows: Hashes, row_count: int) -> _Blocks:
    bits = np.uint64(max(row_count - 1, 1).bit_length())
    packed = keys >> bits
    packed <<= bits
    packed |= rows
    packed.sort()
    # Most keys are those of one variant alone.
    block = packed >> bits
    again = np.concatenate([[False], block[1:] == block[:-1], [False]])
    packed = _distinct(packed[again[1:] | again[: len(block)]])
    block = packed >> bits
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]])[: len(block)])
    sizes = np.diff(np.concatenate([starts, [len(block)]]))
    packed &= (np.uint64(1) << bits) - np.uint64(1)
    return _Blocks(packed, starts, sizes)


def _pairs(blocks: _Blocks, chosen: Flags, is_fresh: Flags) -> Hashes:
    """Pair up the members of the chosen blocks and keep pairs with a fresh side, in no order, some of them repeatedly."""
    picked, sizes = blocks.starts[chosen], blocks.sizes[chosen]
    found, count, all_fresh = np.empty(_pair_count(sizes), dtype=np.uint64), 0, bool(is_fresh.all())
    for size in np.flatnonzero(np.bincount(sizes)).tolist():
        starts = picked[sizes == size]
        left, right = np.triu_indices(size, 1)
        step = max(1, _AT_ONCE // len(left))
        for begin in range(0, len(starts), step):
            members = blocks.rows[starts[begin : begin + step] + np.arange(size)[:, None]]
            pairs = ((members << _LOW)[left] | members[right]).ravel()
            if not all_fresh:
                fresh = is_fresh[members]
                pairs = pairs[(fresh[left] | fresh[right]).ravel()]
            found[count : count + len(pairs)] = pairs
            count += len(pairs)
    return found[:count]


def _each_once(pairs: Hashes) -> Hashes:
    """Sort pairs in place and keep each once; numpy's own unique hashes, which is many times slower on packed rows."""
    pairs.sort()
    return _distinct(pairs)


def _mixed(numbers: Hashes) -> Hashes:
    """Spread numbers over all 64 bits (the finish of splitmix64, Steele et al. 2014): `_grouped` looks at the first ones."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _refined(keys: Hashes, rows: Hashes, row_count: int) -> tuple[Hashes, Hashes]:
    """Give the keys of every two large blocks that a row is in, with the row."""
    order = np.lexsort((keys, rows))
    keys, rows = keys[order], rows[order]
    starts = np.searchsorted(rows, np.arange(row_count, dtype=np.uint64))
    place = np.arange(len(rows)) - starts[rows.astype(np.int64)]
    pairs_of_keys: list[tuple[Hashes, Hashes]] = []
    for gap in range(1, int(place.max(initial=0)) + 1):
        same = np.flatnonzero(rows[gap:] == rows[:-gap])
        pairs_of_keys.append((_mixed((keys[same] << _LOW) | keys[same + gap]), rows[same]))
    if not pairs_of_keys:
        return keys[:0], rows[:0]
    return np.concatenate([k for k, _ in pairs_of_keys]), np.concatenate([r for _, r in pairs_of_keys])


def _pair_count(sizes: npt.NDArray[np.int64]) -> int:
    return int(np.sum(sizes * (sizes - 1) // 2))


def _rows_of(blocks: _Blocks, chosen: Flags) -> tuple[Hashes, Hashes]:
    sizes = blocks.sizes[chosen]
    block = np.repeat(np.flatnonzero(chosen), sizes)
    within = np.arange(len(block)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return block.astype(np.uint64), blocks.rows[blocks.starts[block] + within]


def _rows(variants: Hashes, fresh: Hashes) -> tuple[Hashes, Hashes]:
    """Give the sorted ids of `variants` and of the fresh ones, and the row of each of `variants` among them."""
    ids, rows = fresh, Places(fresh).of(variants)
    others = variants[np.append(ids, _NO_ID)[rows] != variants]
    if len(others):
        ids = _each_once(np.concatenate([fresh, _each_once(others)]))
        rows = Places(ids).of(variants)
    return ids, rows.view(np.uint64)


def _named(ids: Hashes, pairs: Hashes) -> pl.DataFrame:
    """Give the ids of packed pairs of rows: variant_a, variant_b."""
    sides = {"variant_a": np.empty_like(pairs), "variant_b": np.empty_like(pairs)}
    for begin in range(0, len(pairs), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        for side, rows in zip(sides.values(), (pairs[part] >> _LOW, pairs[part] & _ROW), strict=True):
            np.take(ids, rows.view(np.int64), out=side[part], mode="clip")  # "raise" would copy what it gives
    return pl.DataFrame(sides)


def candidate_pairs(keys: pl.DataFrame, fresh: pl.Series) -> Candidates:
    """Pair variants that share a key, at least one of them in `fresh` (variant ids).

    `keys` has `key` and `variant_id`; `not_compared` counts the pairs of blocks that stayed too large.
    """
    fresh_ids = fresh.unique().sort().to_numpy()
    ids, rows = _rows(keys["variant_id"].to_numpy(), fresh_ids)
    is_fresh = np.isin(ids, fresh_ids, assume_unique=True) if len(ids) > len(fresh_ids) else np.ones(len(ids), np.bool_)
    blocks = _grouped(keys["key"].to_numpy(), rows, len(ids))
    del rows
    large = blocks.sizes > MAX_BLOCK
    pairs, left_out = _pairs(blocks, (blocks.sizes > 1) & ~large, is_fresh), 0
    if large.any():
        refined = _grouped(*_refined(*_rows_of(blocks, large), len(ids)), len(ids))
        too_large = refined.sizes > MAX_REFINED_BLOCK
        more = _each_once(_pairs(refined, (refined.sizes > 1) & ~too_large, is_fresh))
        pairs = np.concatenate([pairs, more])
        left_out = max(0, _pair_count(blocks.sizes[large]) - len(more))
    return Candidates(_named(ids, _each_once(pairs)), left_out)
