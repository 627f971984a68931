"""What must be true of the lake after every export, as asset checks."""

from __future__ import annotations

from dataclasses import asdict

import dagster as dg

from pipelines.expectations import unmet_expectations
from pipelines.installation import Installation, organisations
from pipelines.lake import EVALUATIONS, ITEMS
from services.lake_export import compare_counts
from services.lake_quality import latest_items
from services.parity_sample import sample_parity


@dg.asset_check(asset=ITEMS, description="Every table has the rows that Postgres has.")
def counts_agree(installation: Installation) -> dg.AssetCheckResult:
    with installation.opened() as context:
        counts = [
            (org_id, count)
            for org_id in organisations(context)
            for count in compare_counts(context, org_id)
        ]
    missing = {f"{org_id}/{each.table}": each.missing for org_id, each in counts if each.missing}
    return dg.AssetCheckResult(
        passed=not missing,
        metadata={
            "rows in Postgres": sum(each.postgres for _, each in counts),
            "rows in the lake": sum(each.lake for _, each in counts),
            "missing": missing,
        },
    )


@dg.asset_check(asset=ITEMS, description="The newest items are what items have to be.")
def items_are_sound(installation: Installation) -> dg.AssetCheckResult:
    with installation.opened() as context:
        tables = [t for org_id in organisations(context) for t in latest_items(context, org_id)]
    unmet = {table.name: unmet_expectations(table.rows) for table in tables}
    failed = {name: found for name, found in unmet.items() if found}
    return dg.AssetCheckResult(
        passed=not failed,
        metadata={"rows looked at": sum(len(table.rows) for table in tables), "unmet": failed},
    )


@dg.asset_check(asset=EVALUATIONS, description="History gives the outcomes that were recorded.")
def outcomes_agree(installation: Installation) -> dg.AssetCheckResult:
    with installation.opened() as context:
        found = [sample_parity(context, org_id) for org_id in organisations(context)]
    differences = [asdict(each) for parity in found for each in parity.differences]
    return dg.AssetCheckResult(
        passed=not differences,
        metadata={
            "outcomes compared": sum(parity.compared for parity in found),
            "differences": differences,
        },
    )
