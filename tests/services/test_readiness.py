"""What supervisors are told of the queues behind the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


COPIED = """
INSERT INTO lake_exports (org_id, table_name, watermark, updated_at)
SELECT current_setting('app.org_id')::int, 'items/t',
       ((extract(epoch FROM max(arrived_at)) * 1000000)::bigint + :more) || '@1',
       clock_timestamp() - interval '9 d'
FROM submissions
"""


def copied(town: Town, *, less: bool) -> None:
    """Up to the latest item, or up to just before it, nine days ago."""
    with town.context.database.transaction(town.org_id) as tx:
        tx.execute(text(COPIED), {"more": -1 if less else 0})


def days_ago(town: Town, days: int) -> None:
    """As if every item had come then, and been evaluated."""
    then = datetime.now(UTC) - timedelta(days=days)
    with town.context.database.owner() as tx:
        tx.execute(text("SELECT set_config('app.org_id', :org, true)"), {"org": str(town.org_id)})
        tx.execute(text("UPDATE submissions SET arrived_at = :then"), {"then": then})
        tx.execute(text("DELETE FROM pending"))


def test_without_a_lake_nothing_is_said_of_it(town: Town) -> None:
    town.send("a")
    found = look(town.context)
    assert (found.checks.lake, found.figures.lake_age_seconds) == (None, None)


def test_a_lake_that_has_everything_is_not_late_however_long_nothing_came(town: Town) -> None:
    town.send("a")
    days_ago(town, 9)
    copied(town, less=False)
    found = look(town.context)
    assert (found.checks.lake, found.figures.lake_age_seconds) == (True, 0.0)


def test_a_lake_that_is_left_behind_is_told(town: Town) -> None:
    town.send("a")
    days_ago(town, 2)
    copied(town, less=True)
    late = look(town.context)
    assert (late.status, late.checks.lake) == ("degraded", False)
    assert late.figures.lake_age_seconds == pytest.approx(2 * 86_400, abs=600)
