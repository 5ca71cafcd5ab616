"""An archive in the landing folder, from the command line."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from bad_dumps import lines
from pipeline import Pipeline

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[Any]]


@pytest.mark.integration
def test_archive_goes_in_and_its_bad_members_are_named(paperlake: Command, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as packed:
        packed.writestr("2025/a.jsonl", lines(3, "kites"))
        packed.writestr("../b.jsonl", lines(3, "tides"))
        packed.writestr("letter.txt", "Dear Sir\n")
    done = paperlake("ingest", tmp_path / "papers.zip", "--lake", tmp_path / "lake")
    assert done.returncode == 1, done.stderr
    stages = re.findall(r"^(\w+) +in +([\d,]+) +out +([\d,]+) +rejected +([\d,]+)", done.stderr, re.MULTILINE)
    assert stages[:3] == [("find", "1", "0", "0"), ("unpack", "3", "2", "1"), ("read", "3", "3", "0")]
    refused = [line.partition(" (")[0] for line in done.stderr.splitlines() if line.startswith("refused: ")]
    assert refused[0] == "refused: papers.zip!/../b.jsonl: has a name that leads out of the archive"
    assert refused[1].startswith("refused: papers.zip!/letter.txt: is in no known format")
    lake = Pipeline(tmp_path / "lake")
    assert lake.one("SELECT count(*) FROM papers") == 3
    lake.assert_sound()
    shown = paperlake("status", "--lake", tmp_path / "lake")
    assert "leads out of the archive" in " ".join(shown.stdout.split())
