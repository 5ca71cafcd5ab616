"""The same dumps give the same papers: in any order, in any grouping, in one run or in many."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import pytest
from effort import IS_THOROUGH
from hypothesis import example, given, settings
from pipeline import Pipeline, without_expectations
from pool import POOL, assert_merged_alike, ingest_all, splits, write_dump

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """The contract is tested elsewhere; here its rules are asked without Great Expectations, which costs more than the rest."""
    with without_expectations():
        yield


@settings(max_examples=25 if IS_THOROUGH else 1)
@given(splits())
@example([[[1]], [[2]], [[0, 3]]])  # two near duplicates, then the record that ties them to a third
@example([[[7, 9]], [[8]], [[12, 13], [14]]])  # numbered parts and generic titles
@example([[[5]], [[4, 4]], [[6]], [[11], [10]]])
def test_papers_do_not_depend_on_how_the_entries_came(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[int]]]
) -> None:
    place = tmp_path_factory.mktemp("split")
    numbers = itertools.count()
    groups = [
        [write_dump(place / f"{next(numbers)}.jsonl", [POOL[entry] for entry in dump]) for dump in run] for run in runs
    ]
    in_parts = ingest_all(place / "parts", groups)
    at_once = ingest_all(place / "once", [[file for group in reversed(groups) for file in reversed(group)]])
    assert in_parts.partition() == at_once.partition()
    assert_merged_alike(in_parts, at_once)
    in_parts.assert_sound()
    assert_redirects_lead_on(in_parts)
    again = in_parts.ingest(*itertools.chain(*groups))
    assert (again.batch, len(groups[0]) <= again.known) == (None, True)


def assert_redirects_lead_on(lake: Pipeline) -> None:
    """Assert that the record which founded a redirected paper is in the paper that the redirect names."""
    assert (
        lake.rows("""
        FROM paper_redirects AS gone JOIN paper_records ON record_id = substr(old_paper_id, 2)
        WHERE paper_records.paper_id <> gone.paper_id""")
        == []
    )


CORPUS_FILES: Final = 5
CORPUS_ORDERS: Final = (
    pytest.param([[4], [3], [2], [1], [0]], id="one at a time, backwards"),
    pytest.param([[1, 3], [0, 4], [2]], id="in groups"),
    pytest.param([[0], [1], [2], [3], [4]], id="one at a time"),
    pytest.param([[2], [0], [4], [1], [3]], id="one at a time, shuffled"),
    pytest.param([[3], [0, 1, 2, 4]], id="one, then the others"),
)


@pytest.fixture(scope="module")
def corpus_files(shared: Path) -> list[Path]:
    files = sorted((shared / "corpus" / "hf_papers_text").glob("*.txt"))
    assert len(files) == CORPUS_FILES
    return files


@pytest.fixture(scope="module")
def corpus_at_once(corpus_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return ingest_all(tmp_path_factory.mktemp("corpus") / "lake", [corpus_files])


@pytest.mark.corpus
@pytest.mark.parametrize("order", CORPUS_ORDERS if IS_THOROUGH else CORPUS_ORDERS[:2])
def test_captured_pages_give_the_same_papers_in_any_order(
    corpus_files: list[Path], corpus_at_once: Pipeline, tmp_path: Path, order: list[list[int]]
) -> None:
    lake = ingest_all(tmp_path / "lake", [[corpus_files[number] for number in group] for group in order])
    assert lake.partition() == corpus_at_once.partition()
    assert len(lake.partition()) == 584
    assert_merged_alike(lake, corpus_at_once)
    lake.assert_sound()
    assert_redirects_lead_on(lake)
