"""Many processes at one lake: readers never see half of anything, and writers at once do what one after the other would."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

import crowd
import pytest
from bad_dumps import lines
from effort import IS_THOROUGH
from fault_table import note_row
from pipeline import Pipeline, content, without_expectations
from promises import assert_promises

if TYPE_CHECKING:
    from pathlib import Path

    from faults import WarmProcess

pytestmark = pytest.mark.integration

READERS: Final = 8 if IS_THOROUGH else 3
SECONDS, PAUSE = (60, 0.1) if IS_THOROUGH else (0, 1.0)
WRITERS: Final = 10 if IS_THOROUGH else 2


def test_readers_never_see_half_of_what_a_writer_does(warm: WarmProcess, tmp_path: Path) -> None:
    lake = Pipeline(tmp_path / "lake")
    with without_expectations():
        crowd.ingest_two(lake, 1_000)  # a first batch, so that there is something to see
    readers = [json.dumps(["look", str(number), str(PAUSE)]) for number in range(READERS)]
    ended = warm.do("at once", lake.lake.root, json.dumps(["stir", str(SECONDS)]), *readers)
    assert ended.code == 0, ended.said + told(tmp_path)
    seen = [json.loads(file.read_text()) for file in sorted(tmp_path.glob("lake.reader-*"))]
    assert [one["wrong"] for one in seen] == [[]] * READERS
    assert all(one["looks"] > 0 for one in seen)
    writes = int((tmp_path / "lake.writer").read_text())
    assert writes >= len(crowd.STEPS)
    note_row("looks of readers", f"{READERS} readers, {writes} writes", sum(one["looks"] for one in seen), 0, 0)


def test_ingests_at_once_of_overlapping_folders_do_what_one_after_the_other_would(
    warm: WarmProcess, tmp_path: Path
) -> None:
    folders = overlapping(tmp_path)
    lake, in_turn = Pipeline(tmp_path / "lake"), Pipeline(tmp_path / "in turn")
    ingests = [json.dumps(["command", "ingest", str(folder)]) for folder in folders]
    ended = warm.do("at once", lake.lake.root, *ingests)
    assert ended.code == 0, ended.said + told(tmp_path)
    with without_expectations():
        for folder in folders:
            in_turn.ingest(folder)
    assert lake.partition() == in_turn.partition()
    assert without_uri(lake) == without_uri(in_turn)
    assert_promises(lake.lake)
    note_row("all at once", f"{WRITERS} ingests", 1, 0, 0)


def overlapping(place: Path) -> list[Path]:
    """Make folders of two dumps, each of which stands in the next folder too."""
    folders = [place / f"landing-{number}" for number in range(WRITERS)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        for name in (number, (number + 1) % WRITERS):
            (folder / f"{name}.jsonl").write_bytes(lines(5, f"part {name}"))
            os.utime(folder / f"{name}.jsonl", (1_700_000_000, 1_700_000_000))
    return folders


def without_uri(lake: Pipeline) -> dict[str, list[object]]:
    """Give what the lake holds, but for the folder that a dump was found in and the ids that tell who came first."""
    held = content(lake.lake)
    return {name: held[name] for name in ("records", "matches", "rejects", "variant_keys")} | {
        "dumps": lake.rows("SELECT dump_id, records_kept FROM dumps ORDER BY ALL")
    }


def told(place: Path) -> str:
    return "\n".join(file.read_text() for file in place.glob("*.said"))
