from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from pipelines.definitions import definitions
from pipelines.expectations import unmet_expectations
from pipelines.installation import Installation
from pipelines.lake import TABLES, something_new
from services.lake_quality import latest_items
from store import lake
from tests.services.history import NOON, Row, context_of, place, save_type
from tests.services.test_parity_sample import OFTEN, record, save_rule, version

if TYPE_CHECKING:
    from pathlib import Path

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation


@pytest.fixture
def world(
    database: Database,
    database_url: str,
    org: Organisation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Context:
    """An organisation with three posts, and the environment that leads Dagster's steps to it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("WINNOW_VAR", str(tmp_path))
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        place(tx, [Row({"text": f"post {n}", "likes": n}, n) for n in range(3)])
    return context_of(database, tmp_path / "lake")


def ran(home: Path, job_name: str = "export_lake_job") -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral(tempdir=str(home)) as instance:
        return definitions.resolve_job_def(job_name).execute_in_process(instance=instance)


def checks(home: Path) -> dict[str, dg.AssetCheckEvaluation]:
    found = ran(home, "check_lake_job").get_asset_check_evaluations()
    return {each.check_name: each for each in found}


def test_dagster_accepts_the_definitions(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DAGSTER_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "pipelines.definitions"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr


def test_every_table_of_the_lake_is_an_asset_and_its_checks_run_by_themselves() -> None:
    keys = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert keys == {f"lake/{name}" for name in TABLES}
    [schedule] = definitions.schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.filterwarnings("ignore")
def test_a_run_fills_the_lake_and_its_checks_pass(
    world: Context, org: Organisation, tmp_path: Path
) -> None:
    result = ran(tmp_path)
    found = lake.snapshot(lake.items_uri(world.lake_root, org.org_id, "t-post"))
    assert found is not None
    assert found.rows == 3
    [told] = result.asset_materializations_for_node("export_lake")[:1]
    assert told.metadata["rows written"].value == 3
    assert {name: each.passed for name, each in checks(tmp_path).items()} == {
        "counts_agree": True,
        "items_are_sound": True,
        "outcomes_agree": True,
    }


@pytest.mark.filterwarnings("ignore")
def test_a_lost_row_fails_the_count(world: Context, org: Organisation, tmp_path: Path) -> None:
    ran(tmp_path)
    lake.delete_rows(lake.items_uri(world.lake_root, org.org_id, "t-post"), "_seq = 2")
    counts = checks(tmp_path)["counts_agree"]
    assert counts.passed is False
    assert counts.metadata["missing"].value == {f"{org.org_id}/items/t-post": 1}


@pytest.mark.filterwarnings("ignore")
def test_one_outcome_of_yesterday_that_differs_fails_and_is_told(
    world: Context, org: Organisation, tmp_path: Path
) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1) - NOON) / timedelta(minutes=1)
    with world.database.transaction(org.org_id) as tx:
        save_rule(tx, OFTEN)
        place(tx, [Row({}, yesterday, "odd"), Row({}, yesterday + 24 * 60, "today")])
        record(tx, 4, version(tx), "r-often")
        record(tx, 5, version(tx))
    ran(tmp_path)
    outcomes = checks(tmp_path)["outcomes_agree"]
    assert outcomes.passed is False
    assert outcomes.metadata["differences"].value == [
        f"organisation {org.org_id}, item odd at place 4: recorded often; now nothing"
    ]


@pytest.mark.filterwarnings("ignore")
def test_a_copy_is_asked_for_once_for_what_is_new(
    world: Context, org: Organisation, tmp_path: Path
) -> None:
    def asked() -> str | None:
        with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
            context = dg.build_sensor_context(instance=instance)
            request = something_new(context, installation=Installation())
            assert isinstance(request, dg.RunRequest)
            return request.run_key

    first = asked()
    assert asked() == first
    with world.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "one more"}, 9)])
    assert asked() != first


@pytest.mark.filterwarnings("ignore")
def test_rows_out_of_order_or_twice_do_not_meet_expectations(
    world: Context, org: Organisation, tmp_path: Path
) -> None:
    ran(tmp_path)
    [sample] = [s for s in latest_items(world, org.org_id) if s.name.endswith("t-post")]
    assert sample.rows.column("_seq").to_pylist() == [1, 2, 3]
    assert unmet_expectations(sample.rows) == []
    doubled = sample.rows.take([0, 2, 1, 1])
    assert {each.split("(")[0] for each in unmet_expectations(doubled)} == {
        "expect_column_values_to_be_unique",
        "expect_column_values_to_be_increasing",
    }
