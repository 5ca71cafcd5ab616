"""What people decide holds the same whenever they say it, and in whatever order the dumps come."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest
from effort import IS_THOROUGH
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pipeline import Pipeline, without_expectations
from pool import POOL, ingest_all, splits, write_dump

from transforms.errors import UsageError
from transforms.schema import DECISIONS
from warehouse.batch import Run
from warehouse.decide import Said, decide
from warehouse.opening import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


Word = tuple[int, int, str]
"""Two records, by their numbers in the order of their ids, and what is said of them."""

WORDS = st.lists(
    st.tuples(st.integers(0, 19), st.integers(0, 19), st.sampled_from(["same", "different", "different", "undo"])),
    max_size=5,
)

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


def say(lake: Pipeline, words: Sequence[Word]) -> None:
    """Say what can be said of the records that are there; what contradicts what was said before is refused."""
    ids = [row["record_id"] for row in lake.rows("SELECT record_id FROM records ORDER BY record_id")]
    for a, b, verdict in words:
        first, second = ids[a % len(ids)], ids[b % len(ids)]
        run = Run(f"said-{next(_NUMBERS)}", "a test", "0", dt.datetime.now(dt.UTC))
        said = Said(verdict, first, second, "Ada")
        try:
            decide(said, lake.lake, run, wait_seconds=600)
        except UsageError:
            continue


def lake_with(root: Path, decisions: pl.DataFrame) -> Pipeline:
    """Make a lake that has decisions before it has any record."""
    made = Pipeline(root)
    with transaction(made.lake, made_by="a test") as connection:
        connection.register("said", decisions)
        connection.execute("INSERT INTO decisions SELECT * FROM said")
    return made


def decisions_of(lake: Pipeline) -> pl.DataFrame:
    rows = lake.rows("FROM decisions")
    return pl.DataFrame([list(row.values()) for row in rows], schema=DECISIONS.polars_schema, orient="row")


@settings(max_examples=25 if IS_THOROUGH else 1)
@given(splits(), st.lists(WORDS, min_size=1, max_size=4))
@example([[[0, 1], [2]], [[3]], [[0, 8]]], [[(0, 1, "different")], [(1, 2, "different")], [(0, 4, "same")]])
@example([[[5], [5]], [[5], [6]]], [[(0, 1, "different")], [(1, 3, "same"), (0, 1, "undo")]])
@example([[[12], [13], [14]], [[14, 14]]], [[(0, 1, "same"), (1, 2, "same"), (0, 2, "different")]])
def test_papers_do_not_depend_on_when_people_decide(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[int]]], said: list[list[Word]]
) -> None:
    place = tmp_path_factory.mktemp("decided")
    numbers = itertools.count()
    groups = [
        [write_dump(place / f"{next(numbers)}.jsonl", [POOL[entry] for entry in dump]) for dump in run] for run in runs
    ]
    between = Pipeline(place / "between")
    for group, words in itertools.zip_longest(groups, said[: len(groups)], fillvalue=[]):
        between.ingest(*group)
        say(between, words)
    between.assert_sound()
    before = lake_with(place / "before", decisions_of(between))
    before.ingest(*itertools.chain(*reversed(groups)))
    assert between.partition() == before.partition()
    home = {record: group for group in between.partition() for record in group}
    for a, b, verdict in standing(between):
        assert (home[a] is home[b]) == (verdict == "same")


def standing(lake: Pipeline) -> list[tuple[str, str, str]]:
    rows = lake.rows("""
        SELECT record_id_a, record_id_b, verdict FROM decisions
        QUALIFY row_number() OVER (PARTITION BY record_id_a, record_id_b ORDER BY decided_at DESC) = 1
        AND verdict <> 'undo'""")
    return [(row["record_id_a"], row["record_id_b"], row["verdict"]) for row in rows]


DUMPS: Final = ([0, 4], [1, 7, 12], [2, 9], [3, 10], [5, 8, 13], [6, 11, 14])
"""The entries of the pool in six dumps, near duplicates apart."""

SAID: Final[tuple[Word, ...]] = ((0, 5, "different"), (3, 9, "same"), (1, 12, "different"))


@dataclass(frozen=True)
class Decided:
    """Dumps in a folder, the lake of one run over all of them on which people decided, and one of the decisions alone."""

    folder: Path
    at_once: Pipeline
    decisions: Pipeline


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    folder = tmp_path_factory.mktemp("orders")
    files = [write_dump(folder / f"{n}.jsonl", [POOL[entry] for entry in dump]) for n, dump in enumerate(DUMPS)]
    lake = ingest_all(folder / "lake", [files])
    say(lake, SAID)
    return Decided(folder, lake, lake_with(folder / "decisions", decisions_of(lake)))


@pytest.mark.parametrize("seed", range(20 if IS_THOROUGH else 4))
def test_random_orders_and_groupings_give_one_partition(decided: Decided, tmp_path: Path, seed: int) -> None:
    shuffled = sorted(decided.folder.glob("*.jsonl"))
    order = random.Random(seed)  # noqa: S311  # an order, not a secret
    order.shuffle(shuffled)
    cuts = sorted({0, len(shuffled), *order.sample(range(1, len(shuffled)), k=order.randint(0, 2))})
    lake = Pipeline(shutil.copytree(decided.decisions.lake.root, tmp_path / "lake"))
    for start, end in itertools.pairwise(cuts):
        lake.ingest(*shuffled[start:end])
    assert len(standing(lake)) == len(SAID)
    assert lake.partition() == decided.at_once.partition()
    lake.assert_sound()
