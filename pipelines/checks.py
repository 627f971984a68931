"""What must be true of the lake after every export, as asset checks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.expectations import unmet_expectations
from pipelines.installation import Installation, organisations
from pipelines.lake import EVALUATIONS, ITEMS
from services.lake_export import compare_counts
from services.lake_quality import latest_items
from services.parity_sample import sample_parity

if TYPE_CHECKING:
    from collections.abc import Iterable


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
    """Of all of yesterday and of the newest day there is, a sample each."""
    with installation.opened() as context:
        yesterday = context.clock().date() - timedelta(days=1)
        found = [
            (f"organisation {org_id}", sample_parity(context, org_id, day=day))
            for org_id in organisations(context)
            for day in (yesterday, None)
        ]
    return dg.AssetCheckResult(
        passed=not any(parity.differing for _, parity in found),
        metadata={
            "outcomes compared": sum(parity.compared for _, parity in found),
            "differences": _once(f"{org}, {each}" for org, p in found for each in p.sentences()),
            "rules that cannot be asked again": _once(
                f"{org}, {rule.name}: {rule.problem}"
                for org, parity in found
                for rule in parity.rules
                if rule.problem
            ),
        },
    )


def _once(lines: Iterable[str]) -> list[str]:
    """The newest day may be yesterday."""
    return list(dict.fromkeys(lines))
