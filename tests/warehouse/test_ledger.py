from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from pipeline import Pipeline, without_expectations

from warehouse import ledger
from warehouse.ledger import find_new, published_ids, uri_of
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "dump.jsonl"
    path.write_bytes(lines(3))
    return path


@pytest.fixture
def filled(pipeline: Pipeline, dump: Path, tmp_path: Path) -> Pipeline:
    """A lake that holds one dump and has refused another."""
    (tmp_path / "refused.txt").write_text("no dump at all\n")
    with without_expectations():
        pipeline.ingest(dump, tmp_path / "refused.txt")
    return pipeline


def new_names(files: list[Path], pipeline: Pipeline, *, retry_failed: bool = True) -> list[str]:
    return [new.path.name for new in find_new(files, pipeline.lake, retry_failed=retry_failed).dumps]


def test_everything_is_new_where_there_is_no_lake(dump: Path, pipeline: Pipeline) -> None:
    (new,) = find_new([dump], pipeline.lake, retry_failed=True).dumps
    assert (new.dump_id, new.byte_count) == (sha256_file(dump), dump.stat().st_size)


def test_same_bytes_under_two_names_are_one_dump(dump: Path, pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "twin.jsonl").write_bytes(dump.read_bytes())
    found = find_new([dump, tmp_path / "twin.jsonl"], pipeline.lake, retry_failed=True)
    assert ([new.path.name for new in found.dumps], found.known) == (["dump.jsonl"], 1)


def test_known_dump_under_another_name_is_known(filled: Pipeline, dump: Path, tmp_path: Path) -> None:
    dump.rename(tmp_path / "renamed.jsonl")
    assert new_names([tmp_path / "renamed.jsonl"], filled) == []


def test_known_file_is_not_read_again(filled: Pipeline, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "sha256_file", lambda _: pytest.fail("it was read"))
    found = find_new([dump], filled.lake, retry_failed=True)
    assert (found.dumps, found.known) == ([], 1)


def test_changed_file_is_read_again(filled: Pipeline, dump: Path) -> None:
    status = dump.stat()
    dump.write_bytes(dump.read_bytes().replace(b"Amber", b"Umber"))
    os.utime(dump, ns=(status.st_mtime_ns + 1_000, status.st_mtime_ns + 1_000))
    assert new_names([dump], filled) == ["dump.jsonl"]


def test_refused_dump_is_tried_again_unless_the_run_is_scheduled(filled: Pipeline, tmp_path: Path) -> None:
    assert new_names([tmp_path / "refused.txt"], filled) == ["refused.txt"]
    assert new_names([tmp_path / "refused.txt"], filled, retry_failed=False) == []


def test_refused_dump_that_was_mended_is_new(filled: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "refused.txt").write_bytes(lines(2, "amends"))
    assert new_names([tmp_path / "refused.txt"], filled, retry_failed=False) == ["refused.txt"]


def test_refused_dump_has_one_line_however_often_it_was_tried(filled: Pipeline, tmp_path: Path) -> None:
    filled.ingest(tmp_path / "refused.txt")
    assert filled.one("SELECT count(*) FROM dumps WHERE status = 'failed'") == 1
    assert filled.one("SELECT count(*) FROM runs") == 2


def test_published_ids_are_those_of_the_lake(filled: Pipeline, dump: Path, tmp_path: Path) -> None:
    ids = [sha256_file(dump), sha256_file(tmp_path / "refused.txt"), "0" * 64]
    assert published_ids(filled.lake, ids) == {sha256_file(dump)}
    assert published_ids(filled.lake, []) == set()


def test_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    assert uri_of(path).endswith(r"caf\xe9.txt") or uri_of(path).endswith(r"caf\udce9.txt")
    uri_of(path).encode()


def test_dump_whose_name_is_no_text_goes_in(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jsonl")).write_bytes(lines(2, "names"))
    with without_expectations():
        assert pipeline.ingest(tmp_path).total("records_kept") == 2
