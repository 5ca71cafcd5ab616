"""Ctrl-C ends a run that has no server of its own to report to: at once, without a word from the machinery, and without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from serving import PAPERLAKE, PATIENCE_SECONDS, wait_until

from warehouse.locking import writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline import Pipeline

INTERRUPTED = 130


@pytest.mark.integration
def test_interrupted_run_ends_and_leaves_nothing(
    environment: dict[str, str], pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "dump.jsonl").write_text('{"title": "Sorting letters by lamplight"}\n')
    said = tmp_path / "said"
    alone = {name: value for name, value in environment.items() if name != "PREFECT_API_URL"}
    command = [str(PAPERLAKE), "ingest", str(tmp_path / "dump.jsonl"), "--lake", str(pipeline.lake.root)]
    with said.open("wb") as out, writer_lock(pipeline.lake.lock, owner="somebody", wait_seconds=0):
        process = subprocess.Popen(command, env=alone, stdout=out, stderr=out, start_new_session=True)
        try:
            wait_until(lambda: "check" in said.read_text(), said.read_text)  # and now it waits for the lake
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everything that the command started gets it too
            assert process.wait(PATIENCE_SECONDS) == INTERRUPTED, said.read_text()
        finally:
            process.kill()
    assert "Error" not in said.read_text()
    assert not pipeline.lake.exists
    assert not [folder for folder in (pipeline.lake.root / "staging").glob("*") if any(folder.iterdir())]
