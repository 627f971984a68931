"""What creates or changes something is done once for one idempotency key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from engine.idempotency import HEADER
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


def test_an_appeal_sent_again_is_one_appeal(platform: Api, town: Town) -> None:
    body = {
        "appealId": "a1",
        "appealedBy": {"typeId": town.post, "id": "u1"},
        "appealedAt": "2026-01-05T09:00:00Z",
        "actionedItem": {"id": "a", "typeId": town.post, "data": {"text": "x"}},
        "actionsTaken": [town.hook()],
    }
    answers = [sent(platform, "/report/appeal", body, "k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert sent(platform, "/report/appeal", body | {"appealId": "a2"}, "k").status_code == 422
    assert town.rows("SELECT count(*) FROM appeals") == [(1,)]


@pytest.mark.parametrize("waits", [False, True])
def test_content_sent_again_is_judged_once(platform: Api, town: Town, *, waits: bool) -> None:
    town.rule("all", "TRUE", town.hook())
    body = {"contentType": "Post", "contentId": "a", "content": {"text": "x"}, "sync": waits}
    first, second = (sent(platform, "/content", body, "k") for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    if waits:
        assert [one["name"] for one in first.json()["actionsTriggered"]] == ["Remove"]
    assert sent(platform, "/content", body | {"contentId": "b"}, "k").status_code == 422
    assert town.rows("SELECT count(*) FROM submissions") == [(1,)]


POLICY = {"name": "Spam"}


def posted(api: Api, path: str, body: object, key: str = "k") -> httpx.Response:
    return api.client.post(path, json=body, headers={"Idempotency-Key": key})


def test_what_is_created_is_created_once_and_answered_alike(admin: Api, town: Town) -> None:
    first, second = (posted(admin, "/config/policies", POLICY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert [one["name"] for one in admin.get("/config/policies").json()["items"]] == ["Spam"]
    refusal = posted(admin, "/config/policies", {"name": "Other"})
    assert (refusal.status_code, refusal.json()["type"]) == (422, "/errors/idempotency-key-reused")
    assert posted(admin, "/config/queues", POLICY).status_code == 422
    assert town.rows("SELECT count(*) FROM config_heads WHERE kind = 'policy'") == [(1,)]


def test_an_answer_with_a_secret_is_kept_encrypted_and_told_to_who_asked_alone(
    admin: Api, platform: Api, town: Town
) -> None:
    first, second = (posted(admin, "/api-keys", {"name": "n"}) for _ in range(2))
    secret = first.json()["key"]
    assert second.json()["key"] == secret
    kept = b"".join(bytes(row.answer) for row in town.rows("SELECT answer FROM idempotency_keys"))
    assert kept
    assert secret.encode() not in kept
    assert posted(platform, "/api-keys", {"name": "n"}).status_code == 422


def test_what_was_refused_may_be_put_right_under_the_same_key(admin: Api) -> None:
    assert posted(admin, "/config/policies", {"name": ""}).status_code == 400
    assert posted(admin, "/config/policies", POLICY).status_code == 201
    assert posted(admin, "/config/policies", POLICY, key="").status_code == 400


def test_of_many_who_send_at_once_one_does_it_and_all_are_answered(admin: Api, town: Town) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: posted(admin, "/config/policies", POLICY), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert town.rows("SELECT count(*) FROM config_heads WHERE kind = 'policy'") == [(1,)]


def test_a_process_that_died_before_it_answered_has_not_done_it_twice(
    admin: Api, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.once_route.TIMES", 2)
    with monkeypatch.context() as patch:
        patch.setattr("services.idempotency.keep_answer", lambda *_: None)
        assert posted(admin, "/config/policies", POLICY).status_code == 201
    again = posted(admin, "/config/policies", POLICY)
    assert (again.status_code, again.json()["type"]) == (409, "/errors/conflict")
    assert town.rows("SELECT count(*) FROM config_heads WHERE kind = 'policy'") == [(1,)]


def test_every_route_that_changes_something_takes_a_key(admin: Api) -> None:
    """These only look, or are safe to repeat as they are."""
    nothing_done = {
        "/sessions", "/config/item-types/infer", "/config/banks/{bank_id}/try", "/rules/check",
        "/rules/preview", "/rules/{rule_id}/examples/run", "/rules/explain", "/rules/form",
        "/rules/form/sql", "/routing-rules/test",
    }  # fmt: skip
    document = admin.get("/openapi.json").json()
    without = {
        path.removeprefix("/api/v1")
        for path, operations in document["paths"].items()
        if "post" in operations
        and HEADER not in {one["name"] for one in operations["post"].get("parameters", [])}
    }
    assert without == nothing_done
