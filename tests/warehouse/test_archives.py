"""Archives in the landing folder: each member a dump of its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from archives import FILES, ONE, PACKED, TWO, each_kind, ingest, tarred, unpack, zipped
from pipeline import Pipeline, content, digest

from warehouse import ledger
from warehouse.ledger import find_new
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from pathlib import Path


@each_kind
def test_members_are_dumps_known_by_their_bytes(tmp_path: Path, kind: str) -> None:
    found = unpack(tmp_path, PACKED[kind])
    assert found.problems == ()
    assert [(dump.name, dump.member) for dump in found.members] == [
        ("2025-03-18.jsonl", "2025/2025-03-18.jsonl"),
        ("b.jsonl.gz", "b.jsonl.gz"),
    ]
    for dump, data in zip(found.members, FILES.values(), strict=True):
        assert dump.path.read_bytes() == data
        assert (dump.dump_id, dump.byte_count) == (sha256_file(dump.path), len(data))
        assert dump.uri == f"{tmp_path}/papers!/{dump.member}"


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_members_go_into_the_lake_and_again_there_is_nothing_new(
    pipeline: Pipeline, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"papers.{kind}").write_bytes(PACKED[kind])
    first = ingest(pipeline, tmp_path / f"papers.{kind}")
    assert (first.total("records_kept"), first.problems, first.errors) == (7, [], {})
    pipeline.assert_sound()
    rows = pipeline.rows("SELECT uri, status, reader, entries_read, captured_date FROM dumps ORDER BY uri")
    place = f"{tmp_path}/papers.{kind}"
    assert [(row["uri"], row["status"], row["reader"], row["entries_read"]) for row in rows] == [
        (place, "unpacked", None, 0),
        (f"{place}!/2025/2025-03-18.jsonl", "published", "jsonl", 3),
        (f"{place}!/b.jsonl.gz", "published", "jsonl", 4),
    ]
    assert rows[1]["captured_date"] == dt.date(2025, 3, 18)
    kept = {file.name.partition(".")[0] for file in pipeline.lake.raw.rglob("*") if file.is_file()}
    assert kept == {row["dump_id"] for row in pipeline.rows("SELECT dump_id FROM dumps WHERE status = 'published'")}
    assert [path for path in pipeline.lake.staging.rglob("*") if path.is_file()] == []
    monkeypatch.setattr(ledger, "sha256_file", lambda _: pytest.fail("it was read"))
    monkeypatch.setattr(ledger, "archive_kind", lambda _: pytest.fail("it was opened"))
    again = ingest(pipeline, tmp_path / f"papers.{kind}")
    assert (again.known, again.batch, again.problems) == (1, None, [])


def test_same_bytes_elsewhere_are_the_same_dump(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "loose.jsonl").write_bytes(ONE)
    (tmp_path / "a.zip").write_bytes(zipped({"x.jsonl": ONE, "y.jsonl": TWO, "again.jsonl": TWO}))
    first = ingest(pipeline, tmp_path / "loose.jsonl", tmp_path / "a.zip")
    assert (first.total("records_kept"), first.known) == (7, 2)
    (tmp_path / "b.tar").write_bytes(tarred({"x.jsonl": ONE, "y.jsonl": TWO}))
    second = ingest(pipeline, tmp_path / "b.tar")
    assert (second.total("records_kept"), second.known) == (0, 2)
    third = ingest(pipeline, tmp_path / "b.tar")
    assert (third.known, third.batch) == (1, None)
    pipeline.assert_sound()


def test_archive_and_its_members_loose_give_the_same_papers(tmp_path: Path) -> None:
    lakes = Pipeline(tmp_path / "one"), Pipeline(tmp_path / "other")
    (tmp_path / "papers.zip").write_bytes(PACKED["zip"])
    for name, data in FILES.items():
        (tmp_path / "loose" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "loose" / name).write_bytes(data)
    ingest(lakes[0], tmp_path / "papers.zip")
    ingest(lakes[1], tmp_path / "loose")
    assert lakes[0].partition() == lakes[1].partition()
    assert digest(lakes[0].lake.raw) == digest(lakes[1].lake.raw)


def test_bad_members_are_named_with_their_archive_and_tried_again(pipeline: Pipeline, tmp_path: Path) -> None:
    files = {"a.jsonl": ONE, "in/letter.txt": b"Dear Sir\n", "in/cut.jsonl": TWO + '{"title": "é'.encode()[:-1]}
    (tmp_path / "p.zip").write_bytes(zipped(files | {"../x": b"x"}))
    for known in (0, 1):
        done = ingest(pipeline, tmp_path / "p.zip")
        assert [str(problem) for problem in done.problems] == [
            "p.zip!/../x: has a name that leads out of the archive (unpack the archive, if it is genuine)"
        ]
        assert done.errors["letter.txt"].startswith("p.zip!/in/letter.txt: is in no known format")
        assert done.errors["cut.jsonl"].startswith("p.zip!/in/cut.jsonl, line 5: is truncated")
        assert done.known == known
    pipeline.assert_sound()
    scheduled = find_new([tmp_path / "p.zip"], pipeline.lake, retry_failed=False)
    assert (scheduled.known, scheduled.archives, scheduled.dumps) == (1, [], [])


def test_archive_of_which_one_member_failed_is_tried_again(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(zipped({"a.jsonl": ONE, "letter.txt": b"Dear Sir\n"}))
    ingest(pipeline, tmp_path / "p.zip")
    assert list(ingest(pipeline, tmp_path / "p.zip").errors) == ["letter.txt"]


def test_dead_run_leaves_the_archive_to_the_next(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.zip").write_bytes(PACKED["zip"])
    monkeypatch.setattr("pipeline.publish_batch", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ingest(pipeline, tmp_path / "p.zip")
    assert content(pipeline.lake).get("dumps", []) == []
    monkeypatch.undo()
    assert ingest(pipeline, tmp_path / "p.zip").total("records_kept") == 7
    pipeline.assert_sound()
