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
        self._ids = ids
        self._shift = np.uint64(64 - bits)
        self._firsts = np.searchsorted(ids, np.arange(1 << bits, dtype=np.uint64) << self._shift)

    def of(self, wanted: Hashes) -> npt.NDArray[np.int64]:
        """Find the place of each wanted id, all of which are there."""
        places: npt.NDArray[np.int64] = self._firsts[(wanted >> self._shift).astype(np.int64)]
        behind = np.flatnonzero(self._ids[places] != wanted)
        while len(behind):
            places[behind] += 1
            behind = behind[self._ids[places[behind]] != wanted[behind]]
        return places


def _grouped(keys: Hashes, rows: Hashes, row_count: int) -> _Blocks:
    bits = np.uint64(max(row_count - 1, 1).bit_length())
    packed = np.sort(((keys >> bits) << bits) | rows)
    block = packed >> bits
    # Most keys are those of one variant alone.
    again = np.concatenate([[False], block[1:] == block[:-1], [False]])
    packed = _distinct(packed[again[1:] | again[: len(block)]])
    block = packed >> bits
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]])[: len(block)])
    sizes = np.diff(np.concatenate([starts, [len(block)]]))
    return _Blocks(packed & ((np.uint64(1) << bits) - np.uint64(1)), starts, sizes)


def _pairs(blocks: _Blocks, chosen: Flags, is_fresh: Flags) -> Hashes:
    """Pair up the members of the chosen blocks, keep pairs with a fresh side, each once."""
    found = []
    picked, sizes = blocks.starts[chosen], blocks.sizes[chosen]
    for size in np.flatnonzero(np.bincount(sizes)).tolist():
        starts = picked[sizes == size]
        members = blocks.rows[starts[:, None] + np.arange(size)]
        members = members[is_fresh[members].any(1)]
        left, right = np.triu_indices(size, 1)
        step = max(1, (1 << 23) // len(left))
        for begin in range(0, len(members), step):
            part = members[begin : begin + step]
            a, b = part[:, left].ravel(), part[:, right].ravel()
            wanted = is_fresh[a] | is_fresh[b]
            found.append((a[wanted] << _LOW) | b[wanted])
    # numpy's own unique hashes, which is many times slower on packed rows.
    return _distinct(np.sort(np.concatenate(found))) if found else np.empty(0, dtype=np.uint64)


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


def candidate_pairs(keys: pl.DataFrame, fresh: pl.Series) -> Candidates:
    """Pair variants that share a key, at least one of them in `fresh` (variant ids).

    `keys` has `key` and `variant_id`; `not_compared` counts the pairs of blocks that stayed too large.
    """
    variants = keys["variant_id"].unique().sort()
    ids, is_fresh = variants.to_numpy(), variants.is_in(fresh.implode()).to_numpy()
    rows = np.searchsorted(ids, keys["variant_id"].to_numpy()).astype(np.uint64)  # of neighbours, and so quick
    blocks = _grouped(keys["key"].to_numpy(), rows, len(ids))
    large = blocks.sizes > MAX_BLOCK
    pairs = _pairs(blocks, (blocks.sizes > 1) & ~large, is_fresh)
    left_out = 0
    if large.any():
        refined = _grouped(*_refined(*_rows_of(blocks, large), len(ids)), len(ids))
        too_large = refined.sizes > MAX_REFINED_BLOCK
        more = _pairs(refined, (refined.sizes > 1) & ~too_large, is_fresh)
        pairs = _distinct(np.sort(np.concatenate([pairs, more])))
        left_out = max(0, _pair_count(blocks.sizes[large]) - len(more))
    a, b = (pairs >> _LOW).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)
    return Candidates(pl.DataFrame({"variant_a": ids[a], "variant_b": ids[b]}), left_out)
