"""The forms in which one search was exported give the same papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pipeline import without_expectations

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline import Pipeline

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize(
    ("files", "papers"),
    [
        pytest.param(["zotero_export.csv", "zotero_export.xml", "mendeley_export.xml"], 1233, id="PubMed"),
        pytest.param(["zotero_export.ris", "zotero_export.bib"], 1000, id="Web of Science"),
    ],
)
def test_forms_of_one_search_give_its_papers(pipeline: Pipeline, shared: Path, files: list[str], papers: int) -> None:
    """No entry of either search repeats another: corrections, sequels and namesakes among letters stay apart."""
    with without_expectations():
        done = pipeline.ingest(*(shared / "corpus" / "endnote_and_zotero" / file for file in files))
    assert done.total("records_kept") == papers * len(files)
    assert pipeline.one("SELECT count(*) FROM papers") == papers
    assert pipeline.one("SELECT count(*) FROM papers WHERE record_count <> ?", len(files)) == 0
