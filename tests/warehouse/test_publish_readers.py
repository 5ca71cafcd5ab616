"""Readers see whole batches, also while one is published."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from pipeline import Pipeline, assert_sound, without_expectations

from warehouse import publish
from warehouse.query import connect

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

SUBJECTS = ("anchors", "bridges", "candles", "dunes")
ENTRIES = 20


@pytest.fixture
def dumps(tmp_path: Path) -> list[Path]:
    for subject in SUBJECTS:
        (tmp_path / f"{subject}.jsonl").write_bytes(lines(ENTRIES, subject))
    return [tmp_path / f"{subject}.jsonl" for subject in SUBJECTS]


class Watcher(threading.Thread):
    """Looks at the lake over and over, and keeps what it saw and what went wrong."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.seen: list[int] = []
        self.error: BaseException | None = None
        self.is_over = threading.Event()

    def run(self) -> None:
        try:
            with connect(self.pipeline.lake.root) as connection:
                while not self.is_over.is_set():
                    self.look(connection)
                self.look(connection)
        except BaseException as error:  # noqa: BLE001  # a thread's errors are nobody's: the test asks for them
            self.error = error

    def look(self, connection: duckdb.DuckDBPyConnection) -> None:
        assert_sound(connection)
        self.seen += [row[0] for row in connection.execute("SELECT count(*) FROM records").fetchall()]


def test_reader_never_sees_half_a_batch(pipeline: Pipeline, dumps: list[Path]) -> None:
    first, *others = dumps
    with without_expectations():
        pipeline.ingest(first)
        watcher = Watcher(pipeline)
        watcher.start()
        try:
            for dump in others:
                pipeline.ingest(dump)
        finally:
            watcher.is_over.set()
            watcher.join()
    assert watcher.error is None
    assert set(watcher.seen) <= {ENTRIES * number for number in range(1, len(SUBJECTS) + 1)}
    assert watcher.seen == sorted(watcher.seen)
    assert len(set(watcher.seen)) > 1
    assert watcher.seen[-1] == ENTRIES * len(SUBJECTS)


def test_open_snapshot_holds_while_others_publish(pipeline: Pipeline, dumps: list[Path]) -> None:
    with without_expectations():
        pipeline.ingest(dumps[0])
        with connect(pipeline.lake.root) as reader:
            reader.execute("BEGIN")
            before = reader.execute("SELECT count(*) FROM records").fetchone()
            pipeline.ingest(dumps[1])
            assert reader.execute("SELECT count(*) FROM records").fetchone() == before == (ENTRIES,)
            reader.execute("COMMIT")
            assert reader.execute("SELECT count(*) FROM records").fetchone() == (2 * ENTRIES,)


def test_failure_within_the_transaction_leaves_the_lake_as_it_was(
    pipeline: Pipeline, dumps: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last table fails: everything before it was written already."""
    appended = publish.append  # made to fail as a full disk would

    def fail_at_papers(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
        if name == "variant_keys":
            raise OSError(28, "No space left on device")
        appended(connection, name, source)

    with without_expectations():
        pipeline.ingest(dumps[0])
        monkeypatch.setattr(publish, "append", fail_at_papers)
        with pytest.raises(OSError, match="No space left"):
            pipeline.ingest(dumps[1])
        assert pipeline.one("SELECT count(*) FROM records") == ENTRIES
        assert pipeline.one("SELECT count(*) FROM dumps") == 1
        pipeline.assert_sound()
        monkeypatch.undo()
        pipeline.ingest(dumps[1])
    assert pipeline.one("SELECT count(*) FROM records") == 2 * ENTRIES
    pipeline.assert_sound()
