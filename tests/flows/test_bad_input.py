"""One run over a folder of everything that can be wrong: each bad dump is refused, the others go in."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from bad_dumps import BAD, GOOD, Bad, lines
from pipeline import Pipeline

from warehouse import streams

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration

GOOD_ENTRIES = 33


@pytest.fixture(scope="module")
def run(
    paperlake: Command, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pipeline, subprocess.CompletedProcess[str]]:
    """The lake, and how the one run ended that met all of them."""
    place = tmp_path_factory.mktemp("bad")
    landing = place / "landing"
    (landing / "folder").mkdir(parents=True)
    (landing / "folder" / "loop").symlink_to(landing)
    for bad in BAD:
        bad.make(landing / bad.name)
    for name, make in GOOD.items():
        make(landing / name)
    (place / "none").mkdir()
    return Pipeline(place / "lake"), paperlake("ingest", landing, place / "none", "--lake", place / "lake")


@pytest.fixture(params=BAD, ids=[ascii(bad.name) for bad in BAD])
def bad(request: pytest.FixtureRequest) -> Bad:
    return request.param


def test_run_is_partly_done(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    _, done = run
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr


def test_good_dumps_go_through(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    lake, _ = run
    found = lake.rows("SELECT uri, entries_read FROM dumps WHERE status = 'published'")
    assert {row["uri"].rpartition("/landing/")[2] for row in found} == set(GOOD)
    assert sum(row["entries_read"] for row in found) == GOOD_ENTRIES
    assert lake.one("SELECT count(*) FROM records") == GOOD_ENTRIES
    lake.assert_sound()


def test_message_says_what_where_and_what_to_do(
    run: tuple[Pipeline, subprocess.CompletedProcess[str]], bad: Bad
) -> None:
    _, done = run
    said = [line for line in done.stderr.splitlines() if line.startswith("refused:") and _names(line, bad.name)]
    assert len(said) == 1, done.stderr
    assert re.search(bad.message, said[0])
    assert re.search(r" \(.{10,}\)$", said[0]), "there is no hint"


def _names(line: str, name: str) -> bool:
    """Tell whether a message is about the dump of this name, which stands there quoted where it must be."""
    forms = "|".join(re.escape(form) for form in (name, repr(name)))
    return re.match(rf"refused: (\S*/)?({forms})(, line [\d,]+)?: ", line) is not None


def test_lake_holds_nothing_of_it_but_its_line(
    run: tuple[Pipeline, subprocess.CompletedProcess[str]], bad: Bad
) -> None:
    lake, _ = run
    found = lake.rows("SELECT * FROM dumps WHERE ends_with(uri, '/landing/' || ?)", bad.name)
    assert len(found) == bad.is_in_ledger
    for dump in found:
        assert (dump["status"], dump["entries_read"], dump["records_kept"]) == ("failed", 0, 0)
        assert re.search(bad.message, dump["error"])
        for table in ("records", "rejects"):
            assert lake.one(f"SELECT count(*) FROM {table} WHERE dump_id = ?", dump["dump_id"]) == 0
        assert list(lake.lake.raw.rglob(f"{dump['dump_id']}*")) == []


def test_raw_folder_holds_the_good_ones_alone(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    lake, _ = run
    kept = {file.name.partition(".")[0] for file in lake.lake.raw.rglob("*") if file.is_file()}
    good = lake.rows("SELECT dump_id FROM dumps WHERE status = 'published'")
    assert kept == {row["dump_id"] for row in good}


def test_nothing_is_left_in_staging(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    lake, _ = run
    assert [path for path in lake.lake.staging.rglob("*") if path.is_file()] == []


def test_folder_without_dumps_is_named(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    _, done = run
    assert re.search(r"^refused: \S+/none: there are no dumps in this folder \(.+\)$", done.stderr, re.MULTILINE)


def test_every_problem_stands_in_the_line_of_the_run(
    run: tuple[Pipeline, subprocess.CompletedProcess[str]],
) -> None:
    lake, done = run
    (row,) = lake.rows("FROM runs")
    refused = [line for line in done.stderr.splitlines() if line.startswith("refused: ")]
    assert len(row["problems"]) == len(refused) == len(BAD) + 1
    assert (row["dumps_published"], row["dumps_failed"]) == (len(GOOD), sum(bad.is_in_ledger for bad in BAD))


def test_name_moves_no_cursor(run: tuple[Pipeline, subprocess.CompletedProcess[str]]) -> None:
    _, done = run
    said = [line for line in done.stderr.splitlines() if not re.match(r"\w+ +in +[\d,]+ +out ", line)]
    assert [line for line in said if not line.startswith("refused: ")] == []
    assert len(said) == len(BAD) + 1


def test_file_that_may_not_be_read_is_refused(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For root no permission binds: the opening is made to fail as it would for others."""
    (tmp_path / "locked.jsonl").write_bytes(lines(3))
    (tmp_path / "open.jsonl").write_bytes(lines(4, "doors"))
    opened = streams._open_file  # noqa: SLF001  # stands for the operating system

    def refuse_locked(path: Path) -> object:
        if path.name == "locked.jsonl":
            raise streams._unreadable(path.name, PermissionError(13, "Permission denied"))  # noqa: SLF001
        return opened(path)

    monkeypatch.setattr(streams, "_open_file", refuse_locked)
    done = pipeline.ingest(tmp_path)
    (problem,) = done.problems
    assert str(problem) == "locked.jsonl: cannot be read: Permission denied (check the path and its permissions)"
    assert done.total("records_kept") == 4
    assert pipeline.one("SELECT count(*) FROM dumps") == 1


def test_folder_that_may_not_be_read_is_refused(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.jsonl").write_bytes(lines(4, "doors"))
    monkeypatch.setattr("os.scandir", _scandir_but_for("closed"))
    done = pipeline.ingest(tmp_path)
    (problem,) = done.problems
    assert re.search(r"closed: the folder cannot be read: Permission denied \(check its permissions\)$", str(problem))
    assert done.total("records_kept") == 4


def _scandir_but_for(name: str) -> Callable[..., object]:
    scandir = os.scandir

    def scan(path: object = ".") -> object:
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    return scan
