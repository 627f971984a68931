"""The lake's tables as assets: one step copies what is new of every organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator  # noqa: TC003 Dagster reads annotations
from typing import TYPE_CHECKING, Final

import dagster as dg

from pipelines.installation import Installation, organisations
from services.lake_export import ExportSummary, export_all
from store.lake import FACT_TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS: Final = dg.AssetKey(["lake", "items"])
EVALUATIONS: Final = dg.AssetKey(["lake", "evaluations"])
TABLES: Final = ("items", *FACT_TABLES)
_TOLD: Final = {
    "items": "What platforms sent: one typed table an item type.",
    "evaluations": "What the rules said of each item.",
    "actions": "What was done, and why.",
    "decisions": "What reviewers decided.",
    "jobs": "What waited for review, each state it went through.",
    "labels": "What is known to be violating or clean.",
}


@dg.multi_asset(
    name="export_lake",
    group_name="lake",
    specs=[
        dg.AssetSpec(["lake", name], description=_TOLD[name], kinds={"deltalake"})
        for name in TABLES
    ],
)
def export_lake(installation: Installation) -> Iterator[dg.MaterializeResult[None]]:
    with installation.opened() as context:
        summaries = [export_all(context, org_id) for org_id in organisations(context)]
    rows, unfit = _totals(summaries)
    for name in TABLES:
        yield dg.MaterializeResult(
            asset_key=["lake", name],
            metadata={"rows written": rows[name], "rows that did not fit whole": unfit[name]},
        )


def _totals(summaries: Sequence[ExportSummary]) -> tuple[Counter[str], Counter[str]]:
    rows: Counter[str] = Counter()
    unfit: Counter[str] = Counter()
    for table in (each for summary in summaries for each in summary.tables):
        name = table.table.split("/", 1)[0]
        rows[name] += table.rows
        unfit[name] += table.unfit
    return rows, unfit


export_job = dg.define_asset_job("export_lake_job", selection=dg.AssetSelection.groups("lake"))

export_schedule = dg.ScheduleDefinition(
    name="export_lake_every_minute",
    job=export_job,
    cron_schedule="* * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
