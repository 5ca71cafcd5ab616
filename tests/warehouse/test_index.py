"""An index changes how long a lookup takes, never what it finds: whole, damaged, cut, missing or of another version."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from indexing import everything_indexed
from pipeline import Pipeline, without_expectations
from polars.testing import assert_frame_equal
from pool import POOL, ingest_all, splits, write_dump

from transforms.dedupe.parts import in_turn
from warehouse.blocks import Blocks, BlockWriter
from warehouse.history import rollback, snapshots
from warehouse.index import Index
from warehouse.index_making import refresh_index
from warehouse.maintain import maintain
from warehouse.neighbours import stored
from warehouse.pages import Pages, UnusableError, write_pages
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = b"for these tests."
OTHER = b"for other things"
NOW = dt.datetime.now(dt.UTC)
FIRST = ([0, 4, 7, 8, 12], [1, 5, 10, 14, 3])
LATER = [2, 3, 6, 9, 11, 13, 0]


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Have every file indexed, and every index asked; the list grows with the rows that are found through one."""
    found: list[int] = []
    asked = Index._asked  # noqa: SLF001  # where every question to an index passes

    def counted(self: Index, *question: object) -> tuple[list[object], list[str]]:
        answers, names = asked(self, *question)
        found.extend(len(answer) for answer in answers)
        return answers, names

    monkeypatch.setattr(Index, "_asked", counted)
    with everything_indexed():
        yield found


def dump(place: Path, name: str, entries: list[int]) -> Path:
    return write_dump(place / f"{name}.jsonl", [POOL[entry] for entry in entries])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two ingests, every file of which is indexed."""
    place = tmp_path_factory.mktemp("made")
    with everything_indexed(), without_expectations():
        return ingest_all(
            place / "lake", [[dump(place, str(number), part)] for number, part in enumerate(FIRST)]
        ).lake.root


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Pipeline:
    """A copy of that lake."""
    return Pipeline(shutil.copytree(made, tmp_path / "lake"))


@settings(max_examples=30 if "PAPERLAKE_THOROUGH" in os.environ else 1)
@given(splits())
@example([[[0, 4, 7, 8, 12], [1, 5, 10]], [[2, 3, 6], [9, 11, 13]], [[14, 12, 0]]])
def test_same_papers_with_an_index_as_without(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[int]]]
) -> None:
    place = tmp_path_factory.mktemp("split")
    numbers = itertools.count()
    groups = [[dump(place, str(next(numbers)), entries) for entries in run] for run in runs]
    without = ingest_all(place / "without", groups)
    with everything_indexed():
        by_index = ingest_all(place / "with", groups)
        by_index.assert_sound()
        assert verify(by_index.lake, deep=True) == []
    assert by_index.partition() == without.partition()
    papers = "SELECT * EXCLUDE (run_id, created_at, updated_run_id) FROM papers ORDER BY ALL"
    evidence = "SELECT * EXCLUDE run_id FROM matches ORDER BY ALL"
    assert by_index.rows(papers) == without.rows(papers)
    assert by_index.rows(evidence) == without.rows(evidence)


def test_records_are_found_through_the_index(eager: list[int], lake: Pipeline) -> None:
    with stored(lake.lake) as there:
        whole = there.connection.execute("FROM records").pl()
        wanted = whole.select("record_id", "variant_id")
        by_id, asked = there.index.records("record_id", wanted["record_id"], whole.columns)
        by_variant, also_asked = there.index.records("variant_id", wanted["variant_id"], whole.columns)
    assert sum(eager) > 0
    assert len(asked) == len(also_asked) == len(FIRST)
    for found in (by_id, by_variant):
        assert found.sort("record_id").equals(whole.select(found.columns).sort("record_id"))


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    file.write_bytes(content)


def flip_last(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)


HARM = (
    flip,
    flip_last,
    lambda file: file.write_bytes(file.read_bytes()[:-1]),
    lambda file: file.write_bytes(file.read_bytes()[:30]),
    lambda file: file.write_bytes(b""),
    lambda file: file.unlink(),
    lambda file: file.write_bytes(another(file).read_bytes()),
)


def another(part: Path) -> Path:
    return next(file for file in sorted(part.parent.glob(f"*{part.suffix}")) if file != part)


def test_what_cannot_be_used_is_not_believed(eager: list[int], made: Path, lake: Pipeline, tmp_path: Path) -> None:
    """Every part of every file is harmed, each in its way: the papers are the same, and then the index is whole again."""
    whole, harmed = lake, Pipeline(shutil.copytree(made, tmp_path / "harmed"))
    parts = sorted(harmed.lake.index.iterdir())
    assert {part.suffix for part in parts} == {".keys", ".variants", ".ids", ".titles", ".rows"}
    for part, harm in zip(parts, itertools.cycle(HARM), strict=False):
        harm(part)
    later = dump(tmp_path, "later", LATER)
    for one in (whole, harmed):
        one.ingest(later)
    assert harmed.partition() == whole.partition()
    harmed.assert_sound()
    found = len(eager)
    with stored(harmed.lake) as there:
        there.index.records("record_id", pl.Series(["none"]), ("title",))
        there.index.keys(pl.Series([1], dtype=pl.UInt64))
    assert len(eager) - found == 2 * 3  # each table in each of its files


@pytest.mark.usefixtures("eager")
def test_deep_verification_names_what_is_damaged(lake: Pipeline) -> None:
    part = min(lake.lake.index.glob("*.rows"))
    flip(part)
    assert verify(lake.lake) == []
    (finding,) = verify(lake.lake, deep=True)
    assert finding.where == str(part)
    assert "is not used" in finding.what
    maintain(lake.lake, now=NOW, keep_days=30)
    assert verify(lake.lake, deep=True) == []


@pytest.mark.usefixtures("eager")
def test_rows_that_were_taken_out_are_not_found(lake: Pipeline, tmp_path: Path) -> None:
    """After a rollback new records meet what is there, and nothing of what was."""
    rollback(lake.lake, snapshots(lake.lake)[0]["snapshot"])
    later = dump(tmp_path, "later", [6, 9, 2])
    lake.ingest(later)
    same = ingest_all(tmp_path / "same", [[dump(tmp_path, "0", FIRST[0]), later]])
    assert lake.partition() == same.partition()
    lake.assert_sound()


@pytest.mark.usefixtures("eager")
def test_what_belongs_to_no_file_goes(lake: Pipeline) -> None:
    before = set(lake.lake.index.iterdir())
    (lake.lake.index / "left.keys").write_bytes(b"by a run that died")
    maintain(lake.lake, now=NOW, keep_days=30)  # the small files become one
    after = set(lake.lake.index.iterdir())
    assert len(after) == len(before) // len(FIRST)
    assert not after & before


def test_small_files_have_no_index(lake: Pipeline) -> None:
    maintain(lake.lake, now=NOW, keep_days=30)
    assert list(lake.lake.index.iterdir()) == []


HASHES = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63, 2**64 - 1])


@settings(max_examples=20)
@given(st.lists(HASHES, max_size=5), st.lists(HASHES, max_size=5), st.integers(1, 600), st.sampled_from([1, 13]))
def test_pages_give_every_entry_of_the_keys_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], others: list[int], times: int, width: int
) -> None:
    file = tmp_path_factory.mktemp("pages") / "pages"
    every = np.array(keys * times, dtype=np.uint64)
    values = np.arange(len(every) * width, dtype=np.uint64).reshape(-1, width)
    write_pages(file, MARK, every, values)
    wanted = np.unique(np.array(keys[::2] + others, dtype=np.uint64))
    with Pages(file, MARK) as pages:
        pages.check()
        found = pages.find(wanted)
    expected = np.column_stack([every, values])[np.isin(every, wanted)]
    assert found.dtype == np.uint64
    assert sorted(found.tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize("rows", [[], [0], [127, 128], [5, 5, 399], list(range(400))])
def test_blocks_give_the_rows_as_they_were(rows: list[int], tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [None if n % 7 == 0 else f"row {n}" for n in range(400)], "b": range(400)})
    table = table.with_columns(c=pl.col("a").str.split(" "))
    with BlockWriter(tmp_path / "rows", MARK, ["c", "a"], in_turn) as writer:
        for start in (0, 150):
            writer.write(table[start : start + 150 + start].to_arrow().combine_chunks().to_batches()[0])
    with Blocks(tmp_path / "rows", MARK) as blocks:
        blocks.check()
        found = blocks.read(np.array(rows, dtype=np.int64), ("c", "a"))
    assert found.rows() == table[rows].select("c", "a").rows()


VALUES = {
    "text": (pl.String, st.text(max_size=3)),
    "texts": (pl.List(pl.String), st.lists(st.none() | st.text(max_size=3), max_size=3)),
    "hash": (pl.UInt64, HASHES),
    "day": (pl.Date, st.dates()),
    "flag": (pl.Boolean, st.booleans()),
    "year": (pl.Int32, st.integers(-9, 9)),
}


@settings(max_examples=20)
@given(st.data(), st.lists(st.integers(0, 69), max_size=70, unique=True))
def test_blocks_keep_every_kind_of_value(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: list[int]
) -> None:
    drawn = {
        name: data.draw(st.lists(st.none() | values, min_size=7, max_size=7)) for name, (_, values) in VALUES.items()
    }
    table = pl.DataFrame(drawn, schema={name: kind for name, (kind, _) in VALUES.items()})
    table = pl.concat([table] * 10).rechunk()
    file = tmp_path_factory.mktemp("blocks") / "rows"
    with BlockWriter(file, MARK, table.columns, in_turn) as writer:
        for batch in (table[:3], table[3:]):
            writer.write(batch.to_arrow().combine_chunks().to_batches()[0])
    wanted = np.sort(np.array(rows, dtype=np.int64))
    with Blocks(file, MARK) as blocks:
        found = blocks.read(wanted, table.columns)
    assert_frame_equal(found, table[wanted])


def test_a_file_of_other_columns_is_indexed_alike(monkeypatch: pytest.MonkeyPatch, lake: Pipeline) -> None:
    """Where the table changed since a file was written, the lake reads the file: the index is the same."""
    with everything_indexed():
        before = {part: part.read_bytes() for part in lake.lake.index.iterdir()}
        shutil.rmtree(lake.lake.index)
        monkeypatch.setattr(pl, "read_parquet_schema", lambda _: pl.Schema())
        refresh_index(lake.lake)
    assert {part: part.read_bytes() for part in lake.lake.index.iterdir()} == before


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    pages, blocks = tmp_path / "pages", tmp_path / "blocks"
    write_pages(pages, MARK, np.arange(600, dtype=np.uint64), np.arange(600, dtype=np.uint64)[:, None])
    with BlockWriter(blocks, MARK, ["a"], in_turn) as writer:
        writer.write(pa.RecordBatch.from_pydict({"a": list(range(200))}))
    for file, kind in ((pages, Pages), (blocks, Blocks)):
        content = file.read_bytes()
        unused = 0
        for place in range(0, len(content), 61):
            file.write_bytes(content[:place] + bytes([content[place] ^ 64]) + content[place + 1 :])
            try:
                with kind(file, MARK) as part:
                    part.check()
            except UnusableError:
                continue
            unused += 61
        assert unused < 4096  # between the head and the first page nothing is read
        file.write_bytes(content)
        with pytest.raises(UnusableError):
            kind(file, OTHER)
