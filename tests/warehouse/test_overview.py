from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pipeline import SAMPLE_DUMPS, SAMPLE_PAPERS, SAMPLE_RECORDS, SAMPLE_REJECTS

from transforms.errors import LakeError, QueryError
from warehouse.lake import Lake
from warehouse.overview import explain, status

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline import Pipeline


def test_status_counts_what_is_there(sample_lake: Pipeline) -> None:
    found = status(sample_lake.lake)
    assert found.counts == {
        "dumps": SAMPLE_DUMPS,
        "records": SAMPLE_RECORDS,
        "papers": SAMPLE_PAPERS,
        "rejects": SAMPLE_REJECTS,
    }
    assert len(found.runs) == 4
    assert [run["finished_at"] for run in found.runs] == sorted(
        (run["finished_at"] for run in found.runs), reverse=True
    )


def test_status_names_what_was_refused(sample_lake: Pipeline) -> None:
    refused = status(sample_lake.lake).refused
    assert [row["uri"].rpartition("/")[2] for row in refused] == ["truncated.txt.gz"]
    assert all(row["error"] for row in refused)


@pytest.mark.parametrize("reference", ["paper_id", "record_id", "doi", "DOI in capitals", " doi "])
def test_paper_is_found_by_any_of_its_names(sample_lake: Pipeline, reference: str) -> None:
    (row,) = sample_lake.rows("""
        SELECT paper_id, min(record_id) AS record_id, doi, upper(doi) AS "DOI in capitals", ' ' || doi AS " doi "
        FROM papers JOIN paper_records USING (paper_id) WHERE doi = '10.5555/pl.2026.0108' GROUP BY ALL""")
    found = explain(sample_lake.lake, row[reference])
    assert found.paper["paper_id"] == row["paper_id"]
    assert len(found.records) == found.paper["record_count"]


def test_explanation_chains_all_records(sample_lake: Pipeline) -> None:
    """The linked matches of each paper tie all of its records together."""
    for row in sample_lake.rows("SELECT paper_id FROM papers WHERE record_count > 1"):
        found = explain(sample_lake.lake, row["paper_id"])
        reached = {found.records[0]["record_id"]}
        links = [(m["record_id_a"], m["record_id_b"]) for m in found.matches if m["is_linked"]]
        for _ in links:
            reached |= {end for link in links if reached & set(link) for end in link}
        assert reached == {record["record_id"] for record in found.records}


def test_redirected_paper_is_found_by_its_old_id(sample_lake: Pipeline) -> None:
    for row in sample_lake.rows("FROM paper_redirects"):
        assert explain(sample_lake.lake, row["old_paper_id"]).paper["paper_id"] == row["paper_id"]


def test_name_that_nobody_has_is_refused_with_a_way_on(sample_lake: Pipeline) -> None:
    with pytest.raises(QueryError, match=r"p0: no paper goes by this name \(give a paper_id"):
        explain(sample_lake.lake, "p0")


def test_no_lake_is_said(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="there is no lake here"):
        status(Lake(tmp_path))
