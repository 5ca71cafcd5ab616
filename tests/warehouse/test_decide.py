from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import shutil
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from pipeline import Pipeline, content, without_expectations

from transforms.errors import LakeError, UsageError
from warehouse.batch import Run
from warehouse.decide import Outcome, Said, decide, latest
from warehouse.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transforms.dedupe.verdicts import Verdict

_NUMBERS = itertools.count(1)

TIDES = {
    "title": "Marks of the Tides in Forty Marshes",
    "authors": ["Ada Reed", "Ben Holm"],
    "abstract": "Tides leave marks that last for a century. We read them from cores of forty marshes, date them by "
    "pollen, and show that the marks agree with the gauges wherever there are any.",
}
KNOTS = {"title": "Learning to Knot Ropes", "authors": ["Cy Oak"], "year": 2004}
ENTRIES = {
    "tides": TIDES,
    "tides, printed": {**TIDES, "venue": "Journal of Shores", "year": 2021},
    "tides, copied": TIDES,
    "tides, with doi": {**TIDES, "doi": "10.5555/tides.1", "year": 2021},
    "knots": KNOTS,
    "knots, copied": KNOTS,
    "knots, again": KNOTS,
    "pollen": {"title": "A Century of Pollen", "arxiv_id": "2003.01234"},
    "editorial": {"title": "Editorial", "arxiv_id": "2003.01234"},
}
"""Entries of four papers, each in a dump of its own."""

ALL_TIDES = frozenset(name for name in ENTRIES if name.startswith("tides"))
ALL_KNOTS = frozenset(name for name in ENTRIES if name.startswith("knots"))


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


def dump(folder: Path, record: dict[str, object]) -> Path:
    """Write a dump of one record, unlike any other."""
    path = folder / f"{next(_NUMBERS)}.jsonl"
    path.write_bytes(orjson.dumps(record) + b"\n" * next(_NUMBERS))
    os.utime(path, (1_700_000_000, 1_700_000_000))  # a young file would be watched for half a second
    return path


def record_id(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}-0000001"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A lake of the entries, and the record id of each."""
    folder = tmp_path_factory.mktemp("entries")
    dumps = {name: dump(folder, entry) for name, entry in ENTRIES.items()}
    Pipeline(folder / "lake").ingest(*dumps.values())
    return folder / "lake", {name: record_id(path) for name, path in dumps.items()}


@pytest.fixture
def ids(prepared: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return prepared[1]


@pytest.fixture
def pipeline(prepared: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Pipeline]:
    """The lake of the entries, to do with as one likes; it must be sound in the end."""
    made = Pipeline(shutil.copytree(prepared[0], tmp_path / "lake"))
    yield made
    made.assert_sound()


def together(pipeline: Pipeline, ids: dict[str, str]) -> set[frozenset[str]]:
    """The grouping, by the names of the entries."""
    name_of = {record: name for name, record in ids.items()}
    return {frozenset(name_of.get(record, record) for record in group) for group in pipeline.partition()}


def say(pipeline: Pipeline, verdict: Verdict, a: str, b: str, *, because: str | None = None) -> Outcome:
    run = Run(f"said-{next(_NUMBERS)}", f"{verdict} {a} {b}", "0", dt.datetime.now(dt.UTC))
    return decide(Said(verdict, a, b, "Ada", because), pipeline.lake, run, wait_seconds=600)


def grouping(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    """Everything that says which records are one paper, and what that paper is, but for who changed it last."""
    papers = pipeline.rows("SELECT * EXCLUDE (updated_run_id) FROM papers ORDER BY paper_id")
    return [*(tuple(map(str, row.values())) for row in papers), *content(pipeline.lake)["paper_records"]]


def test_entries_are_four_papers(pipeline: Pipeline, ids: dict[str, str]) -> None:
    assert together(pipeline, ids) == {ALL_TIDES, ALL_KNOTS, frozenset({"pollen"}), frozenset({"editorial"})}


def test_same_joins_two_papers_whole_and_undo_parts_them_again(pipeline: Pipeline, ids: dict[str, str]) -> None:
    before = grouping(pipeline)
    a, b = ids["tides, with doi"], ids["knots, again"]
    olds = {pipeline.one("SELECT paper_id FROM paper_records WHERE record_id = ?", record) for record in (a, b)}
    said = say(pipeline, "same", b, a, because="they are")
    older, younger = min(olds), max(olds)  # of one run, so that the id decides
    assert said.paper_ids == (older, older)
    assert ALL_TIDES | ALL_KNOTS in together(pipeline, ids)
    assert pipeline.rows("SELECT old_paper_id, paper_id FROM paper_redirects") == [
        {"old_paper_id": younger, "paper_id": older}
    ]
    (decision,) = pipeline.rows("SELECT * EXCLUDE (decided_at) FROM decisions")
    assert list(decision.values()) == [*sorted((a, b)), "same", "Ada", "they are"]
    (run,) = pipeline.rows("SELECT * FROM runs WHERE status = 'decided'")
    assert (run["merged_papers"], run["new_papers"], run["records_kept"]) == (1, 0, 0)
    say(pipeline, "undo", a, b)
    assert grouping(pipeline) == before
    assert pipeline.rows("FROM paper_redirects") == []


def test_different_parts_a_paper_and_undo_joins_it_again(pipeline: Pipeline, ids: dict[str, str]) -> None:
    """Copies of both ends and a third version tie the two together: every way between them is cut."""
    before = grouping(pipeline)
    linked = pipeline.rows("SELECT record_id_a, record_id_b, is_linked FROM matches ORDER BY ALL")
    a, b = ids["tides"], ids["tides, printed"]
    said = say(pipeline, "different", a, b, because="a reprint")
    assert len(set(said.paper_ids)) == 2
    groups = together(pipeline, ids)
    assert (len(groups), ALL_KNOTS in groups) == (5, True)
    assert any({"tides", "tides, copied"} <= group for group in groups)
    assert pipeline.one("SELECT count(*) FROM matches WHERE NOT is_linked") > 0
    say(pipeline, "undo", a, b)
    assert grouping(pipeline) == before
    assert pipeline.rows("SELECT record_id_a, record_id_b, is_linked FROM matches ORDER BY ALL") == linked


def test_different_parts_what_says_word_for_word_the_same(
    pipeline: Pipeline, ids: dict[str, str], tmp_path: Path
) -> None:
    first, second, third = sorted(ids[name] for name in ALL_KNOTS)
    say(pipeline, "different", first, third)
    assert {frozenset({first, second}), frozenset({third})} <= pipeline.partition()
    more = dump(tmp_path, KNOTS)
    pipeline.ingest(more)
    assert {frozenset({first, second, record_id(more)}), frozenset({third})} <= pipeline.partition()
    say(pipeline, "undo", first, third)
    assert frozenset({first, second, third, record_id(more)}) in pipeline.partition()


def test_decisions_hold_when_more_comes(pipeline: Pipeline, ids: dict[str, str], tmp_path: Path) -> None:
    say(pipeline, "different", ids["tides"], ids["tides, printed"])
    say(pipeline, "same", ids["pollen"], ids["knots"])
    before = together(pipeline, ids)
    more = {name: dump(tmp_path, ENTRIES[name]) for name in ("tides", "tides, printed", "knots", "pollen")}
    pipeline.ingest(*more.values())
    later = together(pipeline, ids)
    assert {frozenset(group & ENTRIES.keys()) for group in later} == before
    for name, path in more.items():
        assert any({name, record_id(path)} <= group for group in later)


def test_id_of_a_paper_past_or_present_names_the_record_that_founded_it(
    pipeline: Pipeline, ids: dict[str, str]
) -> None:
    pollen, editorial = f"p{ids['pollen']}", f"p{ids['editorial']}"
    older, younger = sorted((pollen, editorial))
    assert say(pipeline, "same", pollen, editorial).record_ids == (older[1:], younger[1:])
    said = say(pipeline, "same", younger, "10.5555/TIDES.1")
    assert younger[1:] in said.record_ids
    assert ALL_TIDES | {"pollen", "editorial"} in together(pipeline, ids)
    say(pipeline, "undo", older, younger)
    assert frozenset({"pollen"} if older == pollen else {"editorial"}) in together(pipeline, ids)


def test_verdict_that_contradicts_earlier_ones_is_refused(pipeline: Pipeline, ids: dict[str, str]) -> None:
    a, b, c = ids["tides"], ids["knots"], ids["pollen"]
    say(pipeline, "same", a, b, because="I wrote it")
    say(pipeline, "same", b, c)
    before = content(pipeline.lake)
    with pytest.raises(
        UsageError, match=r"different contradicts what was decided before: same .*; same .*paperlake undo"
    ) as told:
        say(pipeline, "different", c, a)
    assert "by Ada on" in str(told.value)
    assert "because I wrote it" in str(told.value)
    with pytest.raises(UsageError, match="contradicts"):
        say(pipeline, "different", a, b)
    assert content(pipeline.lake) == before
    say(pipeline, "undo", b, c)
    say(pipeline, "different", c, a)
    with pytest.raises(UsageError, match=r"same contradicts what was decided before: same .*; different"):
        say(pipeline, "same", b, c)


def test_what_stands_already_is_not_written_again(pipeline: Pipeline, ids: dict[str, str]) -> None:
    a, b = ids["pollen"], ids["editorial"]
    assert say(pipeline, "different", a, b).is_new
    before = content(pipeline.lake)
    again = say(pipeline, "different", b, a)
    assert (again.is_new, again.earlier is not None) == (False, True)
    assert content(pipeline.lake) == before


def test_latest_decision_is_the_one_to_undo(pipeline: Pipeline, ids: dict[str, str]) -> None:
    a, b, c = ids["pollen"], ids["editorial"], ids["knots"]
    with pytest.raises(UsageError, match="there is no decision to undo"):
        latest(pipeline.lake)
    say(pipeline, "different", a, b)
    say(pipeline, "different", b, c)
    assert latest(pipeline.lake) == tuple(sorted((b, c)))
    say(pipeline, "undo", *latest(pipeline.lake))
    assert latest(pipeline.lake) == tuple(sorted((a, b)))


@pytest.mark.parametrize(
    ("verdict", "names", "message"),
    [
        pytest.param("same", ("{a}", "nowhere"), "nowhere: no record or paper goes by this name .*paperlake explain", id="unknown"),
        pytest.param("same", ("{a}", "p{a}0"), "no record or paper", id="no founding record"),
        pytest.param("different", ("{a}", "p{a}"), "both names are of one record", id="one record"),
        pytest.param("undo", ("{a}", "{b}"), "there is no decision on these two", id="nothing to undo"),
        pytest.param("same", ("{a}", "2003.01234"), "2 papers go by this name .*choose one of p", id="ambiguous"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    prepared: tuple[Path, dict[str, str]], verdict: Verdict, names: tuple[str, str], message: str
) -> None:
    lake, ids = prepared
    with pytest.raises(UsageError, match=message):
        say(Pipeline(lake), verdict, *(name.format(a=ids["pollen"], b=ids["editorial"]) for name in names))
    assert Pipeline(lake).rows("FROM decisions") == []


def test_no_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake here"):
        say(Pipeline(tmp_path / "none"), "same", "a", "b")
    assert not Lake(tmp_path / "none").root.exists()
