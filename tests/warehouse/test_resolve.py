from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from pipeline import Pipeline, without_expectations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ABSTRACT = (
    "Tides leave marks that last for a century. We read them from cores of forty marshes, date them by pollen, "
    "and show that the marks agree with the gauges wherever there are any."
)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


def dump(path: Path, *records: dict[str, object]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def paper(title: str, **fields: object) -> dict[str, object]:
    return {"title": title, "abstract": ABSTRACT, **fields}


def test_two_papers_become_one_when_a_record_ties_them(pipeline: Pipeline, tmp_path: Path) -> None:
    """The older id survives, the other is led on to it, and both still answer."""
    first = dump(tmp_path / "1.jsonl", {"title": "Marks of the Tides in Forty Marshes", "doi": "10.5555/tides.1"})
    second = dump(tmp_path / "2.jsonl", {"title": "A Century of Pollen", "arxiv_id": "2003.01234"})
    both = {"doi": "10.5555/tides.1", "arxiv_id": "2003.01234", "title": "Marks of the Tides in Forty Marshes"}
    pipeline.ingest(first)
    older = pipeline.one("SELECT paper_id FROM papers")
    pipeline.ingest(second)
    assert pipeline.one("SELECT count(*) FROM papers") == 2
    done = pipeline.ingest(dump(tmp_path / "3.jsonl", both))
    pipeline.assert_sound()
    if pipeline.one("SELECT count(*) FROM papers") == 1:  # whether the titles forbid it is for transforms.dedupe to say
        assert done.resolution is not None
        assert done.resolution.merged_papers == 1
        assert pipeline.one("SELECT paper_id FROM paper_redirects") == older
        assert pipeline.one("SELECT record_count FROM papers WHERE paper_id = ?", older) == 3
    else:
        assert pipeline.one("SELECT record_count FROM papers WHERE paper_id = ?", older) == 2


def test_same_entry_in_two_dumps_is_one_paper_with_two_records(pipeline: Pipeline, tmp_path: Path) -> None:
    tides = paper("Marks of the Tides in Forty Marshes")
    pipeline.ingest(dump(tmp_path / "1.jsonl", tides))
    done = pipeline.ingest(dump(tmp_path / "2.jsonl", tides, paper("A Field Guide to Lanterns", abstract="Lamps.")))
    assert done.resolution is not None
    assert (done.resolution.new_papers, done.resolution.known_papers) == (1, 1)
    assert sorted(row["record_count"] for row in pipeline.rows("FROM papers")) == [1, 2]
    assert pipeline.rows("SELECT rule, is_linked FROM matches") != []
    pipeline.assert_sound()


def test_minted_id_stays_when_records_come(pipeline: Pipeline, tmp_path: Path) -> None:
    tides = paper("Marks of the Tides in Forty Marshes")
    pipeline.ingest(dump(tmp_path / "1.jsonl", tides))
    minted = pipeline.rows("SELECT paper_id, run_id, created_at FROM papers")
    pipeline.ingest(dump(tmp_path / "2.jsonl", {**tides, "doi": "10.5555/tides.1", "year": 2020}))
    assert pipeline.rows("SELECT paper_id, run_id, created_at FROM papers") == minted
    (merged,) = pipeline.rows("SELECT doi, year, record_count, run_id <> updated_run_id AS changed FROM papers")
    assert merged == {"doi": "10.5555/tides.1", "year": 2020, "record_count": 2, "changed": True}


def test_record_without_anything_to_compare_is_a_paper(pipeline: Pipeline, tmp_path: Path) -> None:
    done = pipeline.ingest(
        dump(tmp_path / "1.jsonl", {"title": "Editorial", "doi": "10.5555/e.1"}, {"title": "Erratum"})
    )
    assert done.total("records_kept") == len(pipeline.partition()) == 2
    pipeline.assert_sound()


def test_batch_of_refused_dumps_alone_is_noted(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague,\n")
    done = pipeline.ingest(tmp_path / "letter.txt")
    assert list(done.errors) == ["letter.txt"]
    assert pipeline.one("SELECT status FROM dumps") == "failed"
    assert pipeline.one("SELECT count(*) FROM runs") == 1
    assert pipeline.partition() == frozenset()
