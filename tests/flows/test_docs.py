"""The examples of the documentation are run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from warehouse.engine import EXTENSIONS, extension_file

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline import Pipeline


def block(page: Path, language: str) -> str:
    """The first block of code in a language."""
    found = re.search(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{page.name} has no block of {language}"
    return found[1]


@pytest.mark.integration
def test_downstream_job_reads_each_paper_once(repository: Path, sample_lake: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "lake").symlink_to(sample_lake.lake.root)
    job = tmp_path / "job.py"
    job.write_text(block(repository / "docs" / "downstream.md", "python"), encoding="utf-8")

    def run() -> str:
        done = subprocess.run([sys.executable, job], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    papers = sample_lake.one("SELECT count(*) AS n FROM papers")
    assert run() == f"{papers} new papers\n"
    assert run() == "0 new papers\n"
    assert len((tmp_path / "reading-list.md").read_text(encoding="utf-8").splitlines()) == papers


@pytest.mark.parametrize("page", ["README.md", "docs/downstream.md"])
def test_any_duckdb_attaches_the_lake_as_the_page_says(
    repository: Path, sample_lake: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    (tmp_path / "lake").symlink_to(sample_lake.lake.root)
    monkeypatch.chdir(tmp_path)
    statements = block(repository / page, "sql").split(";")
    with duckdb.connect() as connection:
        for name in EXTENSIONS:  # in the place of INSTALL, which would go to the network
            connection.execute(f"LOAD '{extension_file(name)}'")
        answers = [connection.execute(sql).fetchall() for sql in statements if sql.strip() and "INSTALL" not in sql]
    assert answers[-1]
