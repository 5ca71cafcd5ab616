"""The contract over staged Parquet: what is kept, what is rejected, what is held back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staged_dumps import TODAY, Row, batch, check_one, good, many, read, record, reject, stage

from transforms.dump_rules import dump_rules
from transforms.errors import ContractError
from transforms.schema import RECORDS, REJECTS
from warehouse.contract import CheckedDump, check_dumps
from warehouse.split import Split

if TYPE_CHECKING:
    from pathlib import Path


def test_good_dump_is_kept_where_it_is(tmp_path: Path) -> None:
    dump = stage(tmp_path, "good.txt", [record(position) for position in range(1, 31)], parts=3)

    outcome = check_dumps(batch(dump), run_id="run", today=TODAY)

    assert outcome.dumps == (CheckedDump(dump.dump_id, 30, 30, 0, None),)
    assert outcome.parts == Split(tuple(sorted(dump.folder.glob("records-*"))), ())


def test_broken_rows_are_rejected_with_all_their_rules_beside_those_of_the_reader(tmp_path: Path) -> None:
    records = [record(position) for position in (1, 2, 4, 6)]
    records[1]["title"] = "Subscribe"
    records[3] |= {"title": None, "year": 9999}
    dump = stage(tmp_path, "mixed.txt", records, [reject(3), reject(5, "no title follows")], parts=2)

    outcome = check_dumps(batch(dump), run_id="run", today=TODAY)

    (checked,) = outcome.dumps
    assert (checked.entries_read, checked.records_kept, checked.entries_rejected) == (6, 2, 4)
    kept = read(outcome.parts.kept)
    assert kept.schema == RECORDS.polars_schema
    assert kept["position"].to_list() == [1, 4]
    rejected = read(outcome.parts.rejected)
    assert rejected.schema == {
        name: dtype for name, dtype in REJECTS.polars_schema.items() if name not in {"run_id", "rejected_at"}
    }
    assert rejected.rows() == [
        (dump.dump_id, 2, 6, "contract", ["title_is_not_page_chrome"], "raw text of entry 2"),
        (dump.dump_id, 3, 9, "read", ["the line ends within a quote"], "broken entry 3"),
        (dump.dump_id, 5, 15, "read", ["no title follows"], "broken entry 5"),
        (
            dump.dump_id,
            6,
            18,
            "contract",
            ["title_present", "year_in_range", "year_not_after_next"],
            "raw text of entry 6",
        ),
    ]


def test_what_is_kept_of_a_dump_with_flaws_is_in_order(tmp_path: Path) -> None:
    outcome = check_dumps(batch(stage(tmp_path, "long.txt", many(3, 5000), parts=4)), run_id="run", today=TODAY)
    assert read(outcome.parts.kept)["position"].to_list() == list(range(4, 5001))


FLAWS: tuple[Row, ...] = ({}, {}, {"title": None}, {"title": "null", "doi": "x"}, {"seen_date": None}, {"extra": "["})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flaws=st.lists(st.lists(st.one_of(st.none(), st.sampled_from(FLAWS)), max_size=12), min_size=1, max_size=4),
    parts=st.integers(1, 3),
)
def test_every_entry_is_kept_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, flaws: list[list[Row | None]], parts: int
) -> None:
    """None stands for an entry that could not be read."""
    folder = tmp_path_factory.mktemp("property")
    staged = [
        stage(
            folder,
            f"{number}.txt",
            [record(place, **flaw) for place, flaw in enumerate(entries, 1) if flaw is not None],
            [reject(place) for place, flaw in enumerate(entries, 1) if flaw is None],
            parts=parts,
        )
        for number, entries in enumerate(flaws)
    ]

    outcome = check_dumps(batch(*staged), run_id="run", today=TODAY)

    for dump, entries in zip(outcome.dumps, flaws, strict=True):
        kept, rejected = (
            read(files).filter(pl.col("dump_id") == dump.dump_id)
            for files in (outcome.parts.kept, outcome.parts.rejected)
        )
        assert dump.entries_read == len(entries) == kept.height + rejected.height
        assert (dump.records_kept, dump.entries_rejected) == (kept.height, rejected.height)
        assert sorted([*kept["position"], *rejected["position"]]) == list(range(1, len(entries) + 1))
        assert kept.height == sum(flaw == {} for flaw in entries)


def shifted(count: int) -> list[Row]:
    """Make records each of which has the abstract of the one before."""
    rows = [record(position) for position in range(1, count + 1)]
    abstracts = [row["abstract"] for row in rows]
    return [row | {"abstract": abstracts[place - 1]} for place, row in enumerate(rows)]


HELD_BACK: list[Any] = [
    pytest.param(lambda at, name: stage(at, name, []), "no entry found in it", id="nothing read"),
    pytest.param(
        lambda at, name: stage(at, name, many(3, 3)),
        "all 3 entries are rejected: title_is_not_a_placeholder (3)",
        id="nothing good in it",
    ),
    pytest.param(
        lambda at, name: stage(at, name, many(5, 24)),
        "5 of 24 entries are rejected, more than 20%: title_is_not_a_placeholder (5)",
        id="more than one in five",
    ),
    pytest.param(
        lambda at, name: stage(at, name, many(2, 10), [reject(place) for place in (11, 12, 13)]),
        "5 of 13 entries are rejected, more than 20%: the line ends within a quote (3), title_is_not_a_placeholder (2)",
        id="read and contract together",
    ),
    pytest.param(
        lambda at, name: stage(at, name, [record(1), record(3)]),
        "2 entries have 2 positions from 1 to 3",
        id="a position is missing",
    ),
    pytest.param(
        lambda at, name: stage(at, name, [record(1), record(2), record(2)]),
        "3 entries have 2 positions from 1 to 2",
        id="a position comes twice",
    ),
    pytest.param(
        lambda at, name: stage(at, name, [record(1), record(2)], records_read=3),
        "3 entries were read, but 2 are kept and 0 rejected",
        id="an entry got lost",
    ),
    pytest.param(
        lambda at, name: stage(at, name, [record(1), record(2, dump_id="f" * 64, record_id="f" * 16 + "-2")]),
        "2 entries were read, but 1 are kept and 0 rejected",
        id="a record of another dump",
    ),
    pytest.param(
        lambda at, name: stage(at, name, shifted(12)),
        "11 of 12 titles fit the abstract before or after them far better than their own",
        id="abstracts one line late",
    ),
    pytest.param(
        lambda at, name: stage(
            at, name, [record(place, title="Ducks swim. " * 40, abstract="Ducks") for place in range(1, 6)]
        ),
        "5 of 5 records have a title of the length of an abstract, and a shorter abstract",
        id="titles and abstracts swapped",
    ),
]


def test_bad_dumps_are_held_back_and_harm_no_other(tmp_path: Path) -> None:
    """All in one batch: Great Expectations, which counts again, takes as long for one dump as for ten."""
    expected = [(str(held.id), str(held.values[1])) for held in HELD_BACK]
    staged = [held.values[0](tmp_path, held.id) for held in HELD_BACK]
    outcome = check_dumps(batch(good(tmp_path), *staged, good(tmp_path, "other")), run_id="run", today=TODAY)

    before, *bad, after = outcome.dumps
    assert (before.error, after.error) == (None, None)
    assert (before.records_kept, after.records_kept) == (12, 12)
    errors = [dump.error for dump in bad if isinstance(dump.error, ContractError)]
    assert [(error.where, error.what) for error in errors] == expected
    assert all(error.hint for error in errors)


def test_each_rule_on_dumps_is_tested_by_a_dump_that_breaks_it() -> None:
    starts = [rule.complaint.split("{")[0] for rule in dump_rules() if not rule.complaint.startswith("{")]
    starts += [rule.complaint.split("}")[-1][:20] for rule in dump_rules() if rule.complaint.startswith("{")]
    messages = [parameter.values[1] for parameter in HELD_BACK]
    assert [start for start in starts if not any(start in str(message) for message in messages)] == []


FEW_FLAWS: list[Any] = [
    pytest.param(lambda at, name: stage(at, name, many(0, 9), [reject(10)]), id="one of ten is cut off"),
    pytest.param(lambda at, name: stage(at, name, many(2, 3)), id="two of three are bad"),
    pytest.param(lambda at, name: stage(at, name, many(4, 8)), id="four of eight are bad"),
    pytest.param(lambda at, name: stage(at, name, many(5, 25)), id="one in five is bad"),
    pytest.param(lambda at, name: stage(at, name, [record(1, abstract=None)]), id="no abstract at all"),
    pytest.param(lambda at, name: stage(at, name, shifted(2)), id="too few to speak of a shift"),
    pytest.param(
        lambda at, name: stage(at, name, [record(place, abstract="Resumen en otra lengua.") for place in range(1, 20)]),
        id="abstracts in another language",
    ),
]


def test_dumps_with_few_flaws_pass(tmp_path: Path) -> None:
    staged = [few.values[0](tmp_path, few.id) for few in FEW_FLAWS]
    outcome = check_dumps(batch(*staged), run_id="run", today=TODAY)
    assert [(few.id, dump.error) for few, dump in zip(FEW_FLAWS, outcome.dumps, strict=True) if dump.error] == []


def test_complaint_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    checked = check_one(stage(tmp_path, "page of March.txt", many(6, 20)))
    assert str(checked.error) == (
        "page of March.txt: 6 of 20 entries are rejected, more than 20%: title_is_not_a_placeholder (6) "
        "(the layout of its source may have changed: compare the file with an older one of the same source)"
    )
