"""What supervisors are told of the queues behind the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from services.readiness import look
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def aged(town: Town, statement: str) -> None:
    with town.context.database.transaction(town.org_id) as tx:
        tx.execute(text(statement))


def test_with_nothing_waiting_all_is_well(town: Town) -> None:
    found = look(town.context)
    assert (found.status, found.checks.evaluation, found.checks.delivery) == ("ready", True, True)
    assert found.figures.oldest_unevaluated_seconds is None


def test_items_that_wait_too_long_are_told(town: Town) -> None:
    town.send("a")
    fresh = look(town.context)
    assert fresh.status == "ready"
    assert fresh.figures.oldest_unevaluated_seconds is not None
    aged(town, "UPDATE pending SET arrived_at = arrived_at - interval '301 s'")
    late = look(town.context)
    assert (late.status, late.checks.database, late.checks.evaluation) == ("degraded", True, False)
    assert late.figures.oldest_unevaluated_seconds == pytest.approx(301, abs=30)


def test_webhooks_that_wait_too_long_are_told(town: Town) -> None:
    town.rule("All", "length(text) > 0", town.hook())
    town.send("a")
    town.evaluate()
    aged(town, "UPDATE outbox SET next_attempt_at = clock_timestamp() - interval '301 s'")
    late = look(town.context)
    assert (late.status, late.checks.delivery) == ("degraded", False)


def test_a_lake_that_is_left_behind_is_told(town: Town) -> None:
    aged(
        town,
        "INSERT INTO lake_exports (org_id, table_name, watermark, updated_at) VALUES "
        "(current_setting('app.org_id')::int, 'items', '1', clock_timestamp() - interval '2 d')",
    )
    late = look(town.context)
    assert (late.status, late.checks.lake) == ("degraded", False)
