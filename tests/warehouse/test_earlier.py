"""What earlier parts of a batch compared is found again by its variants, whichever part it came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from transforms.dedupe.screen import SCREEN_WIDTH
from transforms.errors import LakeError
from warehouse.earlier import Earlier, Screened

if TYPE_CHECKING:
    from pathlib import Path


def screened(*ids: int) -> Screened:
    """Make variants whose titles and numbers tell their ids."""
    numbers = np.array(ids, dtype=np.uint64)
    titles = [f"title {number}" for number in ids]
    variants = pl.DataFrame({"variant_id": numbers, "title_words": titles})
    return Screened(variants, np.repeat(numbers[:, None], SCREEN_WIDTH, axis=1))


@pytest.fixture
def earlier(tmp_path: Path) -> Earlier:
    kept = Earlier(tmp_path / "batch [1]")
    kept.keep(screened(3, 2**63 + 5))
    kept.keep(screened(1, 4, 2**64 - 2))
    return kept


def test_screens_of_all_parts_come_sorted(earlier: Earlier) -> None:
    ids, numbers = earlier.screens(pl.Series([2**64 - 2, 7, 3, 1, 3], dtype=pl.UInt64))
    assert ids.tolist() == [1, 3, 2**64 - 2]
    assert numbers.tolist() == [[number] * SCREEN_WIDTH for number in ids.tolist()]


def test_variants_come_part_by_part(earlier: Earlier) -> None:
    found = list(earlier.compared(pl.Series([4, 2**63 + 5, 9, 1], dtype=pl.UInt64)))
    assert [part.variants["title_words"].to_list() for part in found] == [
        [f"title {2**63 + 5}"],
        ["title 1", "title 4"],
    ]
    assert [part.numbers[:, 0].tolist() for part in found] == [part.ids.tolist() for part in found]


def test_nothing_is_found_of_what_nobody_kept(earlier: Earlier) -> None:
    for wanted in ([], [2, 5]):
        ids, numbers = earlier.screens(pl.Series(wanted, dtype=pl.UInt64))
        assert (len(ids), numbers.shape) == (0, (0, SCREEN_WIDTH))
        assert list(earlier.compared(pl.Series(wanted, dtype=pl.UInt64))) == []


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "batch").touch()
    with pytest.raises(LakeError, match=r"cannot write compared-000000\.arrow"):
        Earlier(tmp_path / "batch").keep(screened(1))
