from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.items import ItemRef
from engine.webhooks.callbacks import (
    AppealDecided,
    AppealOutcome,
    Ignored,
    JobClosed,
    appeal_body,
    close_body,
    ignore_body,
)

POST = ItemRef("t-post", "p1")
ANNA = ItemRef("t-user", "anna")
APPEAL = AppealDecided("ap-1", ANNA, AppealOutcome.REJECT, POST)


def test_an_appeals_decision_has_the_platforms_keys_in_their_order() -> None:
    assert appeal_body(APPEAL, {}) == (
        b'{"appealId":"ap-1","appealedBy":{"id":"anna","typeId":"t-user"},'
        b'"appealDecision":"REJECT","item":{"id":"p1","typeId":"t-post"}}'
    )


@pytest.mark.parametrize("configured", [{"team": "x"}, {"a": {"b": [1, None]}}])
def test_a_configured_body_comes_under_custom(configured: dict[str, object]) -> None:
    for body in (appeal_body(APPEAL, configured), ignore_body(Ignored(POST), configured)):
        assert b'"custom":{' in body


def test_an_ignored_item_comes_with_its_data() -> None:
    ignored = Ignored(POST, {"text": "hi"})
    assert ignore_body(ignored, {}) == b'{"id":"p1","typeId":"t-post","data":{"text":"hi"}}'


def test_media_of_a_child_safety_job_are_named_by_plain_type_ids() -> None:
    ignored = Ignored(ANNA, {}, (POST,))
    assert ignore_body(ignored, {}) == (
        b'{"id":"anna","typeId":"t-user","data":{},"ncmecMedia":[{"id":"p1","typeId":"t-post"}]}'
    )


def test_a_closed_job_says_which_and_why() -> None:
    closed = JobClosed("j1", POST, "purged", datetime(2026, 1, 5, tzinfo=UTC))
    assert close_body(closed, {}) == (
        b'{"event":"job.closed","jobId":"j1","item":{"id":"p1","typeId":"t-post"},'
        b'"reason":"purged","closedAt":"2026-01-05T00:00:00Z"}'
    )
