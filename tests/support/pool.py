"""A pool of records of a few papers, and ways to bring them into a lake in parts."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Final

import orjson
from hypothesis import strategies as st
from pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Record = dict[str, object]

LONG_AGO: Final = 1_700_000_000

_LONG: Final = (
    "We follow {} over nine winters and ask whether what is counted there is what matters to those who live by it. "
    "A model of two terms explains most of the variance, and a third one adds nothing that would last."
)


def _paper(number: int, title: str, **fields: object) -> Record:
    return {
        "title": title,
        "abstract": _LONG.format(title.rsplit(maxsplit=1)[-1].lower()),
        "year": 2000 + number,
        **fields,
    }


POOL: Final[tuple[Record, ...]] = (
    _paper(1, "Salt Marshes and the Memory of Tides", doi="10.5555/pool.1", authors=["Ada Reed", "Ben Holm"]),
    _paper(1, "Salt marshes and the memory of tides.", authors=["A. Reed", "B. Holm"]),
    _paper(1, "Salt Marshes and the Memory of Tide", authors=["Reed, Ada", "Holm, Ben"]),
    {"title": "Of Tides, Remembered: Salt Marshes", "doi": "10.5555/pool.1", "year": 2001},
    _paper(2, "Clockwork Orchards: Grafting Schedules for Late Apples", arxiv_id="2003.01234"),
    _paper(2, "Clockwork Orchards: Grafting Schedules for Late Apples", url="https://arxiv.org/abs/2003.01234v2"),
    _paper(2, "Clockwork orchards - grafting schedules for late apples"),
    _paper(3, "Learning to Knot Ropes, Part 1"),
    _paper(3, "Learning to Knot Ropes, Part 2"),
    _paper(3, "Learning to Knot Ropes, Part I"),
    _paper(4, "Über Brücken in naïven Karten", authors=["Jörg Ähre"]),
    _paper(4, "Uber Brucken in naiven Karten", authors=["Jorg Ahre"]),
    {"title": "Editorial", "year": 2005},
    {"title": "Editorial", "year": 2006, "doi": "10.5555/pool.6"},
    {"title": "Editorial"},
)
"""Records of a few papers: equal, nearly equal, tied by an identifier alone, and alike but not the same."""


def write_dump(path: Path, records: Sequence[Record]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    os.utime(path, (LONG_AGO, LONG_AGO))  # a young file would be watched for half a second
    return path


def ingest_all(root: Path, groups: Sequence[Sequence[Path]]) -> Pipeline:
    pipeline = Pipeline(root)
    for group in groups:
        pipeline.ingest(*group)
    return pipeline


def assert_merged_alike(one: Pipeline, other: Pipeline) -> None:
    """Assert that the papers have the same fields, whatever their ids: an id tells who came first."""
    sql = """
        SELECT list_sort(list(record_id)) AS members, title, abstract, authors, year, doi, arxiv_id, record_count
        FROM papers JOIN paper_records USING (paper_id) GROUP BY ALL ORDER BY members"""
    assert one.rows(sql) == other.rows(sql)


@st.composite
def splits(draw: st.DrawFn) -> list[list[list[int]]]:
    """Draw runs of dumps of entries of the pool: runs[run][dump] = numbers of its records."""
    entries = draw(st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=20))
    cuts = draw(st.lists(st.integers(0, len(entries)), max_size=4))
    bounds = sorted({0, len(entries), *cuts})
    dumps = draw(st.permutations([entries[a:b] for a, b in itertools.pairwise(bounds)]))
    ends = sorted({len(dumps), *draw(st.lists(st.integers(1, len(dumps)), max_size=3))})
    return [list(dumps[a:b]) for a, b in itertools.pairwise([0, *ends])]
