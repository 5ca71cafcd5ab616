"""The checks of the contract: what is noted of them, and that two who count must agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
import sqlalchemy as sa
from staged_dumps import TODAY, batch, check_one, good, many, reject, stage

from transforms.contract_rules import record_rules
from transforms.dump_rules import dump_rules
from transforms.errors import LakeError
from transforms.schema import CHECKS
from warehouse import contract, expectations
from warehouse.contract import check_dumps
from warehouse.expectations import Outcome
from warehouse.split import open_entries
from warehouse.staged import StagedBatch

if TYPE_CHECKING:
    from pathlib import Path


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
