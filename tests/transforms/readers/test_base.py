from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.readers.base import Broken, batched, shown
from transforms.schema import RAW_RECORD, RAW_REJECT


def test_nothing_gives_no_batch() -> None:
    assert list(batched([])) == []


@given(is_broken=st.lists(st.booleans(), min_size=1, max_size=30), size=st.integers(1, 7))
def test_positions_count_all_entries_and_batches_are_bounded(is_broken: list[bool], size: int) -> None:
    entries = [Broken(str(n), "why") if broken else {"raw": str(n)} for n, broken in enumerate(is_broken, start=1)]
    batches = list(batched(entries, size))
    assert all(batch.records.height + batch.rejects.height == size for batch in batches[:-1])
    for batch in batches:
        for frame in (batch.records, batch.rejects):
            assert frame["position"].to_list() == [int(raw) for raw in frame["raw"]]
    assert sum(batch.rejects.height for batch in batches) == sum(is_broken)


def test_batches_of_long_entries_are_smaller() -> None:
    batches = list(batched({"raw": "x" * 30_000_000} for _ in range(5)))
    assert [batch.records.height for batch in batches] == [3, 2]


def test_frames_have_the_schema_and_keep_missing_lists_apart_from_empty_ones() -> None:
    [batch] = batched([{"authors": ["A", "B"]}, {"authors": None}, {"authors": []}, {"authors": ["C"]}, {}])
    assert batch.records["authors"].to_list() == [["A", "B"], None, [], ["C"], None]
    assert (batch.records.schema, batch.rejects.schema) == (RAW_RECORD, RAW_REJECT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("page.txt", "page.txt"),
        ("Größe 2.txt", "Größe 2.txt"),
        ("a\nb", "'a\\nb'"),
        ("a'b", '"a\'b"'),
        (" a", "' a'"),
        ("", "''"),
        ("a\x1b[31m", "'a\\x1b[31m'"),
        ("caf\udce9", "'caf\\udce9'"),
        ("x" * 200, "x" * 117 + "..."),
    ],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(text=st.text())
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    assert shown(text).isprintable()
