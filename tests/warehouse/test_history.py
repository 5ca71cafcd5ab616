"""The lake through time: what it held, what changed, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pipeline import Pipeline, content, without_expectations

from transforms.errors import QueryError
from warehouse.history import changes_sql, rollback, snapshots
from warehouse.query import ask
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Grown


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


def answer(pipeline: Pipeline, sql: str, at: str | None = None) -> list[tuple[Any, ...]]:
    with ask(pipeline.lake, sql, at=at) as connection:
        return connection.fetchall()


def test_each_ingest_is_a_snapshot_that_says_what_made_it(grown_once: Grown) -> None:
    found = snapshots(grown_once.lake.lake)
    assert [one["snapshot"] for one in found] == [1, 2, 3]
    assert [one["made_by"] for one in found] == ["a test"] * 3
    assert sorted(one["taken_at"] for one in found) == [one["taken_at"] for one in found]


def test_earlier_state_is_asked_by_number_and_by_time(grown_once: Grown) -> None:
    lake = grown_once.lake
    second = snapshots(lake.lake)[1]
    count = "SELECT count(*) FROM records"
    assert answer(lake, count, at="1") == [(5,)]
    assert answer(lake, count, at=second["taken_at"].isoformat()) == [(10,)]
    assert answer(lake, count) == [(15,)]


@pytest.mark.parametrize("at", ["99", "0", "-1", "1999-01-01", "yesterday-ish", "1'; DROP TABLE papers; --"])
def test_state_that_never_was_is_refused(grown_once: Grown, at: str) -> None:
    with pytest.raises(QueryError, match="paperlake snapshots"):
        answer(grown_once.lake, "SELECT count(*) FROM records", at=at)


@pytest.mark.parametrize("to", [1, 2])
def test_rollback_restores_every_table_and_keeps_history(grown: Grown, to: int) -> None:
    lake = grown.lake.lake
    done = rollback(lake, to)
    assert content(lake) == grown.states[to - 1]
    assert done.taken_out["records"] == 5 * (3 - to)
    assert [one["made_by"] for one in snapshots(lake)][3:] == [f"rollback to snapshot {to}"]
    assert answer(grown.lake, "SELECT count(*) FROM records", at="3") == [(15,)]
    assert verify(lake, deep=True) == []


def test_rollback_can_be_rolled_back(grown: Grown) -> None:
    rollback(grown.lake.lake, 1)
    rollback(grown.lake.lake, 3)
    assert content(grown.lake.lake) == grown.states[2]


def test_dump_that_was_rolled_back_can_come_again(grown: Grown) -> None:
    rollback(grown.lake.lake, 2)
    grown.lake.ingest(grown.dumps[2])
    assert content(grown.lake.lake) == grown.states[2]


@pytest.mark.parametrize("to", [99, 0, -3])
def test_rollback_to_what_never_was_is_refused(grown_once: Grown, to: int) -> None:
    with pytest.raises(QueryError, match=f"no snapshot {to}"):
        rollback(grown_once.lake.lake, to)


def changes(pipeline: Pipeline, since: int) -> list[tuple[str, str | None, str | None]]:
    with ask(pipeline.lake, changes_sql(pipeline.lake, since)) as connection:
        return [(row["change"], row["merged_into"], row["title"]) for row in connection.pl().rows(named=True)]


def test_changes_tell_added_changed_and_removed_papers(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(b'{"title": "Marks of the Tides in Forty Marshes", "arxiv_id": "2003.01234"}\n')
    (tmp_path / "2.jsonl").write_bytes(
        b'{"title": "Marks of the Tides in Forty Marshes", "arxiv_id": "2003.01234", "year": 2020}\n'
        b'{"title": "A Field Guide to Lanterns"}\n'
    )
    pipeline.ingest(tmp_path / "1.jsonl")
    pipeline.ingest(tmp_path / "2.jsonl")
    assert changes(pipeline, 1) == [
        ("added", None, "A Field Guide to Lanterns"),
        ("changed", None, "Marks of the Tides in Forty Marshes"),
    ]
    assert changes(pipeline, 2) == []
    rollback(pipeline.lake, 1)
    assert changes(pipeline, 2) == [
        ("changed", None, "Marks of the Tides in Forty Marshes"),
        ("removed", None, None),
    ]
    assert changes(pipeline, 1) == []


@pytest.mark.parametrize("since", [99, 0, -1])
def test_changes_since_what_never_was_are_refused(grown_once: Grown, since: int) -> None:
    with pytest.raises(QueryError, match="paperlake snapshots"):
        changes(grown_once.lake, since)
