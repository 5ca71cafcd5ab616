from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from pipeline import Pipeline, content, without_expectations

from transforms.dedupe import fingerprint
from transforms.errors import LakeError, UsageError
from warehouse import settings
from warehouse.settings import level_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from transforms.dedupe.weights import Level

TALK = {
    "title": "Grafting Schedules for Late Apples in Cold Valleys",
    "authors": ["Ada Reed", "Ben Holm"],
    "venue": "Proceedings of the 12th Conference on Orchard Systems",
    "year": 2003,
    "abstract": "Late apples in cold valleys are grafted by schedules that nobody wrote down. We ask forty growers, "
    "derive the rules that they follow, and show that two of them suffice.",
}
ARTICLE = {**TALK, "venue": "Journal of Orchard Science", "year": 2004, "volume": "44"}


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


def dump(path: Path, *records: dict[str, object]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    os.utime(path, (1_700_000_000, 1_700_000_000))  # a young file would be watched for half a second
    return path


@pytest.mark.parametrize(
    ("level", "papers"),
    [pytest.param(None, 1, id="default"), pytest.param("publication", 2, id="publication")],
)
def test_talk_and_article_by_level(tmp_path: Path, level: Level | None, papers: int) -> None:
    """Also where the two come in different runs, of which the second does not name the level."""
    talk, article = dump(tmp_path / "talk.jsonl", TALK), dump(tmp_path / "article.jsonl", ARTICLE)
    Pipeline(tmp_path / "lake", level).ingest(talk)
    later = Pipeline(tmp_path / "lake")
    later.ingest(article)
    assert later.one("SELECT value FROM settings WHERE name = 'level'") == (level or "work")
    assert len(later.partition()) == papers
    at_once = Pipeline(tmp_path / "at once", level)
    at_once.ingest(article, talk)
    assert at_once.partition() == later.partition()


@pytest.fixture(scope="module")
def talked(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A lake of the talk, of the level work."""
    folder = tmp_path_factory.mktemp("talk")
    made = Pipeline(folder / "lake", "work")
    with without_expectations():
        made.ingest(dump(folder / "1.jsonl", TALK))
    return made


def test_other_level_is_refused(talked: Pipeline, tmp_path: Path) -> None:
    made = Pipeline(shutil.copytree(talked.lake.root, tmp_path / "lake"))
    before = content(made.lake)
    with pytest.raises(LakeError, match=r"its level is work, not publication .*paperlake rebuild --level publication"):
        Pipeline(tmp_path / "lake", "publication").ingest(dump(tmp_path / "2.jsonl", ARTICLE))
    assert content(made.lake) == before
    assert Pipeline(tmp_path / "lake", "work").ingest(tmp_path / "2.jsonl").new_papers == 0


def test_lake_of_other_rules_can_be_read_and_not_added_to(
    talked: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(talked.lake)
    monkeypatch.setattr(settings, "rules_fingerprint", lambda: "0123456789abcdef")
    with pytest.raises(
        LakeError,
        match=r"other rules decided here what is one paper \([0-9a-f]{16}, these are 0123456789abcdef\).*rebuild",
    ):
        talked.ingest(dump(tmp_path / "2.jsonl", ARTICLE))
    assert content(talked.lake) == before


def test_fingerprint_follows_from_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def now() -> str:
        return fingerprint.rules_fingerprint.__wrapped__()

    whole = now()
    assert whole == now() == fingerprint.rules_fingerprint()
    assert re.fullmatch(r"[0-9a-f]{16}", whole)
    without = set()
    for name in fingerprint.SHIPPED:
        with monkeypatch.context() as patch:
            patch.setattr(fingerprint, "SHIPPED", [other for other in fingerprint.SHIPPED if other != name])
            without.add(now())
    monkeypatch.setattr(fingerprint, "WEIGHTS", replace(fingerprint.WEIGHTS, match_probability=0.66))
    assert len({whole, now(), *without}) == 4


def test_level_is_known_by_its_name() -> None:
    assert [level_named(name) for name in (None, "work", "publication")] == [None, "work", "publication"]
    with pytest.raises(UsageError, match=r"there is no level chapter \(choose work or publication\)"):
        level_named("chapter")
