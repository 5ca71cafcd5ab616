from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from transforms.errors import LakeBusyError
from warehouse.locking import writer_lock

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event
    from pathlib import Path


def test_second_writer_is_told_who_holds_the_lake(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    with (
        writer_lock(lock, owner="ingest monday", wait_seconds=0),
        pytest.raises(LakeBusyError, match=f"ingest monday .process {os.getpid()}"),
        writer_lock(lock, owner="ingest tuesday", wait_seconds=0.05),
    ):
        pytest.fail("two writers at once")


def test_lock_is_free_after_its_block_even_when_that_fails(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    with pytest.raises(ZeroDivisionError), writer_lock(lock, owner="a", wait_seconds=0):
        raise ZeroDivisionError
    with writer_lock(lock, owner="b", wait_seconds=0):
        pass


def hold(path: Path, held: Event) -> None:
    with writer_lock(path, owner="doomed", wait_seconds=0):
        held.set()
        signal.pause()


@pytest.mark.integration
def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(lock, held))
    process.start()
    assert held.wait(30)
    process.kill()
    process.join()
    with writer_lock(lock, owner="next", wait_seconds=0):
        pass
