"""`paperlake readers` and `paperlake read`, from the command line; neither needs a lake or a server."""

from __future__ import annotations

import csv
import io
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from bad_dumps import lines

from transforms.readers import READERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration


@pytest.fixture
def paperlake(repository: Path, tmp_path: Path) -> Command:
    """The command line as it is installed, without a server."""

    def run(*arguments: object) -> subprocess.CompletedProcess[Any]:
        command = [str(repository / ".venv/bin/paperlake"), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)

    return run


def test_readers_are_listed(paperlake: Command) -> None:
    listed = orjson.loads(paperlake("readers", "--format", "json").stdout)
    assert [row["reader"] for row in listed] == [reader.name for reader in READERS]
    assert all(row["reads"] and row["usual names"] and row["package"] == "paperlake" for row in listed)
    shown = paperlake("readers")
    assert shown.returncode == 0
    assert all(reader.name in shown.stdout for reader in READERS)


def test_read_shows_records_as_the_lake_would_have_them(paperlake: Command, tmp_path: Path) -> None:
    text = "title,doi,year,colour\nÜber  Gärten,https://doi.org/10.5555/ABC,1999,green\n"
    (tmp_path / "list-2025-03-18.csv").write_bytes(text.encode("cp1252"))
    done = paperlake("read", "list-2025-03-18.csv", "--format", "json")
    assert done.returncode == 0
    (record,) = orjson.loads(done.stdout)
    assert (record["title"], record["doi"], record["year"]) == ("Über Gärten", "10.5555/abc", 1999)
    assert (record["seen_date"], record["extra"]) == ("2025-03-18", '{"colour":"green"}')
    assert "record_id" not in record
    assert done.stderr.splitlines() == [
        "reader csv (CSV with a column of titles), 56% sure",
        "1 records, 0 rejects; encoding cp1252",
    ]


def test_limit_counts_entries_and_rejects_are_told_with_their_line(paperlake: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(2) + b"\n{broken\n" + lines(9, "others"))
    done = paperlake("read", "a.jsonl", "--limit", 4, "--format", "csv")
    assert [row["position"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["1", "2", "4"]
    assert "rejected: entry 3, line 4: is not JSON: " in done.stderr
    assert "3 records, 1 rejects; encoding utf-8, stopped at 4 entries" in done.stderr
    assert "12 records" not in done.stderr
    assert "11 records, 1 rejects; encoding utf-8\n" in paperlake("read", "a.jsonl", "--limit", 0).stderr


def test_table_moves_no_cursor(paperlake: Command, tmp_path: Path) -> None:
    title = orjson.dumps({"title": "A \x1b[31mred\x1b[0m title [bold]"})
    (tmp_path / "a.jsonl").write_bytes(title + b'\n{"\x1b[2J\n')
    done = paperlake("read", "a.jsonl")
    assert "\x1b" not in done.stdout + done.stderr
    assert "[bold]" in done.stdout
    assert "rejected: entry 2, line 2: " in done.stderr


def test_file_that_cannot_be_read_to_its_end_shows_what_stands_before(paperlake: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(10_000) + '{"title": "é'.encode()[:-1])
    done = paperlake("read", "a.jsonl", "--limit", 0, "--format", "json")
    assert done.returncode == 1
    assert len(orjson.loads(done.stdout)) == 10_000
    assert done.stderr.splitlines()[-1].startswith("error: a.jsonl, line 10,001: is truncated")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("letter.txt", 3, "error: letter.txt: is in no known format"),
        ("empty.txt", 3, "error: empty.txt: is empty"),
        ("none.txt", 3, "error: none.txt: there is no such file"),
        ("folder", 3, "error: folder: "),
        ("papers.zip", 2, "error: papers.zip: is an archive"),
    ],
)
def test_what_cannot_be_read(paperlake: Command, tmp_path: Path, name: str, code: int, said: str) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir\n")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as packed:
        packed.writestr("a.jsonl", lines(1))
    done = paperlake("read", name)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
