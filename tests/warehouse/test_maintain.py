"""Upkeep makes a lake smaller and changes nothing that it says."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from pipeline import content, without_expectations

from warehouse.history import snapshots
from warehouse.maintain import maintain
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Grown
    from pipeline import Pipeline

NOW = dt.datetime.now(dt.UTC)
LATER = NOW + dt.timedelta(days=31)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture
def lake(grown: Grown) -> Pipeline:
    """A lake of three small ingests."""
    return grown.lake


def test_small_files_become_one_and_the_lake_says_the_same(lake: Pipeline) -> None:
    before = content(lake.lake)
    done = maintain(lake.lake, now=NOW, keep_days=30)
    assert done.merged_files > 0
    assert content(lake.lake) == before
    assert verify(lake.lake, deep=True) == []


def test_young_snapshots_stay(lake: Pipeline) -> None:
    before = snapshots(lake.lake)
    assert maintain(lake.lake, now=NOW, keep_days=30).forgotten_snapshots == 0
    assert snapshots(lake.lake)[: len(before)] == before
    assert {one["made_by"] for one in snapshots(lake.lake)[len(before) :]} == {"maintenance"}


def test_old_snapshots_and_their_files_go(lake: Pipeline) -> None:
    before = content(lake.lake)
    done = maintain(lake.lake, now=LATER, keep_days=30)
    assert done.forgotten_snapshots > 0
    assert maintain(lake.lake, now=LATER + dt.timedelta(days=2), keep_days=30).removed_files + done.removed_files > 0
    assert len(list((lake.lake.data / "main" / "records").rglob("*.parquet"))) == 1
    assert content(lake.lake) == before
    assert verify(lake.lake, deep=True) == []


def test_what_died_runs_left_is_cleared_away(lake: Pipeline) -> None:
    records = next((lake.lake.data / "main" / "records").rglob("*.parquet"))
    shutil.copy(records, records.with_name("left-over.parquet"))
    records.with_name("empty.parquet").touch()
    raw = lake.lake.raw / "ff" / f"{'f' * 64}.zst"
    raw.parent.mkdir(exist_ok=True)
    raw.write_bytes(b"left over")
    done = maintain(lake.lake, now=NOW, keep_days=30)
    assert (done.left_files, done.raw_dumps) == (2, 1)
    assert verify(lake.lake, deep=True) == []


def test_upkeep_twice_finds_nothing_to_do(lake: Pipeline) -> None:
    maintain(lake.lake, now=NOW, keep_days=30)
    again = maintain(lake.lake, now=NOW, keep_days=30)
    assert (again.merged_files, again.left_files, again.raw_dumps) == (0, 0, 0)


def test_ingest_goes_on_after_upkeep(lake: Pipeline, grown: Grown, tmp_path: Path) -> None:
    maintain(lake.lake, now=LATER, keep_days=30)
    (tmp_path / "embers.jsonl").write_bytes(lines(5, "embers"))
    done = lake.ingest(tmp_path / "embers.jsonl", grown.dumps[-1])
    assert (done.known, done.total("records_kept")) == (1, 5)
    assert verify(lake.lake, deep=True) == []
