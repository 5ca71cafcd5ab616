"""The lake through time: what it held, what changed, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bad_dumps import lines
from pipeline import Pipeline, content, without_expectations

from transforms.errors import QueryError
from warehouse.history import changes_sql, rollback, snapshots
from warehouse.query import ask
from warehouse.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBJECTS = ("anchors", "bridges", "candles")


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture
def states(pipeline: Pipeline, tmp_path: Path) -> list[dict[str, Any]]:
    """What the lake holds after each of three ingests; snapshots 1, 2, 3."""
    held = []
    for subject in SUBJECTS:
        (tmp_path / f"{subject}.jsonl").write_bytes(lines(5, subject))
        pipeline.ingest(tmp_path / f"{subject}.jsonl")
        held.append(content(pipeline.lake))
    return held


def answer(pipeline: Pipeline, sql: str, at: str | None = None) -> list[tuple[Any, ...]]:
    with ask(pipeline.lake, sql, at=at) as connection:
        return connection.fetchall()


@pytest.mark.usefixtures("states")
def test_each_ingest_is_a_snapshot_that_says_what_made_it(pipeline: Pipeline) -> None:
    found = snapshots(pipeline.lake)
    assert [one["snapshot"] for one in found] == [1, 2, 3]
    assert [one["made_by"] for one in found] == ["a test"] * 3
    assert sorted(one["taken_at"] for one in found) == [one["taken_at"] for one in found]


@pytest.mark.usefixtures("states")
def test_earlier_state_is_asked_by_number_and_by_time(pipeline: Pipeline) -> None:
    second = snapshots(pipeline.lake)[1]
    count = "SELECT count(*) FROM records"
    assert answer(pipeline, count, at="1") == [(5,)]
    assert answer(pipeline, count, at=second["taken_at"].isoformat()) == [(10,)]
    assert answer(pipeline, count) == [(15,)]


@pytest.mark.parametrize("at", ["99", "0", "-1", "1999-01-01", "yesterday-ish", "1'; DROP TABLE papers; --"])
@pytest.mark.usefixtures("states")
def test_state_that_never_was_is_refused(pipeline: Pipeline, at: str) -> None:
    with pytest.raises(QueryError, match="paperlake snapshots"):
        answer(pipeline, "SELECT count(*) FROM records", at=at)


@pytest.mark.parametrize("to", [1, 2])
def test_rollback_restores_every_table_and_keeps_history(
    pipeline: Pipeline, states: list[dict[str, Any]], to: int
) -> None:
    done = rollback(pipeline.lake, to)
    assert content(pipeline.lake) == states[to - 1]
    assert done.taken_out["records"] == 5 * (3 - to)
    assert [one["made_by"] for one in snapshots(pipeline.lake)][3:] == [f"rollback to snapshot {to}"]
    assert answer(pipeline, "SELECT count(*) FROM records", at="3") == [(15,)]
    assert verify(pipeline.lake, deep=True) == []


def test_rollback_can_be_rolled_back(pipeline: Pipeline, states: list[dict[str, Any]]) -> None:
    rollback(pipeline.lake, 1)
    rollback(pipeline.lake, 3)
    assert content(pipeline.lake) == states[2]


def test_dump_that_was_rolled_back_can_come_again(
    pipeline: Pipeline, states: list[dict[str, Any]], tmp_path: Path
) -> None:
    rollback(pipeline.lake, 2)
    pipeline.ingest(tmp_path / "candles.jsonl")
    assert content(pipeline.lake) == states[2]


@pytest.mark.parametrize("to", [99, 0, -3])
@pytest.mark.usefixtures("states")
def test_rollback_to_what_never_was_is_refused(pipeline: Pipeline, to: int) -> None:
    with pytest.raises(QueryError, match=f"no snapshot {to}"):
        rollback(pipeline.lake, to)


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
@pytest.mark.usefixtures("states")
def test_changes_since_what_never_was_are_refused(pipeline: Pipeline, since: int) -> None:
    with pytest.raises(QueryError, match="paperlake snapshots"):
        changes(pipeline, since)
