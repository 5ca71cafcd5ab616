"""Screen: a few numbers per variant that rule out most candidate pairs.

Two titles that share few of their pairs of letters, as bits, share few of their letters, and counting
shared bits costs some nanoseconds where comparing the titles costs a microsecond. Names of
authors are bits too: no bit in common, no name in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import polars_hash as plh

from transforms.dedupe.letters import title_bits
from transforms.dedupe.pairing import Places
from transforms.dedupe.parts import Each, in_turn, parts_of
from transforms.dedupe.rarity import words_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Bits = npt.NDArray[np.uint64]
    Flags = npt.NDArray[np.bool_]
    Rows = npt.NDArray[np.int64]

_SHARED_BITS: Final = 0.68
"""Share of the bits of the shorter title that the longer one must have: no match on the labelled sets has less than
0.7 of them."""

_NEARLY_ALL_BITS: Final = 0.8
"""Share of the bits of the longer title that nearly equal titles have in common; a word written apart costs three."""

_IDENTIFIERS: Final = ("doi", "arxiv_id", "pmid")
_PLACE: Final = ("volume", "first_page")
"""What two records can have in common so that their titles need not be alike; one place is not enough for strangers."""

_PART: Final = 1 << 16
"""Variants that are looked at in one go."""


SCREEN_WIDTH: Final = 12
"""Integers that say all that screens a variant: its titles' bits, its names', its place in print, its identifiers."""


@dataclass(frozen=True)
class Screen:
    """The numbers of the variants, in the order of their ids.

    `titles` and `names` are 256 bits per row, `counts` how many of its bits a title has, `identifiers`
    one hash per row for each of the kinds there are, `print_places` another; 0 where missing.
    """

    ids: npt.NDArray[np.uint64]
    titles: Bits
    counts: npt.NDArray[np.uint16]
    names: Bits
    identifiers: tuple[npt.NDArray[np.uint64], ...]
    print_places: npt.NDArray[np.uint64]

    def places(self, pairs: pl.DataFrame) -> tuple[Rows, Rows]:
        """Find the rows of both sides of pairs (variant_a, variant_b), all of which are there."""
        return self._places.of(pairs["variant_a"].to_numpy()), self._places.of(pairs["variant_b"].to_numpy())

    def share_identifier(self, a: Rows, b: Rows) -> Flags:
        """Whether each pair has an identifier in common, or the place in print and perhaps an author."""
        found = _equal(self.print_places, a, b)
        asked = np.flatnonzero(found)
        found[asked] = ~self._no_name_in_common(a[asked], b[asked])
        for hashes in self.identifiers:
            found |= _equal(hashes, a, b)
        return found

    def share_letters(self, a: Rows, b: Rows) -> Flags:
        """Whether the titles of each pair have enough letters in common to be compared at all.

        More of them where no author is the same: `filters.are_strangers`, seen from afar.
        """
        shared = bit_counts(self.titles.take(a, axis=0) & self.titles.take(b, axis=0))
        left, right = self.counts[a], self.counts[b]
        alike: Flags = shared >= np.float32(_SHARED_BITS) * np.minimum(left, right)
        asked = np.flatnonzero(alike & (shared < np.float32(_NEARLY_ALL_BITS) * np.maximum(left, right)))
        alike[asked] = ~self._no_name_in_common(a[asked], b[asked])
        return alike

    def may_match(self, pairs: pl.DataFrame) -> Flags:
        """Whether each pair (variant_a, variant_b) has to be looked at: the others are no match."""
        a, b = self.places(pairs)
        return self.share_identifier(a, b) | self.share_letters(a, b)

    @cached_property
    def _places(self) -> Places:
        return Places(self.ids)

    def _no_name_in_common(self, a: Rows, b: Rows) -> Flags:
        """Whether both sides have names and their bits show that none is the same."""
        left, right = self.names.take(a, axis=0), self.names.take(b, axis=0)
        disjoint: Flags = np.asarray(left.any(1) & right.any(1) & ~(left & right).any(1))
        return disjoint


def bit_counts(bits: Bits) -> npt.NDArray[np.uint16]:
    """Count the bits of each row of four integers."""
    # Four counts of a byte each are one integer; to sum them along an axis takes five times as long.
    four = np.bitwise_count(bits).view(np.uint32).ravel()
    two = (four & np.uint32(0x00FF00FF)) + ((four >> np.uint32(8)) & np.uint32(0x00FF00FF))
    counts: npt.NDArray[np.uint16] = ((two + (two >> np.uint32(16))) & np.uint32(0xFFFF)).astype(np.uint16)
    return counts


def _equal(hashes: npt.NDArray[np.uint64], a: Rows, b: Rows) -> Flags:
    left = hashes[a]
    equal: Flags = (left == hashes[b]) & (left != 0)
    return equal


def _name_bits(names: pl.Series) -> Bits:
    words = words_of(names)
    flags = np.zeros((len(names), 256), dtype=np.bool_)
    flags[words.owners, (words.ids >> np.uint64(32)).astype(np.uint8)] = True
    return np.packbits(flags, axis=1).view(np.uint64)


def _hashes(variants: pl.DataFrame, *names: str) -> npt.NDArray[np.uint64]:
    text = pl.concat_str([pl.col(name).replace("", None) for name in names], separator="\x1f")
    return variants.select(text.alias("key")).select(plh.col("key").nchash.xxh3_64().fill_null(0))["key"].to_numpy()


def _part(variants: pl.DataFrame) -> tuple[npt.NDArray[np.uint64], ...]:
    identifiers = (_hashes(variants, name) for name in _IDENTIFIERS)
    places = _hashes(variants, *_PLACE)
    return (title_bits(variants["title_words"]), _name_bits(variants["author_names"]), places, *identifiers)


def screen_of(variants: pl.DataFrame, each: Each = in_turn) -> Screen:
    """Work out the screen of variants of `compared`, which are sorted by their ids."""
    return screen_again(variants["variant_id"].to_numpy(), screen_numbers(variants, each))


def screen_numbers(variants: pl.DataFrame, each: Each = in_turn) -> Bits:
    """Work out what screens variants of `compared`, as SCREEN_WIDTH integers a row, to be kept."""
    return np.concatenate([np.column_stack(columns) for columns in each(_part, parts_of(variants, _PART))])


def screen_again(ids: npt.NDArray[np.uint64], numbers: Bits) -> Screen:
    """Make the screen of variants, sorted by their ids, from what was kept of them."""
    titles, names = np.ascontiguousarray(numbers[:, :4]), np.ascontiguousarray(numbers[:, 4:8])
    places, *identifiers = np.ascontiguousarray(numbers[:, 8:].T)
    # Few dumps have all identifiers, and to look up nothing for millions of pairs costs as much.
    kept = tuple(hashes for hashes in identifiers if hashes.any())
    return Screen(ids, titles, bit_counts(titles), names, kept, places)
