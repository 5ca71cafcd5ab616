"""A batch that is resolved in parts gives the papers of one that is resolved at once, and the parts leave no trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from effort import IS_THOROUGH
from hypothesis import example, given, settings
from pipeline import Pipeline, without_expectations
from pool import POOL, assert_merged_alike, splits, write_dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline import Ingested


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """The contract is tested elsewhere; here its rules are asked without Great Expectations, which costs more than the rest."""
    with without_expectations():
        yield


@contextmanager
def each_dump_a_part() -> Iterator[None]:
    """Resolve the batches of the block in parts of one dump each, which meet the records of the lake one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.staging.PART_ROWS", 1)
        patch.setattr("warehouse.parts.MOST_RECORDS", 1)
        patch.setattr("warehouse.neighbours.AT_ONCE", 1)
        patch.setattr("warehouse.compare.PAIRS_AT_ONCE", 1)
        yield


def in_parts(pipeline: Pipeline, *files: Path) -> Ingested:
    with each_dump_a_part():
        return pipeline.ingest(*files)


def write_dumps(place: Path, dumps: Sequence[Sequence[int]]) -> list[Path]:
    place.mkdir()
    return [
        write_dump(place / f"{number}.jsonl", [POOL[entry] for entry in dump])
        for number, dump in enumerate(dumps)
        if dump
    ]


@settings(max_examples=25 if IS_THOROUGH else 1)
@given(splits())
@example([[[1], [2], [0, 3]]])  # two near duplicates, then the record that ties them to a third
@example([[[7, 9], [8], [12, 13], [14]], [[0, 4], [3, 5], [6, 8]]])  # numbered parts and generic titles, then others
def test_papers_do_not_depend_on_how_a_batch_is_cut(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[int]]]
) -> None:
    place = tmp_path_factory.mktemp("parts")
    cut, whole = Pipeline(place / "cut"), Pipeline(place / "whole")
    for number, dumps in enumerate(runs):
        files = write_dumps(place / str(number), dumps)
        if not files:
            continue
        one, other = in_parts(cut, *files), whole.ingest(*files)
        if one.batch and one.resolution and other.resolution:
            assert len(one.resolution.parts) == len(one.batch.accepted)
            assert counts(one) == counts(other)
        cut.assert_sound()
        assert cut.partition() == whole.partition()
        assert_merged_alike(cut, whole)
        assert cut.rows("FROM paper_redirects ANTI JOIN papers USING (paper_id)") == []
        assert cut.one("SELECT count(*) FROM paper_redirects WHERE run_id = old_run_id") == 0


def counts(done: Ingested) -> tuple[int, int, int]:
    assert done.resolution is not None
    return done.resolution.new_papers, done.resolution.known_papers, done.resolution.merged_papers


@pytest.mark.parametrize("there", [0, 2], ids=["a new lake", "a lake that is there"])
def test_a_batch_that_is_not_published_leaves_no_file_of_its_parts(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int
) -> None:
    files = write_dumps(tmp_path / "dumps", [[0], [4], [1, 5], [2, 6]])
    if there:
        in_parts(pipeline, *files[:there])
    before = data_files(pipeline)

    def interrupt(*_: object, **__: object) -> None:
        written.append(data_files(pipeline))
        raise KeyboardInterrupt

    written: list[set[Path]] = []
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.publish_batch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            in_parts(pipeline, *files)
        patch.setattr("warehouse.parts.drop_passing_redirects", interrupt)
        with pytest.raises(KeyboardInterrupt):
            in_parts(pipeline, *files)
    assert (data_files(pipeline), pipeline.lake.exists) == (before, bool(there))
    assert written[0] == before < written[1]
    in_parts(pipeline, *files)
    pipeline.assert_sound()
    assert pipeline.one("SELECT count(*) FROM papers") == len(pipeline.partition()) == 2


def test_a_lake_that_was_made_in_parts_is_rebuilt_as_it_was(pipeline: Pipeline, tmp_path: Path) -> None:
    in_parts(pipeline, *write_dumps(tmp_path / "first", [[2], [4], [1], [0, 3]]))
    in_parts(pipeline, *write_dumps(tmp_path / "second", [[5, 7], [6, 8], [9]]))
    with each_dump_a_part():
        assert pipeline.rebuild().replaced == ()


def data_files(pipeline: Pipeline) -> set[Path]:
    return {file for file in pipeline.lake.root.glob("data/**/*") if file.is_file()}
