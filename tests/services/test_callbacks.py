"""Callbacks of the settings are queued once, with their headers, and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from engine.configuration.callbacks import Callback
from engine.configuration.settings import OrgSettings
from engine.items import ItemRef
from engine.webhooks.callbacks import AppealDecided, AppealOutcome, Ignored, JobClosed
from services import callbacks
from store import outbox

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

POST = ItemRef("t-post", "p1")
ANNA = ItemRef("t-user", "anna")
APPEAL = AppealDecided("ap-1", ANNA, AppealOutcome.ACCEPT, POST)
HOOK = Callback("https://platform.example/hook", {"X-Team": "safety"}, {"team": 1})
ALL = OrgSettings(
    appeal_callback=HOOK, ignore_callback=HOOK, close_callback=HOOK, webhook_timeout_seconds=3
)


def test_an_appeals_decision_is_queued_once_under_its_id(
    context: Context, org: Organisation
) -> None:
    now, message_id = context.clock(), context.new_id()
    due = now + timedelta(seconds=30)
    with context.database.transaction(org.org_id) as tx:
        for _ in range(2):
            assert callbacks.queue_appeal_decision(
                tx, ALL, APPEAL, message_id=message_id, now=now, not_before=due
            )
        [queued] = outbox.page(tx, state=None, action_id=None, before=None, most=9)
        assert outbox.lease(tx, now=now, until=due, most=9, per_endpoint=9) == []
        [leased] = outbox.lease(tx, now=due, until=due, most=9, per_endpoint=9)
    assert (queued.kind, queued.outbox_id) == ("appeal-decision", message_id)
    assert (queued.url, queued.headers) == (HOOK.url, {"X-Team": "safety"})
    assert leased.timeout_s == 3


def test_a_decision_taken_back_tells_nobody(context: Context, org: Organisation) -> None:
    now, message_id = context.clock(), context.new_id()
    with context.database.transaction(org.org_id) as tx:
        callbacks.queue_ignore(tx, ALL, Ignored(POST), message_id=message_id, now=now)
        assert outbox.cancel(tx, [message_id]) == {message_id}
        assert outbox.lease(tx, now=now, until=now, most=9, per_endpoint=9) == []


def test_a_job_that_closes_by_itself_can_be_told(context: Context, org: Organisation) -> None:
    now = context.clock()
    closed = JobClosed("j1", POST, "purged", now)
    with context.database.transaction(org.org_id) as tx:
        assert callbacks.queue_job_closed(tx, ALL, closed, message_id=context.new_id(), now=now)
        [queued] = outbox.page(tx, state=None, action_id=None, before=None, most=9)
    assert queued.kind == "job-closed"


@pytest.mark.parametrize("settings", [OrgSettings(), replace(ALL, appeals_enabled=False)])
def test_an_appeal_tells_nobody_unless_it_is_settled_so(
    context: Context, org: Organisation, settings: OrgSettings
) -> None:
    with context.database.transaction(org.org_id) as tx:
        assert not callbacks.queue_appeal_decision(
            tx, settings, APPEAL, message_id=context.new_id(), now=context.clock()
        )
        assert outbox.counts(tx) == {}
