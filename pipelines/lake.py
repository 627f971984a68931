"""The lake's tables as assets: one step copies what is new of every organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator  # noqa: TC003 Dagster reads annotations
from typing import TYPE_CHECKING, Final

import dagster as dg

from pipelines.installation import Installation, organisations
from services.lake_export import ExportSummary, export_all, newest_written
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
    "appeals": "What users said against what was done, and how it ended.",
    "reports": "What users reported, to which item and why.",
    "facts": "Strikes, reports and labels of whom they are about.",
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


_TABLES: Final = dg.AssetSelection.groups("lake")
export_job = dg.define_asset_job("export_lake_job", selection=_TABLES.without_checks())
check_job = dg.define_asset_job("check_lake_job", selection=dg.AssetSelection.all_asset_checks())
_UNDER_WAY: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    job=export_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a copy when something was written since the last one asked for.",
)
def something_new(
    context: dg.SensorEvaluationContext, installation: Installation
) -> dg.RunRequest | dg.SkipReason:
    under_way = dg.RunsFilter(job_name=export_job.name, statuses=_UNDER_WAY)
    if context.instance.get_run_records(under_way, limit=1):
        return dg.SkipReason("A copy is under way.")
    with installation.opened() as opened:
        newest = [f"{o}:{newest_written(opened, o)}" for o in organisations(opened)]
    return dg.RunRequest(run_key=" ".join(newest))


check_schedule = dg.ScheduleDefinition(
    name="check_lake_every_hour",
    job=check_job,
    cron_schedule="7 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
