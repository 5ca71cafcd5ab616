"""A rule of the contract as an expectation of Great Expectations.

`UnexpectedRowsExpectation`, the one of Great Expectations for rules in SQL, runs two queries per
rule: with forty rules over a few hundred Parquet files that takes longer than reading the dumps.
Here each rule asks for an aggregate, and Great Expectations puts the aggregates of a suite into
one query: one pass over the rows, however many rules there are.

This module imports Great Expectations, which costs seconds: import it late.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider


class BrokenRowCount(TableMetricProvider):
    """Number of rows for which a predicate is false or unknown."""

    metric_name = "table.broken_row_count"
    value_keys = ("predicate",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805  # the decorator makes a class method of it
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> tuple[sa.ColumnElement[int], dict[str, Any], dict[str, Any]]:
        is_broken = sa.literal_column(f"(({metric_value_kwargs['predicate']}) IS NOT TRUE)", sa.Boolean)
        return sa.func.count().filter(is_broken), metric_domain_kwargs, {}


class ExpectRowsToKeepRule(BatchExpectation):
    """Expect that `predicate`, SQL over one row, holds for every row."""

    predicate: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (BrokenRowCount.metric_name, "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("predicate",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        broken, checked = metrics[BrokenRowCount.metric_name], metrics["table.row_count"]
        observed = f"{broken} of {checked} rows break it" if broken else f"holds for all {checked} rows"
        return {
            "success": broken == 0,
            "result": {"observed_value": observed, "unexpected_count": broken, "element_count": checked},
        }
