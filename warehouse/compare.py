"""Compares the unseen variants of a batch with each other and with what the lake holds under the same keys.

pairs --screen--> --titles?--> pairs --fetch their partners, a bounded number at a time--> --match--> matches
        by what is kept of the partners: the index of the lake, and what the earlier parts of the batch left
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.match import are_promising, match_pairs
from transforms.dedupe.pairing import Places
from transforms.dedupe.parts import in_turn, parts_of
from transforms.dedupe.screen import Screen, screen_again, screen_numbers
from transforms.dedupe.variants import ABSTRACT_CHARS, COMPARED_FIELDS, compared, with_nothing_else
from transforms.dedupe.weights import WEIGHTS
from warehouse import neighbours
from warehouse.earlier import Screened
from warehouse.index_making import kept_screens
from warehouse.regroup import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from transforms.dedupe.parts import Each
    from transforms.dedupe.weights import Level
    from warehouse.neighbours import Stored
    from warehouse.regroup import Batch

    Numbers = npt.NDArray[np.uint64]
    Flags = npt.NDArray[np.bool_]

PAIRS_AT_ONCE: Final = 1 << 22
"""Pairs that are screened in one go: some 500 MB while at work."""


def compare(there: Stored, batch: Batch, level: Level, each: Each) -> Comparison:
    """Match the unseen variants with each other and with what the lake holds under the same keys."""
    variants = compared(_firsts(batch), each)
    keys = blocking_keys(variants, each)
    stored_keys = neighbours.shared_keys(there, keys)
    candidates = candidate_pairs(pl.concat([keys.select(stored_keys.columns), stored_keys]), batch.unseen)
    fresh = Screened(variants, screen_numbers(variants, each))
    match = partial(match_pairs, level=level, least=WEIGHTS.doubt_probability, each=each)
    if stored_keys.is_empty():  # then no pair has a side in the lake, and to look for one takes seconds of a million
        alike, met = _matched_among(fresh, candidates.pairs, match), variants.clear()
    else:
        alike, met = _matched(there, fresh, _worth_reading(there, fresh, candidates.pairs, each), match, each)
    if there.earlier:
        there.earlier.keep(fresh)
    known = pl.concat([variants, met]).sort("variant_id")
    screens = kept_screens(fresh.ids, fresh.numbers)
    return Comparison(known, keys, alike, candidates.pairs.height, candidates.not_compared, screens)


def _firsts(batch: Batch) -> pl.DataFrame:
    """Read the record that stands for each unseen variant, of its abstract as much as is compared."""
    columns = ("record_id", "variant_id", *COMPARED_FIELDS)
    records = batch.records.select(columns).with_columns(pl.col("abstract").str.head(ABSTRACT_CHARS))
    return records.join(batch.first.lazy(), on="record_id", how="semi").collect()


@dataclass(frozen=True)
class _Sided:
    """Pairs of which one side at least is fresh: the other one, and whether that is fresh too."""

    pairs: pl.DataFrame
    others: Numbers
    are_fresh: Flags

    @property
    def partners(self) -> pl.Series:
        """The variants of the lake that are in a pair, each once, sorted."""
        return _each_once(self.others[~self.are_fresh])

    def some(self, chosen: Flags) -> _Sided:
        """Keep some of the pairs."""
        return _Sided(
            self.pairs.filter(pl.Series(chosen, dtype=pl.Boolean)), self.others[chosen], self.are_fresh[chosen]
        )

    def reach(self, ids: Numbers) -> Flags:
        """Tell which pairs have their partner among these variants of the lake, whose ids are sorted."""
        return Places(ids).hold(self.others) & ~self.are_fresh


def _each_once(ids: Numbers) -> pl.Series:
    """Sort ids and keep each once; numpy's own unique takes ten times as long."""
    return pl.Series(ids, dtype=pl.UInt64).unique().sort()


def _sided(pairs: pl.DataFrame, own: Places) -> _Sided:
    a, b = pairs["variant_a"].to_numpy(), pairs["variant_b"].to_numpy()
    is_own = own.hold(a)
    return _Sided(pairs, np.where(is_own, b, a), is_own & own.hold(b))


def _matched(
    there: Stored, fresh: Screened, sided: _Sided, match: Callable[..., pl.DataFrame], each: Each
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Match fresh variants with each other and with those of the lake; give the matches, and those of the lake in one.

    The variants of the lake come a bounded number at a time, however many there are.
    """
    alike = [_matched_among(fresh, sided.some(sided.are_fresh).pairs, match)]
    met = [fresh.variants.clear()]
    for partners in _partners(there, sided.partners, each):
        some = sided.some(sided.reach(partners.ids))
        own = _those_in(some.pairs, fresh)
        variants = pl.concat([own.variants, partners.variants]).sort("variant_id")
        alike.append(match(variants, some.pairs, screen=_screen_of_both(own, partners.ids, partners.numbers)))
        met.append(_those_in(alike[-1], partners).variants)
    smallest = pl.concat(met).sort("variant_id", "record_id").unique("variant_id", keep="first")
    return pl.concat(alike).unique(["variant_a", "variant_b"], maintain_order=True), smallest


def _matched_among(fresh: Screened, pairs: pl.DataFrame, match: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    return match(fresh.variants, pairs, screen=screen_again(fresh.ids, fresh.numbers))


def _partners(there: Stored, wanted: pl.Series, each: Each) -> Iterator[Screened]:
    """Fetch variants of the lake: those of the earlier parts of the batch, then the others."""
    for found in there.earlier.compared(wanted) if there.earlier else ():
        wanted = wanted.filter(~wanted.is_in(found.variants["variant_id"].implode()))
        yield found
    for records in neighbours.partners(there, wanted):
        variants = compared(records, each)
        yield Screened(variants, screen_numbers(variants, each))


def _those_in(pairs: pl.DataFrame, variants: Screened) -> Screened:
    """Keep the variants that are in a pair."""
    ends = _each_once(np.concatenate([pairs["variant_a"].to_numpy(), pairs["variant_b"].to_numpy()]))
    return variants.some(Places(ends.to_numpy()).hold(variants.ids))


def _worth_reading(there: Stored, fresh: Screened, pairs: pl.DataFrame, each: Each) -> _Sided:
    """Leave out the pairs that what is kept of their partners rules out; what nothing is known of is to be read.

    First by a few numbers of each variant, then, where the index has them, by titles and names.
    """
    likely = each if there.earlier else in_turn  # an index is asked by one thread at a time
    parts = list(likely(partial(_likely, there, fresh, Places(fresh.ids)), parts_of(pairs, PAIRS_AT_ONCE)))
    return _Sided(
        pl.concat([part.pairs for part in parts]),
        np.concatenate([part.others for part in parts]),
        np.concatenate([part.are_fresh for part in parts]),
    )


def _likely(there: Stored, fresh: Screened, own: Places, pairs: pl.DataFrame) -> _Sided:
    sided = _sided(pairs, own)
    ids, numbers = (there.earlier or there.index).screens(sided.partners)
    if not len(ids):
        return sided
    asked = sided.reach(ids)
    kept = ~asked
    kept[asked] = _screen_of_both(fresh, ids, numbers).may_match(sided.some(asked).pairs)
    return _like_titles(there, fresh, sided.some(kept), (ids, numbers))


def _like_titles(there: Stored, fresh: Screened, sided: _Sided, screens: tuple[Numbers, Numbers]) -> _Sided:
    """Leave out the pairs of which the index has the titles and names, and those rule them out."""
    titles = there.index.titles(sided.partners)
    if not titles.height:
        return sided
    titled = compared(with_nothing_else(titles))
    found = Places(titled["variant_id"].to_numpy()).hold(screens[0])
    asked = sided.reach(screens[0][found])
    screen = _screen_of_both(fresh, screens[0][found], screens[1][found])
    kept = ~asked
    kept[asked] = are_promising(pl.concat([fresh.variants, titled]), screen, sided.some(asked).pairs)
    return sided.some(kept)


def _screen_of_both(some: Screened, ids: Numbers, numbers: Numbers) -> Screen:
    """Make the screen of variants and of more of them."""
    every = np.concatenate([some.ids, ids])
    order = np.argsort(every)
    return screen_again(every[order], np.concatenate([some.numbers, numbers])[order])
