"""A lake does the same in a folder, and with its catalog in PostgreSQL and its files on S3.

What holds of a lake in a folder is tested all over `tests/warehouse`; here in `make torture` alone, beside the shared one.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bad_dumps import lines
from effort import IS_THOROUGH
from pipeline import Pipeline, content, without_expectations

from transforms.errors import LakeBusyError
from warehouse.history import rollback, snapshots
from warehouse.locking import writer_lock
from warehouse.maintain import maintain
from warehouse.opening import held_open, transaction
from warehouse.query import ask
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults import Ended, WarmProcess
    from sharing import Servers

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture(params=["folder", "shared"] if IS_THOROUGH else ["shared"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A lake that does not exist yet, of either kind."""
    if request.param == "folder":
        return Pipeline(tmp_path / "lake")
    servers: Servers = request.getfixturevalue("sharing")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    return Pipeline(servers.toml(f"lake_{uuid.uuid4().hex[:12]}", tmp_path))


@pytest.fixture
def dumps(tmp_path: Path) -> list[Path]:
    """Three dumps, the last of which repeats papers of the first."""
    landing = tmp_path / "landing"
    landing.mkdir()
    for number, subject in enumerate(("anchors", "bridges", "candles")):
        (landing / f"{number}.jsonl").write_bytes(lines(4, subject))
    (landing / "2.jsonl").write_bytes(lines(6, "anchors"))
    return sorted(landing.iterdir())


class Elsewhere:
    """Does things to a lake in other processes."""

    def __init__(self, warm: WarmProcess, environment: dict[str, str]) -> None:
        self.warm = warm
        self.environment = environment

    def do(self, operation: str, lake: Pipeline, *arguments: object, fault: dict[str, str] | None = None) -> Ended:
        place = Path(lake.lake.name)
        return self.warm.do(operation, place, *arguments, fault=fault, environment=self.environment)

    def die(self, lake: Pipeline, moment: str, *paths: Path) -> None:
        """Ingest, and be killed `before` or `after` the commit."""
        ended = self.do("ingest", lake, *paths, fault={"commit": moment})
        assert (ended.code, ended.said) == (-9, "")


@pytest.fixture
def elsewhere(warm: WarmProcess, lake: Pipeline) -> Elsewhere:  # noqa: ARG001  # which sets the environment
    names = ("XDG_CACHE_HOME", "PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
    return Elsewhere(warm, {name: os.environ[name] for name in names if name in os.environ})


def asked(lake: Pipeline, sql: str) -> list[tuple[Any, ...]]:
    with ask(lake.lake, sql) as connection:
        return connection.fetchall()


def test_ingest_and_ask(lake: Pipeline, dumps: list[Path]) -> None:
    assert lake.ingest(*dumps[:2]).total("records_kept") == 8
    again = lake.ingest(*dumps)
    assert (again.known, again.total("records_kept"), again.new_papers) == (2, 6, 2)
    assert asked(lake, "SELECT count(*), sum(record_count) FROM papers") == [(10, 14)]
    assert asked(lake, "SELECT count(*) FROM dumps WHERE status = 'published'") == [(3,)]
    lake.assert_sound()
    assert verify(lake.lake, deep=True) == []


@pytest.mark.parametrize(("moment", "records"), [("before", 4), ("after", 8)])
def test_killed_run_leaves_all_or_nothing(
    lake: Pipeline, dumps: list[Path], elsewhere: Elsewhere, moment: str, records: int
) -> None:
    lake.ingest(dumps[0])
    elsewhere.die(lake, moment, dumps[1])
    lake.assert_sound()
    assert lake.one("SELECT count(*) FROM records") == records
    lake.ingest(*dumps)
    assert lake.one("SELECT count(*) FROM records") == 14
    maintain(lake.lake, now=NOW, keep_days=30)
    assert verify(lake.lake, deep=True) == []
    assert [file for file in lake.lake.staging.rglob("*") if file.is_file()] == []


def test_first_run_that_dies_leaves_no_lake(lake: Pipeline, dumps: list[Path], elsewhere: Elsewhere) -> None:
    elsewhere.die(lake, "before", *dumps)
    assert not lake.lake.exists
    assert lake.ingest(*dumps).total("records_kept") == 14
    assert verify(lake.lake) != []  # what the dead run wrote
    maintain(lake.lake, now=NOW, keep_days=30)
    assert verify(lake.lake, deep=True) == []


def test_verify_finds_what_is_gone_and_what_is_changed(lake: Pipeline, dumps: list[Path]) -> None:
    lake.ingest(*dumps)
    parquet = sorted(lake.lake.data.rglob("*.parquet"))
    raw = sorted(lake.lake.raw.glob("*/*"))
    parquet[0].unlink()
    raw[0].unlink()
    raw[1].write_text("other bytes", encoding="utf-8")
    found = {(finding.where.rsplit("/", 1)[-1].split(".")[0], finding.what) for finding in verify(lake.lake, deep=True)}
    assert found >= {
        (parquet[0].name.split(".")[0], "is named by the catalog and is not there"),
        (raw[0].name.split(".")[0], "the raw dump is not there"),
        (raw[1].name.split(".")[0], "the raw dump has other bytes than were captured"),
    }


def test_upkeep_and_the_way_back_change_nothing_else(lake: Pipeline, dumps: list[Path]) -> None:
    lake.ingest(dumps[0])
    first, before = snapshots(lake.lake)[-1]["snapshot"], content(lake.lake)
    for dump in dumps[1:]:
        lake.ingest(dump)
    after = content(lake.lake)
    left_over = lake.lake.raw / "ff" / f"{'f' * 64}.zst"
    _put(left_over)
    done = maintain(lake.lake, now=NOW, keep_days=30)
    assert done.merged_files > 0
    assert done.raw_dumps == 1
    assert content(lake.lake) == after
    with writer_lock(lake.lake.lock, owner="a test", wait_seconds=5), held_open(lake.lake):
        rollback(lake.lake, first)
    assert content(lake.lake) == before
    assert verify(lake.lake, deep=True) == []


def _put(file: Any) -> None:
    if isinstance(file, Path):
        file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("left over", encoding="utf-8")


def test_rebuild_mends_what_dumps_say_and_changes_nothing_else(lake: Pipeline, dumps: list[Path]) -> None:
    lake.ingest(dumps[0])
    lake.ingest(*dumps[1:])
    before = content(lake.lake)
    with transaction(lake.lake, made_by="damage") as connection:
        connection.execute("UPDATE papers SET title = 'Another'")
        connection.execute("DELETE FROM matches")
    assert lake.rebuild().replaced == ("matches", "papers")
    assert content(lake.lake) == before
    assert verify(lake.lake, deep=True) == []
    assert [file for file in lake.lake.staging.rglob("*") if file.is_file()] == []


def test_writers_at_once_do_what_one_does(
    lake: Pipeline, dumps: list[Path], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    chosen = [dumps[:2], dumps[1:], dumps[::2]] if IS_THOROUGH else [dumps[:2], dumps[1:]]
    ended = elsewhere.do("at once", lake, *(json.dumps(["ingest", *map(str, some)]) for some in chosen))
    assert ended.code == 0, ended.said
    alone = Pipeline(tmp_path / "alone")
    alone.ingest(*dumps)
    lake.assert_sound()
    assert lake.partition() == alone.partition()
    assert verify(lake.lake, deep=True) == []


def test_holder_is_named_and_a_dead_one_is_followed(lake: Pipeline, dumps: list[Path], elsewhere: Elsewhere) -> None:
    with (
        writer_lock(lake.lake.lock, owner="ingest of Monday", wait_seconds=0),
        pytest.raises(LakeBusyError, match=rf"ingest of Monday \(process {os.getpid()} on "),
        writer_lock(lake.lake.lock, owner="another", wait_seconds=0.1),
    ):
        pass
    elsewhere.die(lake, "before", dumps[0])
    with writer_lock(lake.lake.lock, owner="another", wait_seconds=600):
        pass
