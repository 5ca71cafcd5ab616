"""A lake made anew from its raw dumps: the same where the rules are the same, and nothing lost where they are not."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING
from unittest.mock import patch

import orjson
import pytest
from pipeline import Pipeline, digest, exported, without_expectations

from transforms.errors import LakeError
from warehouse import contract, rebuild, replay, settings
from warehouse.batch import Run
from warehouse.decide import Said, decide
from warehouse.history import snapshots
from warehouse.opening import transaction
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transforms.contract_rules import Rule
    from transforms.dedupe.verdicts import Verdict

TALK = {
    "title": "Grafting Schedules for Late Apples in Cold Valleys",
    "authors": ["Ada Reed", "Ben Holm"],
    "venue": "Proceedings of the 12th Conference on Orchard Systems",
    "year": 2003,
    "abstract": "Late apples in cold valleys are grafted by schedules that nobody wrote down. We ask forty growers, "
    "derive the rules that they follow, and show that two of them suffice.",
}
ARTICLE = {**TALK, "venue": "Journal of Orchard Science", "year": 2004, "volume": "44"}
OTHER = {"title": "Wells That Remember Their Rivers", "authors": ["Cy Dunn"], "year": 2011}


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A lake of three records in two runs, of which two are one work and two publications; only to be copied."""
    folder = tmp_path_factory.mktemp("two-runs")
    made = Pipeline(folder / "lake")
    with without_expectations():
        made.ingest(dump(folder / "talk-2024-01-05.jsonl", TALK, OTHER))
        made.ingest(dump(folder / "article-2024-02-05.jsonl", ARTICLE))
    return made


@pytest.fixture
def orchard(two_runs: Pipeline, tmp_path: Path) -> Pipeline:
    return Pipeline(shutil.copytree(two_runs.lake.root, tmp_path / "orchard"))


def dump(path: Path, *records: dict[str, object]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    os.utime(path, (1_700_000_000, 1_700_000_000))  # a young file would be watched for half a second
    return path


def say(pipeline: Pipeline, verdict: Verdict, a: str, b: str) -> None:
    run = Run(f"{verdict} {a}", verdict, "0", dt.datetime.now(dt.UTC))
    decide(Said(verdict, a, b, "a tester"), pipeline.lake, run, wait_seconds=600)


def sql(pipeline: Pipeline, statement: str) -> None:
    with transaction(pipeline.lake, made_by="damage") as connection:
        connection.execute(statement)


def paper_of(pipeline: Pipeline, venue: str) -> str:
    found = "SELECT paper_id FROM paper_records JOIN records USING (record_id) WHERE starts_with(venue, ?)"
    return str(pipeline.one(found, venue))


def raw_files(pipeline: Pipeline) -> list[Path]:
    return sorted(pipeline.lake.raw.glob("*/*.zst"))


def test_same_rules_make_the_same_lake(orchard: Pipeline, tmp_path: Path) -> None:
    """Also what people decided, and what followed from it: to the byte, and without a new snapshot."""
    article = orchard.one("SELECT record_id FROM records WHERE volume = '44'")
    say(orchard, "different", paper_of(orchard, "Proceedings"), article)
    before, snapshots_before = exported(orchard.lake, tmp_path / "before"), snapshots(orchard.lake)
    assert orchard.rebuild().replaced == ()
    assert exported(orchard.lake, tmp_path / "after") == before
    assert snapshots(orchard.lake) == snapshots_before
    assert len(orchard.partition()) == 3


def test_samples_in_four_runs_are_made_again(sample_lake: Pipeline, tmp_path: Path) -> None:
    lake = Pipeline(shutil.copytree(sample_lake.lake.root, tmp_path / "lake"))
    before = exported(lake.lake, tmp_path / "before")
    assert lake.rebuild().replaced == ()
    assert exported(lake.lake, tmp_path / "after") == before


DAMAGE = (
    "DELETE FROM records WHERE position = 1",
    "INSERT INTO rejects SELECT dump_id, 7, 7, 'read', [], NULL, run_id, ingested_at FROM dumps",
    "DELETE FROM matches",
    "DELETE FROM variant_keys",
    "UPDATE papers SET title = 'Another'",
    "UPDATE paper_records SET paper_id = (SELECT min(paper_id) FROM papers)",
    "UPDATE dumps SET records_kept = 0",
    "INSERT INTO paper_redirects SELECT paper_id, paper_id, run_id, created_at, run_id, created_at FROM papers",
)
"""What does not follow from the raw dumps."""


def test_what_dumps_say_is_mended(orchard: Pipeline) -> None:
    ids = orchard.rows("SELECT record_id, paper_id FROM paper_records ORDER BY ALL")
    for damage in DAMAGE:
        sql(orchard, damage)
    orchard.rebuild()
    assert verify(orchard.lake, deep=True) == []
    assert orchard.rows("SELECT record_id, paper_id FROM paper_records ORDER BY ALL") == ids


def test_level_changes_and_ids_stay(orchard: Pipeline, tmp_path: Path) -> None:
    paper = paper_of(orchard, "Journal")
    assert paper_of(orchard, "Proceedings") == paper
    moved = orchard.rebuild("publication")
    assert (moved.papers_kept, moved.papers_split, moved.papers_new) == (2, 1, 1)
    new = paper_of(orchard, "Journal")
    assert (paper_of(orchard, "Proceedings"), orchard.one("SELECT count(*) FROM papers")) == (paper, 3)
    assert orchard.one("SELECT run_id FROM papers WHERE paper_id = ?", new) == orchard.one(
        "SELECT run_id FROM runs WHERE status = 'rebuilt'"
    )
    moved = orchard.rebuild("work")
    assert (moved.papers_kept, moved.papers_merged, moved.papers_new) == (2, 1, 0)
    assert orchard.one("SELECT paper_id FROM paper_redirects WHERE old_paper_id = ?", new) == paper
    before = exported(orchard.lake, tmp_path / "before")
    assert orchard.rebuild().replaced == ()
    assert exported(orchard.lake, tmp_path / "after") == before
    assert verify(orchard.lake, deep=True) == []


def test_other_rules_are_taken_over(orchard: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "rules_fingerprint", lambda: "0123456789abcdef")
    more = dump(tmp_path / "more.jsonl", {**OTHER, "title": "Rivers That Forget"})
    with pytest.raises(LakeError, match="make it anew from its raw dumps with: paperlake rebuild"):
        orchard.ingest(more)
    assert orchard.rebuild().replaced == ("settings",)
    assert orchard.ingest(more).new_papers == 1
    assert verify(orchard.lake, deep=True) == []


def test_records_become_rejects_and_return(orchard: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a rule that is stricter than the one that let them in; the id of a paper follows its records."""
    talk, rules = paper_of(orchard, "Proceedings"), contract.record_rules

    def stricter(today: dt.date) -> tuple[Rule, ...]:
        first, *others = rules(today)
        return (
            type(first)(
                **{**{name: getattr(first, name) for name in first.__dataclass_fields__}, "predicate": "year <> 2003"}
            ),
            *others,
        )

    with monkeypatch.context() as patched:
        patched.setattr(contract, "record_rules", stricter)
        moved = orchard.rebuild()
        assert (moved.records_lost, moved.records_lost_to_rejects, moved.papers_merged, moved.papers_gone) == (
            1,
            1,
            1,
            0,
        )
    assert orchard.one("SELECT paper_id FROM paper_redirects WHERE old_paper_id = ?", talk) == paper_of(
        orchard, "Journal"
    )
    assert verify(orchard.lake, deep=True) == []
    moved = orchard.rebuild()
    assert (moved.records_gained, moved.papers_returned, paper_of(orchard, "Journal")) == (1, 1, talk)
    assert verify(orchard.lake, deep=True) == []


def test_raw_dump_that_is_missing_or_changed_stops_it(orchard: Pipeline) -> None:
    first, second, *_ = raw_files(orchard)
    first.unlink()
    content = bytearray(second.read_bytes())
    content[-1] ^= 1
    second.write_bytes(content)
    before = digest(orchard.lake.root)
    with pytest.raises(LakeError, match=r"of 2 raw dumps 2 cannot be used: .*nothing was changed") as refused:
        orchard.rebuild()
    assert "is not there" in str(refused.value)
    assert {
        "(" in str(refused.value),
        first.name[:64] in str(refused.value),
        second.name[:64] in str(refused.value),
    } == {True}
    assert digest(orchard.lake.root) == before


@pytest.mark.parametrize("where", ["replay", "swap"])
def test_rebuild_that_fails_changes_nothing(orchard: Pipeline, tmp_path: Path, where: str) -> None:
    before = exported(orchard.lake, tmp_path / "before")
    module, name = {"replay": (replay, "publish"), "swap": (rebuild, "append")}[where]
    with patch.object(module, name, side_effect=OSError("no more")), pytest.raises(OSError, match="no more"):
        orchard.rebuild("publication")
    assert exported(orchard.lake, tmp_path / "after") == before
    assert list(orchard.lake.staging.iterdir()) == []


def test_dumps_of_an_archive_keep_their_place(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    dump(folder / "talk-2024-01-05.jsonl", TALK)
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    made = Pipeline(tmp_path / "lake")
    made.ingest(archive)
    before = exported(made.lake, tmp_path / "before")
    sql(made, "UPDATE papers SET title = 'Another'")
    made.rebuild()
    again = exported(made.lake, tmp_path / "after")
    assert {name for name in before if before[name] != again[name]} <= {"runs", "checks", "papers"}
    assert made.one("SELECT uri FROM dumps WHERE status = 'published'").endswith("packed.zip!/talk-2024-01-05.jsonl")
