"""Reports and actions are done once for one idempotency key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.town import Town

if TYPE_CHECKING:
    import httpx

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def sent(platform: Api, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return platform.client.post(path, json=body, headers={"Idempotency-Key": key})


def report(town: Town, reason: str = "rude") -> dict[str, Any]:
    return {
        "reporter": {"kind": "user", "typeId": town.post, "id": "r1"},
        "reportedAt": "2026-01-05T08:00:00Z",
        "reportedItem": {"id": "a", "typeId": town.post, "data": {"text": "x"}},
        "reportedForReason": {"reason": reason},
    }


def test_a_report_sent_again_is_the_same_report(platform: Api, town: Town) -> None:
    first, second = (sent(platform, "/report", report(town), "k") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert sent(platform, "/report", report(town, "other"), "k").status_code == 422
    assert town.rows("SELECT count(*) FROM reports") == [(1,)]
    assert town.rows("SELECT count(*) FROM facts") == [(1,)]


def test_an_action_sent_again_is_taken_once(platform: Api, town: Town) -> None:
    body = {"actionId": town.hook(), "itemId": "a", "itemTypeId": town.post}
    answers = [sent(platform, "/actions", body, "k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert sent(platform, "/actions", body | {"note": "n"}, "k").status_code == 422
    assert town.rows("SELECT count(*) FROM action_executions") == [(1,)]
