"""What the earlier parts of a batch compared, so that the later ones need not ask the lake for it; see `warehouse.parts`.

folded fields      a file of each part (Arrow), mapped into memory: what is not wanted is not read
what screens them  in memory, some hundred bytes a variant
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from transforms.dedupe.pairing import Places
from transforms.dedupe.screen import SCREEN_WIDTH
from warehouse.durable import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Screened:
    """Variants of `compared`, sorted by their ids, and what screens each of them: SCREEN_WIDTH integers a row."""

    variants: pl.DataFrame
    numbers: Numbers

    @property
    def ids(self) -> Numbers:
        """The ids of the variants."""
        return self.variants["variant_id"].to_numpy()

    def some(self, chosen: npt.NDArray[np.bool_]) -> Screened:
        """Keep some of the variants."""
        return Screened(self.variants.filter(pl.Series(chosen, dtype=pl.Boolean)), self.numbers[chosen])


@dataclass(frozen=True)
class _Part:
    file: Path
    ids: Numbers
    numbers: Numbers

    def screened(self) -> Screened:
        return Screened(pl.scan_ipc(self.file, glob=False).collect(), self.numbers)


@dataclass
class Earlier:
    """The variants of the parts that came before, kept in the folder of the batch; no variant is in two of them."""

    folder: Path
    parts: list[_Part] = field(default_factory=list)

    def keep(self, variants: Screened) -> None:
        """Keep the variants of one more part.

        Raises LakeError where the disk does not take them.
        """
        file = self.folder / f"compared-{len(self.parts):06d}.arrow"
        with told(file):
            self.folder.mkdir(parents=True, exist_ok=True)
            variants.variants.write_ipc(file, compression="uncompressed")
        self.parts.append(_Part(file, variants.ids.copy(), variants.numbers))

    def screens(self, variants: pl.Series) -> tuple[Numbers, Numbers]:
        """Find what screens variants: those that were found, sorted, and SCREEN_WIDTH numbers for each."""
        wanted = variants.unique().sort().to_numpy()
        found = [(part.ids[held], part.numbers[held]) for part, held in self._holding(wanted)]
        ids = np.concatenate([np.empty(0, np.uint64), *(some for some, _ in found)])
        order = np.argsort(ids)
        numbers = np.concatenate([np.empty((0, SCREEN_WIDTH), np.uint64), *(numbers for _, numbers in found)])
        return ids[order], numbers[order]

    def compared(self, variants: pl.Series) -> Iterator[Screened]:
        """Give the variants that are wanted: those of each part together."""
        wanted = variants.unique().sort().to_numpy()
        for part, held in self._holding(wanted):
            yield part.screened().some(held)

    def _holding(self, wanted: Numbers) -> Iterator[tuple[_Part, npt.NDArray[np.bool_]]]:
        """Tell of each part which of its variants are wanted, if there are any."""
        if not len(wanted):
            return
        places = Places(wanted)
        for part in self.parts:
            held = places.hold(part.ids)
            if held.any():
                yield part, held
