"""A Great Expectations suite for items. Its library is slow to load and is loaded in the step."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def unmet_expectations(rows: pa.Table) -> list[str]:
    """The expectations that do not hold, each with how many rows are against it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about itself
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("lake").add_dataframe_asset(name="items")
        batch = asset.add_batch_definition_whole_dataframe("latest").get_batch(
            batch_parameters={"dataframe": rows.to_pandas()}
        )
        result = batch.validate(_suite(gx))
    return [_unmet(each) for each in result.results if not each.success]


def _suite(gx: Any) -> Any:
    """Places are there, once each and in order; whoever sent an item said what it is."""
    wanted = gx.expectations
    suite = gx.ExpectationSuite(name="items")
    for column in ("_seq", "_arrived_at", "_submission_id", "_item_id", "_type_version"):
        suite.add_expectation(wanted.ExpectColumnValuesToNotBeNull(column=column))
    for column in ("_seq", "_arrived_at", "_submission_id"):
        suite.add_expectation(wanted.ExpectColumnValuesToBeUnique(column=column))
    suite.add_expectation(wanted.ExpectColumnValuesToBeBetween(column="_seq", min_value=1))
    suite.add_expectation(wanted.ExpectColumnValuesToBeIncreasing(column="_seq"))
    suite.add_expectation(
        wanted.ExpectColumnValueLengthsToBeBetween(column="_item_id", min_value=1)
    )
    return suite


def _unmet(result: Any) -> str:
    configuration = result.expectation_config
    count = result.result.get("unexpected_count")
    return f"{configuration.type}({configuration.kwargs.get('column')}): {count} rows against it"
