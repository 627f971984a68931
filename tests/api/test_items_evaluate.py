"""`POST /items/evaluate` over HTTP: verdict, explanation, deadline, repetition, dry run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from services import evaluation
from services.synchronous_evaluation import MOST_AT_ONCE
from tests.api.platform import Api, expect_problem
from tests.services.town import Town

if TYPE_CHECKING:
    import httpx

    from services.context import Context
    from tests.world import Organisation

EVALUATE = "/items/evaluate"


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def item(town: Town, item_id: str = "a", text: str = "a scam", **data: object) -> dict[str, Any]:
    return {"id": item_id, "typeId": town.post, "data": {"text": text, **data}}


def verdict(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def once(platform: Api, key: str, body: dict[str, Any]) -> httpx.Response:
    return platform.client.post(EVALUATE, json=body, headers={"Idempotency-Key": key})


def test_the_verdict_names_rules_and_actions(platform: Api, town: Town) -> None:
    hook = town.hook()
    rule = town.rule("Scams", "contains(text, 'scam')", hook)
    town.rule("Watched", "length(text) > 1", hook, status="SHADOW")
    said = verdict(platform.post(EVALUATE, {"item": item(town)}))
    assert (said["finished"], said["dryRun"], said["traces"]) == (True, False, None)
    matched = {one["name"]: one["held"] for one in said["matchedRules"]}
    assert matched == {"Scams": None, "Watched": "shadow"}
    [action] = said["actions"]
    assert (action["actionId"], action["ruleIds"]) == (hook, [rule])
    [row] = town.rows("SELECT submission_id::text, seq FROM submissions")
    assert (said["submissionId"], said["seq"]) == tuple(row)
    assert town.rows("SELECT execution_id::text FROM action_executions") == [
        (action["executionId"],)
    ]
    assert town.evaluate() == 0


def test_nothing_matched_is_a_verdict_too(platform: Api, town: Town) -> None:
    town.rule("Scams", "contains(text, 'scam')", town.hook())
    said = verdict(platform.post(EVALUATE, {"item": item(town, text="hello"), "trace": True}))
    assert (said["matchedRules"], said["actions"]) == ([], [])
    [trace] = said["traces"]
    assert (trace["name"], trace["outcome"], trace["trace"]["outcome"]) == ("Scams", False, False)


def test_the_trace_says_what_each_condition_saw(platform: Api, town: Town) -> None:
    where = "likes > 3 AND count_recent(author, '1 hour') >= 1"
    town.rule("Busy", where, town.hook())
    sent = item(town, likes=7, author={"id": "u1", "typeId": town.post})
    for body in ({"item": sent, "trace": True}, {"item": sent, "trace": True, "dryRun": True}):
        [trace] = verdict(platform.post(EVALUATE, body))["traces"]
        assert trace["outcome"] is True
        seen = [one["value"] for part in trace["trace"]["parts"] for one in part["seen"]]
        assert 7 in seen


def test_a_dry_run_counts_the_item_itself_and_keeps_nothing(platform: Api, town: Town) -> None:
    town.rule("Second", "count_recent(author, '1 hour') = 2", town.hook())
    sent = {"item": item(town, author={"id": "u1", "typeId": town.post})}
    assert verdict(platform.post(EVALUATE, sent | {"dryRun": True}))["matchedRules"] == []
    assert verdict(platform.post(EVALUATE, sent))["matchedRules"] == []
    for _ in range(2):
        said = verdict(platform.post(EVALUATE, sent | {"dryRun": True}))
        assert [one["name"] for one in said["matchedRules"]] == ["Second"]
        assert [one["executionId"] for one in said["actions"]] == [None]
        assert (said["dryRun"], said["submissionId"], said["seq"]) == (True, None, None)
    for table, rows in (("submissions", 1), ("window_events", 1), ("action_executions", 0)):
        assert town.rows(f"SELECT count(*) FROM {table}") == [(rows,)]


def test_a_repetition_is_answered_alike_and_done_once(platform: Api, town: Town) -> None:
    town.rule("Scams", "contains(text, 'scam')", town.hook())
    body = {"item": item(town)}
    first, second = (once(platform, "k", body) for _ in range(2))
    assert verdict(first) == verdict(second)
    assert verdict(first)["matchedRules"]
    assert town.rows("SELECT count(*) FROM submissions") == [(1,)]
    reused = once(platform, "k", {"item": item(town, text="other")})
    assert expect_problem(reused, 422)["type"] == "/errors/idempotency-key-reused"


def test_duplicates_at_the_same_moment_are_done_once(platform: Api, town: Town) -> None:
    town.rule("Scams", "contains(text, 'scam')", town.hook())
    answers: list[httpx.Response] = []
    body = {"item": item(town)}
    threads = [
        threading.Thread(target=lambda: answers.append(once(platform, "k", body))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["submissionId"] for answer in answers}) == 1
    assert town.rows("SELECT count(*) FROM submissions") == [(1,)]


def test_past_the_deadline_the_item_is_kept_and_judged_later(
    platform: Api, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("Scams", "contains(text, 'scam')", town.hook())
    release, judge = threading.Event(), evaluation.judge

    def slow(*asked: Any) -> Any:
        assert release.wait(20)
        return judge(*asked)

    monkeypatch.setattr(evaluation, "judge", slow)
    body = {"item": item(town), "deadlineMs": 50}
    said = verdict(once(platform, "k", body), 202)
    assert (said["finished"], said["matchedRules"], said["configVersion"]) == (False, [], None)
    assert said["submissionId"]
    release.set()
    later = once(platform, "k", body)
    for _ in range(200):
        if later.status_code == 200:
            break
        later = once(platform, "k", body)
    assert [one["name"] for one in verdict(later)["matchedRules"]] == ["Scams"]


def test_when_all_who_judge_are_busy_until_the_deadline_a_worker_has_the_item(
    platform: Api, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("Scams", "contains(text, 'scam')", town.hook())
    release, judge = threading.Event(), evaluation.judge

    def slow(*given: Any) -> Any:
        assert release.wait(20)
        return judge(*given)

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "judge", slow)
        for number in range(MOST_AT_ONCE):
            body = {"item": item(town, f"busy-{number}"), "deadlineMs": 20}
            assert not verdict(platform.post(EVALUATE, body), 202)["finished"]
        body = {"item": item(town, "late"), "deadlineMs": 20}
        said = [verdict(once(platform, "k", body), 202) for _ in range(2)]
    assert (said[0]["finished"], said[0]["itemId"]) == (False, "late")
    assert said[0] == said[1]
    assert town.evaluate() == 1
    release.set()
    again = verdict(once(platform, "k", body))
    assert [one["name"] for one in again["matchedRules"]] == ["Scams"]
    assert again["submissionId"] == said[0]["submissionId"]


WRONG = [
    ({}, ""),
    ([], ""),
    ({"item": 5}, "/item"),
    ({"item": {"id": "a", "data": {}}}, "/item"),
    ({"item": {"id": "a", "typeId": "t", "data": {}}, "deadlineMs": 0}, "/deadlineMs"),
    ({"item": {"id": "a", "typeId": "t", "data": {}}, "deadlineMs": True}, "/deadlineMs"),
    ({"item": {"id": "a", "typeId": "t", "data": {}}, "trace": "yes"}, "/trace"),
    ({"item": {"id": "a", "typeId": "nobody", "data": {}}}, "/item"),
]


@pytest.mark.parametrize(("body", "pointer"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_body_is_pointed_at(platform: Api, body: object, pointer: str) -> None:
    problem = expect_problem(platform.post(EVALUATE, body), 400)
    assert problem["errors"][0]["pointer"] == pointer


def test_a_wrong_item_is_pointed_at(platform: Api, town: Town) -> None:
    wrong = {"id": "a", "typeId": town.post, "data": {"likes": "many"}}
    problem = expect_problem(platform.post(EVALUATE, {"item": wrong}), 400)
    pointers = [one["pointer"] for one in problem["errors"]]
    assert pointers == ["/item/data/text", "/item/data/likes"]


def test_strangers_are_turned_away(anybody: Api) -> None:
    body = {"item": {"id": "a", "typeId": "t", "data": {}}}
    expect_problem(anybody.post(EVALUATE, body), 401)
