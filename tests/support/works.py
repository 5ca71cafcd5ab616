"""What is done to lakes while faults befall it: each work was done once without a fault, so that it is known what comes of it."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, Final

from bad_dumps import lines
from faults import unharmed
from pipeline import Pipeline
from pool import POOL, write_dump
from promises import held

from warehouse.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faults import WarmProcess, Work
    from promises import Held

LONG_AGO: Final = 1_700_000_000

BATCHES: Final = ((0, 4, 7, 8, 12), (1, 5, 10, 14, 3), (2, 3, 6, 9, 11, 13, 0))
"""Entries of the pool, batch by batch: each later one meets papers of those before."""


def mixed_folder(samples: Path, folder: Path) -> Path:
    """Make a landing folder of many forms: pages, lists, an archive, one that is cut, one that is hostile."""
    shutil.copytree(samples, folder)
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("kites.jsonl", lines(6, "kites"))
        archive.writestr("inner/refs.bib", "@article{a, title={Lanterns of the Northern Harbour}, year={2020}}\n")
        archive.writestr("inner/refs.ris", "TY  - JOUR\nTI  - A Ledger of Small Bridges\nPY  - 2021\nER  - \n")
    for file in folder.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    return folder


def make_works(warm: WarmProcess, place: Path, landing: Path) -> list[Work]:
    """Do each work once, in lakes below `place`."""
    begun = place / "begun"
    warm.do("ingest", begun, min(landing.glob("*.txt")))
    first, _ = unharmed(warm, "first ingest", place / "none", "ingest", landing)
    further, full = unharmed(warm, "next ingest", begun, "ingest", landing)
    decision, decided = unharmed(warm, "decision", full, "say same", *two_records(Pipeline(full)))
    back, _ = unharmed(warm, "rollback", decided, "roll back", 1)
    tidy, _ = unharmed(warm, "maintenance", decided, "tidy up", 40)
    anew, _ = unharmed(warm, "rebuild", decided, "make anew", "publication")
    return [first, further, decision, back, tidy, anew]


def works_by_index(warm: WarmProcess, place: Path) -> list[Work]:
    """Do those with every file indexed: ingests, of which the later one asks the index of the one before, and upkeep.

    They give what ingests without an index give.
    """
    ingests = [_ingest(place / f"{number}.jsonl", batch) for number, batch in enumerate(BATCHES)]
    begun = place / "begun by index"
    warm.do("in turn", begun, ingests[0], by_index=True)
    between, after = (held_without_index(warm, place, ingests[:number]) for number in (2, 3))
    added, full = unharmed(warm, "ingests by index", begun, "in turn", *ingests[1:], by_index=True, between=(between,))
    assert added.after == after
    tidy, _ = unharmed(warm, "maintenance by index", full, "tidy up", 40, by_index=True)
    assert all("index" in work.places for work in (added, tidy))
    return [added, tidy]


def _ingest(dump: Path, entries: Sequence[int]) -> str:
    return json.dumps(["ingest", str(write_dump(dump, [POOL[entry] for entry in entries]))])


def held_without_index(warm: WarmProcess, place: Path, ingests: Sequence[str]) -> Held:
    """Do ingests in turn into a new lake, without an index; give what it holds then."""
    lake = place / f"{len(ingests)} without an index"
    ended = warm.do("in turn", lake, *ingests)
    assert ended.code == 0, ended.said
    return held(Lake(lake))


def two_records(lake: Pipeline) -> tuple[str, str]:
    """Name a record of each of two papers."""
    one, other = lake.rows("SELECT min(record_id) AS it FROM paper_records GROUP BY paper_id ORDER BY it LIMIT 2")
    return one["it"], other["it"]
