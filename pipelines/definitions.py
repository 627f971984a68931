"""Everything Dagster runs for Winnow. Loading it needs no environment and no database."""

from __future__ import annotations

import dagster as dg

from pipelines.checks import counts_agree, items_are_sound, outcomes_agree
from pipelines.installation import Installation
from pipelines.lake import export_job, export_lake, export_schedule

definitions = dg.Definitions(
    assets=[export_lake],
    asset_checks=[counts_agree, items_are_sound, outcomes_agree],
    jobs=[export_job],
    schedules=[export_schedule],
    resources={"installation": Installation()},
)
