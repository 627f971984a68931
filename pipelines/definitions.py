"""Everything Dagster runs for Winnow. Loading it needs no environment and no database."""

from __future__ import annotations

import dagster as dg

from pipelines.checks import counts_agree, items_are_sound, outcomes_agree
from pipelines.installation import Installation
from pipelines.lake import check_job, check_schedule, export_job, export_lake, something_new

definitions = dg.Definitions(
    assets=[export_lake],
    asset_checks=[counts_agree, items_are_sound, outcomes_agree],
    jobs=[export_job, check_job],
    schedules=[check_schedule],
    sensors=[something_new],
    resources={"installation": Installation()},
)
