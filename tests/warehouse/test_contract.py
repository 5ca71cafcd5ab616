"""The contract over staged Parquet: what is kept, what is rejected, what is held back."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.contract_rules import record_rules
from transforms.dump_rules import dump_rules
from transforms.errors import ContractError, LakeError
from transforms.schema import CHECKS, RAW_REJECT, RECORDS, REJECTS
from warehouse import contract, expectations
from warehouse.contract import CheckedDump, check_dumps
from warehouse.expectations import Outcome
from warehouse.split import Split, open_entries
from warehouse.staging import StagedBatch, StagedDump

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TODAY = dt.date(2026, 3, 14)
KINDS = ("entries", "records", "rejects")
ENTRY_SCHEMA = {"dump_id": pl.String(), "position": pl.Int64(), "line": pl.Int64(), "raw": pl.String()}
REJECT_SCHEMA = {"dump_id": pl.String(), **RAW_REJECT}
SUBJECTS = (
    "granite lichens",
    "harbour seals",
    "copper alloys",
    "desert beetles",
    "violin varnish",
    "tidal turbines",
    "medieval ledgers",
    "sourdough cultures",
)

Row = dict[str, Any]


def record(position: int, **values: object) -> Row:
    """Make the values of a good record whose abstract speaks of its title."""
    subject = SUBJECTS[position % len(SUBJECTS)]
    return {
        "position": position,
        "line": 3 * position,
        "raw": f"raw text of entry {position}",
        "source": "invented",
        "seen_date": dt.date(2026, 3, 1),
        "is_seen_date_inferred": False,
        "title": f"Observing {subject}, volume {position}",
        "abstract": f"Observing is slow work. This volume is about {subject}. " * 5,
        "authors": ["Ada Beispiel"],
        **values,
    }


def reject(position: int, reason: str = "the line ends within a quote") -> Row:
    return {"position": position, "line": 3 * position, "raw": f"broken entry {position}", "reason": reason}


def stage(
    folder: Path, name: str, records: Sequence[Row], rejects: Sequence[Row] = (), *, parts: int = 1, **values: Any
) -> StagedDump:
    """Write what staging would have written for a dump of these entries."""
    dump_id = hashlib.sha256(name.encode()).hexdigest()
    place = folder / dump_id
    place.mkdir(parents=True)
    rows = [{"dump_id": dump_id, "record_id": f"{dump_id[:16]}-{one['position']}", **one} for one in records]
    size = -(-len(rows) // parts) or 1
    for number in range(0, len(rows), size):
        part, file = rows[number : number + size], f"{number // size + 1:06d}.parquet"
        write(part, RECORDS.polars_schema, place / f"records-{file}")
        write(part, ENTRY_SCHEMA, place / f"entries-{file}")
    if rejects:
        write([{"dump_id": dump_id, **one} for one in rejects], REJECT_SCHEMA, place / "rejects-000001.parquet")
    return StagedDump(
        **{
            "dump_id": dump_id,
            "uri": f"/landing/{name}",
            "byte_count": 1,
            "modified_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
            "folder": place,
            "records_read": len(rows),
            "rejects_read": len(rejects),
            **values,
        }
    )


def write(rows: Sequence[Row], schema: Mapping[str, pl.DataType], file: Path) -> None:
    pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema).write_parquet(file)


def batch(*dumps: StagedDump) -> StagedBatch:
    """Bring staged dumps together as a run does."""
    kinds = [[file for dump in dumps for file in sorted(dump.folder.glob(f"{kind}-*"))] for kind in KINDS]
    return StagedBatch(dumps[0].folder.parent, dumps, *map(tuple, kinds))


def good(folder: Path, name: str = "good.txt", size: int = 12) -> StagedDump:
    return stage(folder, name, [record(position) for position in range(1, size + 1)])


def read(files: Sequence[Path]) -> pl.DataFrame:
    return (
        pl.concat([pl.read_parquet(file, glob=False) for file in files]) if files else pl.DataFrame(schema=ENTRY_SCHEMA)
    )


def check_one(dump: StagedDump) -> CheckedDump:
    return check_dumps(batch(dump), run_id="run", today=TODAY).dumps[0]


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


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def many(bad: int, of: int) -> list[Row]:
    return [record(position, **({"title": "null"} if position <= bad else {})) for position in range(1, of + 1)]


HELD_BACK: list[Any] = [
    pytest.param(lambda at: stage(at, "bad", []), "no entry found in it", id="nothing read"),
    pytest.param(
        lambda at: stage(at, "bad", many(3, 3)),
        "all 3 entries are rejected: title_is_not_a_placeholder (3)",
        id="nothing good in it",
    ),
    pytest.param(
        lambda at: stage(at, "bad", many(5, 24)),
        "5 of 24 entries are rejected, more than 20%: title_is_not_a_placeholder (5)",
        id="more than one in five",
    ),
    pytest.param(
        lambda at: stage(at, "bad", many(2, 10), [reject(place) for place in (11, 12, 13)]),
        "5 of 13 entries are rejected, more than 20%: the line ends within a quote (3), title_is_not_a_placeholder (2)",
        id="read and contract together",
    ),
    pytest.param(
        lambda at: stage(at, "bad", [record(1), record(3)]),
        "2 entries have 2 positions from 1 to 3",
        id="a position is missing",
    ),
    pytest.param(
        lambda at: stage(at, "bad", [record(1), record(2), record(2)]),
        "3 entries have 2 positions from 1 to 2",
        id="a position comes twice",
    ),
    pytest.param(
        lambda at: stage(at, "bad", [record(1), record(2)], records_read=3),
        "3 entries were read, but 2 are kept and 0 rejected",
        id="an entry got lost",
    ),
    pytest.param(
        lambda at: stage(at, "bad", [record(1), record(2, dump_id="f" * 64, record_id="f" * 16 + "-2")]),
        "2 entries were read, but 1 are kept and 0 rejected",
        id="a record of another dump",
    ),
    pytest.param(
        lambda at: stage(at, "bad", shifted(12)),
        "11 of 12 titles fit the abstract before or after them far better than their own",
        id="abstracts one line late",
    ),
    pytest.param(
        lambda at: stage(
            at, "bad", [record(place, title="Ducks swim. " * 40, abstract="Ducks") for place in range(1, 6)]
        ),
        "5 of 5 records have a title of the length of an abstract, and a shorter abstract",
        id="titles and abstracts swapped",
    ),
]


@pytest.mark.parametrize(("make", "what"), HELD_BACK)
def test_bad_dump_is_held_back_and_harms_no_other(
    tmp_path: Path, make: Callable[[Path], StagedDump], what: str
) -> None:
    outcome = check_dumps(batch(good(tmp_path), make(tmp_path), good(tmp_path, "other")), run_id="run", today=TODAY)

    before, bad, after = outcome.dumps
    assert (before.error, after.error) == (None, None)
    assert (before.records_kept, after.records_kept) == (12, 12)
    assert isinstance(bad.error, ContractError)
    assert (bad.error.what, bad.error.where) == (what, "bad")
    assert bad.error.hint


def test_each_rule_on_dumps_is_tested_by_a_dump_that_breaks_it() -> None:
    starts = [rule.complaint.split("{")[0] for rule in dump_rules() if not rule.complaint.startswith("{")]
    starts += [rule.complaint.split("}")[-1][:20] for rule in dump_rules() if rule.complaint.startswith("{")]
    messages = [parameter.values[1] for parameter in HELD_BACK]
    assert [start for start in starts if not any(start in str(message) for message in messages)] == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda at: stage(at, "ok", many(0, 9), [reject(10)]), id="one of ten is cut off"),
        pytest.param(lambda at: stage(at, "ok", many(2, 3)), id="two of three are bad"),
        pytest.param(lambda at: stage(at, "ok", many(4, 8)), id="four of eight are bad"),
        pytest.param(lambda at: stage(at, "ok", many(5, 25)), id="one in five is bad"),
        pytest.param(lambda at: stage(at, "ok", [record(1, abstract=None)]), id="no abstract at all"),
        pytest.param(lambda at: stage(at, "ok", shifted(2)), id="too few to speak of a shift"),
        pytest.param(
            lambda at: stage(at, "ok", [record(place, abstract="Resumen en otra lengua.") for place in range(1, 20)]),
            id="abstracts in another language",
        ),
    ],
)
def test_dump_with_few_flaws_passes(tmp_path: Path, make: Callable[[Path], StagedDump]) -> None:
    assert check_one(make(tmp_path)).error is None


def test_complaint_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    checked = check_one(stage(tmp_path, "page of March.txt", many(6, 20)))
    assert str(checked.error) == (
        "page of March.txt: 6 of 20 entries are rejected, more than 20%: title_is_not_a_placeholder (6) "
        "(the layout of its source may have changed: compare the file with an older one of the same source)"
    )


def test_checks_hold_a_row_for_each_rule_of_both_suites(tmp_path: Path) -> None:
    staged = [good(tmp_path), stage(tmp_path, "bad", many(1, 3)), stage(tmp_path, "empty", [])]

    checks = check_dumps(batch(*staged), run_id="the run", today=TODAY).checks

    assert checks.schema == CHECKS.polars_schema
    assert checks["run_id"].unique().to_list() == ["the run"]
    assert checks.select("suite", "rule").rows() == [
        *(("records", rule.name) for rule in record_rules(TODAY)),
        *(("dumps", rule.name) for rule in dump_rules()),
    ]
    assert checks.filter(~pl.col("is_success")).drop("run_id").rows() == [
        ("records", "title_is_not_a_placeholder", "title is not what a program writes for a missing one", False, 15, 1),
        ("dumps", "dump_has_entries", "the dump holds at least one entry", False, 3, 1),
    ]
    assert dict(checks.group_by("suite").agg(pl.col("checked_count").unique().first()).iter_rows()) == {
        "records": 15,
        "dumps": 3,
    }


@pytest.mark.parametrize(
    ("suite", "rule", "outcome"),
    [
        pytest.param("records", "title_length", Outcome(12, 1), id="one broken row too many"),
        pytest.param("records", "title_is_not_a_placeholder", Outcome(12, 0), id="a broken row unseen"),
        pytest.param("records", "title_present", Outcome(0, 0), id="no row seen at all"),
        pytest.param("dumps", "dump_has_entries", Outcome(1, 1), id="a dump too many"),
    ],
)
def test_disagreement_with_great_expectations_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str, rule: str, outcome: Outcome
) -> None:
    def miscount(*args: Any, **kwargs: Any) -> dict[str, dict[str, Outcome]]:
        outcomes = expectations.validate(*args, **kwargs)
        outcomes[suite][rule] = outcome
        return outcomes

    monkeypatch.setattr(contract, "validate", miscount)
    with pytest.raises(LakeError, match=rf"disagree .*{suite}\.{rule}: Outcome.*nothing was published"):
        check_dumps(batch(stage(tmp_path, "some.txt", many(1, 12))), run_id="run", today=TODAY)


def test_missing_suite_is_a_disagreement() -> None:
    with pytest.raises(LakeError, match="disagree"):
        contract.assert_agreement({}, {"records": {}})


def test_rule_that_cannot_be_checked_stops_the_run(tmp_path: Path) -> None:
    with open_entries(batch(good(tmp_path))) as (_, name):
        rule = record_rules(TODAY)[0]
        wrong = type(rule)("wrong", "no_such_column = 1", (), "cannot be computed")
        with pytest.raises(LakeError, match=r"could not check the rule wrong .*no_such_column"):
            expectations.validate(name, [expectations.Suite("records", "staged_records", [wrong])], run_id="run")


@pytest.mark.parametrize("folder", ["it's", "two\nlines", "[ab]", "a*b?", '"q"', "{x}", "ümläut 鴨"])
def test_names_of_folders_are_taken_as_they_are(tmp_path: Path, folder: str) -> None:
    checked = check_one(stage(tmp_path / folder, "x", many(1, 9), [reject(10)]))
    assert (checked.records_kept, checked.entries_rejected, checked.error) == (8, 2, None)


def test_relative_folders_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = type(tmp_path)("lake")
    assert check_one(stage(here, "x", many(1, 9))).records_kept == 8


def test_nothing_to_check_is_no_error(tmp_path: Path) -> None:
    outcome = check_dumps(StagedBatch(tmp_path), run_id="run", today=TODAY)
    assert outcome.dumps == ()
    assert outcome.checks.is_empty()
    assert outcome.checks.schema == CHECKS.polars_schema


def test_nothing_is_said_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_dumps(batch(good(tmp_path), stage(tmp_path, "bad", [])), run_id="run", today=TODAY, docs=tmp_path / "docs")
    assert capfd.readouterr() == ("", "")


def test_database_of_the_contract_reads_staged_folders_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with open_entries(batch(good(tmp_path / "staging"))) as (connection, _):
        assert connection.execute("SELECT count(*) FROM staged_records").fetchone() == (12,)
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"FROM read_csv('{secret}')")


def test_rows_can_be_fetched_after_the_connection_is_given_back() -> None:
    """Great Expectations does so; with duckdb-engine's own dialect the rows are gone."""
    expectations.warm_up()
    engine = sa.create_engine(f"{expectations.SCHEME}:///:memory:dialect")
    with engine.connect() as connection:
        result = connection.execute(sa.text("SELECT * FROM range(3)"))
    assert result.fetchall() == [(0,), (1,), (2,)]
    engine.dispose()
