from __future__ import annotations

import datetime as dt
import errno
from typing import TYPE_CHECKING

import polars as pl
import pytest
import zstandard
from bad_dumps import lines

from transforms.errors import UnreadableDumpError
from warehouse import staging as staging_module
from warehouse.lake import Lake
from warehouse.ledger import find_new
from warehouse.staged import StagedBatch
from warehouse.staging import normalize_staged, refuse, stage_dump, staging_folder

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.ledger import NewDump


@pytest.fixture
def dump(tmp_path: Path) -> NewDump:
    path = tmp_path / "2026-03-11.jsonl"
    path.write_bytes(lines(4) + b'{"title": broken\n')
    return find_new([path], Lake(tmp_path / "lake"), retry_failed=True).dumps[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "staging").mkdir()
    return tmp_path / "staging"


def test_every_entry_is_staged_as_record_or_reject(dump: NewDump, folder: Path) -> None:
    staged = stage_dump(dump, folder)
    assert (staged.error, staged.reader, staged.records_read, staged.rejects_read) == (None, "jsonl", 4, 1)
    assert pl.read_parquet(normalize_staged([staged], folder).records)["position"].to_list() == [1, 2, 3, 4]
    assert pl.read_parquet(staged.reject_files)["position"].to_list() == [5]


def test_day_of_the_dump_is_taken_from_its_name(dump: NewDump, folder: Path) -> None:
    assert stage_dump(dump, folder).captured_date == dt.date(2026, 3, 11)


def test_plain_dump_is_kept_packed_byte_for_byte(dump: NewDump, folder: Path) -> None:
    kept = next(stage_dump(dump, folder).folder.glob("raw.*"))
    assert kept.name == "raw.zst"
    with kept.open("rb") as packed:
        assert zstandard.ZstdDecompressor().stream_reader(packed).read() == dump.path.read_bytes()


def test_dump_that_changes_while_it_is_read_is_refused(dump: NewDump, folder: Path) -> None:
    dump.path.write_bytes(dump.path.read_bytes() + lines(1, "afterthoughts"))
    staged = stage_dump(dump, folder)
    assert "the file changed while it was read (the next run reads it again)" in str(staged.error)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_failing_disk_is_tried_again(dump: NewDump, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> object:
        error = UnreadableDumpError("cannot be read", where=dump.path.name)
        raise error from OSError(number, "the disk failed")

    with monkeypatch.context() as patch:
        patch.setattr(staging_module, "open_dump", fail)
        with pytest.raises(OSError, match="cannot be read"):
            stage_dump(dump, folder)
    assert stage_dump(dump, folder).records_read == 4


def test_records_that_pack_well_are_normalized_in_parts_all_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging_module, "PART_ROWS", 10)
    for number in range(5):
        (tmp_path / f"{number}.jsonl").write_bytes(lines(4, f"subject {number}"))
    new = find_new(sorted(tmp_path.glob("*.jsonl")), Lake(tmp_path / "lake"), retry_failed=True).dumps
    batch = normalize_staged([stage_dump(dump, folder) for dump in new], folder)
    assert [pl.read_parquet(file).height for file in batch.records] == [8, 8, 4]


def test_dump_that_was_given_up_says_why(dump: NewDump, folder: Path) -> None:
    refused = refuse(dump, OSError(errno.EIO, "Input/output error"), folder)
    assert "2026-03-11.jsonl: reading failed: " in str(refused.error)
    assert refused.records_read == 0
    assert normalize_staged([refused], folder) == StagedBatch(folder)


def test_folder_of_a_dead_run_is_swept_and_that_of_a_live_one_stays(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    dead = lake.staging / "dead"
    dead.mkdir(parents=True)
    (dead / "run.lock").touch()
    with staging_folder(lake, "first") as first, staging_folder(lake, "second") as second:
        assert (first.exists(), second.exists(), dead.exists()) == (True, True, False)
    assert list(lake.staging.iterdir()) == []
