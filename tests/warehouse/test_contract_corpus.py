"""The contract over real pages: it takes them as they are, and holds them back once they are out of step."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from warehouse.contract import check_dumps
from warehouse.ledger import NewDump
from warehouse.staging import normalize_staged, stage_dump
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.staged import StagedBatch

pytestmark = pytest.mark.corpus

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def staged(shared: Path, tmp_path: Path) -> StagedBatch:
    captured = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    files = sorted((shared / "corpus" / "hf_papers_text").glob("*.txt"))
    dumps = [stage_dump(NewDump(file, sha256_file(file), file.stat().st_size, captured), tmp_path) for file in files]
    return normalize_staged(dumps, tmp_path)


def test_real_pages_keep_the_contract(staged: StagedBatch) -> None:
    outcome = check_dumps(staged, run_id="run", today=TODAY)
    assert [dump.error for dump in outcome.dumps] == [None] * len(staged.dumps)
    assert sum(dump.records_kept for dump in outcome.dumps) == 648
    assert outcome.checks["is_success"].all()


@pytest.mark.parametrize("by", [pytest.param(1, id="one early"), pytest.param(-1, id="one late")])
def test_real_pages_out_of_step_are_held_back(staged: StagedBatch, by: int) -> None:
    rewrite(staged, pl.col("abstract").shift(by).over("dump_id"))
    outcome = check_dumps(staged, run_id="run", today=TODAY)
    assert ["far better than their own" in str(dump.error) for dump in outcome.dumps] == [True] * len(staged.dumps)


def test_real_page_that_falls_out_of_step_midway_is_held_back(staged: StagedBatch) -> None:
    dump = max(staged.dumps, key=lambda one: one.records_read)
    late = (pl.col("dump_id") == dump.dump_id) & (pl.col("position") > dump.records_read // 2)
    rewrite(staged, pl.when(late).then(pl.col("abstract").shift(1)).otherwise("abstract"))
    errors = {checked.dump_id: str(checked.error) for checked in check_dumps(staged, run_id="run", today=TODAY).dumps}
    assert "far better than their own" in errors.pop(dump.dump_id)
    assert set(errors.values()) == {"None"}


def rewrite(staged: StagedBatch, abstract: pl.Expr) -> None:
    """Give the staged records other abstracts."""
    for file in staged.records:
        pl.read_parquet(file).with_columns(abstract=abstract).write_parquet(file)
