"""The contract as suites of Great Expectations, validated over DuckDB, with outcomes and Data Docs.

    rules --> ExpectationSuite --validate--> outcome per rule, and HTML in LAKE/docs

Importing Great Expectations costs seconds, so that it is imported inside the functions; a flow
calls `warm_up` in a thread while something else takes its time.
"""

from __future__ import annotations

import html
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from transforms.errors import LakeError
from warehouse.imports import left_out, put_off

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from great_expectations.core.run_identifier import RunIdentifier

    from transforms.contract_rules import Rule

SCHEME: Final = "paperlake_duckdb"
"""Begins the connection strings of our dialect: paperlake_duckdb:///:memory:NAME."""

NOT_ASKED: Final = ("scipy.stats", "altair")
"""What Great Expectations imports for rules and charts that the contract has none of: a third of its import."""


_LEFT_OUT: Final = (
    "great_expectations.datasource.fluent.pandas_",
    "great_expectations.datasource.fluent.spark_",
    "great_expectations.expectations.core.expect_",
)
"""Begin the modules of its own expectations, and about data elsewhere than in SQL, near half of the import: the contract
has one expectation, ours, over DuckDB."""


@dataclass(frozen=True)
class Outcome:
    """How many rows were checked for one rule, and how many of them broke it."""

    checked: int
    broken: int


@dataclass(frozen=True)
class Suite:
    """Rules to be checked on one table."""

    name: str
    table: str
    rules: Sequence[Rule]


def warm_up() -> None:
    """Import Great Expectations, without its usage statistics and its remarks."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import
    with put_off(NOT_ASKED), left_out(*_LEFT_OUT):
        import great_expectations  # noqa: F401, PLC0415  # costs seconds: see the module's docstring

        from warehouse import data_docs, gx_dialect, gx_rule  # noqa: F401, PLC0415  # import it too

    # It logs errors and goes on; what matters of them is checked here and raised.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    gx_dialect.register(SCHEME)


def validate(
    database: str, suites: Sequence[Suite], *, run_id: str, docs: Path | None = None
) -> dict[str, dict[str, Outcome]]:
    """Let Great Expectations validate each suite on its table of an in-memory DuckDB database.

    `database` is the name of one that this process holds open (`:memory:NAME`). With `docs` the
    outcomes are added to the Data Docs in that folder, under `run_id`. Returns the outcome of each
    rule, per suite. Raises LakeError where a rule cannot be checked, or the docs
    cannot be written.
    """
    warm_up()
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415  # costs seconds

    from warehouse import data_docs  # noqa: PLC0415  # imports Great Expectations

    run = RunIdentifier(run_name=run_id)
    with data_docs.translated_errors(docs):
        context = _context(docs)
        outcomes = _run_all(context, database, suites, run)
        if docs is not None:
            data_docs.build(context, docs, run)
    return outcomes


def _run_all(context: Any, database: str, suites: Sequence[Suite], run: RunIdentifier) -> dict[str, dict[str, Outcome]]:
    source = context.data_sources.add_sql("staged", connection_string=f"{SCHEME}:///{database}")
    try:
        return {suite.name: _run(context, source, suite, run) for suite in suites}
    finally:  # DuckDB forgets a database in memory when its last connection is closed
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _context(docs: Path | None) -> Any:
    import great_expectations as gx  # noqa: PLC0415  # costs seconds
    from great_expectations.data_context.types import base  # noqa: PLC0415  # costs seconds

    from warehouse import data_docs  # noqa: PLC0415  # imports Great Expectations

    defaults = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    if docs is not None:
        defaults.stores[defaults.validation_results_store_name] = data_docs.outcome_store_config(docs)
    config = base.DataContextConfig(
        store_backend_defaults=defaults,
        data_docs_sites={} if docs is None else {"lake": data_docs.site_config(docs)},
        analytics_enabled=False,
        progress_bars=base.ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _run(context: Any, source: Any, suite: Suite, run: RunIdentifier) -> dict[str, Outcome]:
    import great_expectations as gx  # noqa: PLC0415  # costs seconds

    rows = source.add_table_asset(suite.name, table_name=suite.table).add_batch_definition_whole_table("all")
    expected = context.suites.add(
        gx.ExpectationSuite(suite.name, expectations=[_expectation(rule) for rule in suite.rules])
    )
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=suite.name, data=rows, suite=expected))
    validated = definition.run(result_format="SUMMARY", run_id=run)
    return {result.expectation_config.meta["rule"]: _outcome(result) for result in validated.results}


def _expectation(rule: Rule) -> Any:
    from warehouse.gx_rule import ExpectRowsToKeepRule  # noqa: PLC0415  # imports Great Expectations

    return ExpectRowsToKeepRule(
        predicate=rule.predicate,
        description=html.escape(f"{rule.name}: {rule.meaning}"),  # it comes to the page as it is
        meta={"rule": rule.name},
    )


def _outcome(result: Any) -> Outcome:
    """Read the counts; a rule that could not be checked must never pass for one that held."""
    counts = result.result.get("element_count"), result.result.get("unexpected_count")
    if not all(isinstance(count, int) for count in counts):
        raise LakeError(
            f"Great Expectations could not check the rule {result.expectation_config.meta['rule']}",
            where="contract",
            hint=f"nothing was published; please report this: {result.exception_info}",
        )
    return Outcome(*counts)
