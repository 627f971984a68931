"""A rule's life over HTTP: warned about, compared, snoozed, approved by somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from services.field_statistics import collect
from tests.api.platform import POST_TYPE, Api, expect_problem, pointers, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import Organisation

HIT = {"data": {"text": "x", "score": 9}, "matches": True}
MISS = {"data": {"text": "x", "score": 1}, "matches": False}


@pytest.fixture
def post(admin: Api) -> str:
    return str(admin.made("item-types", POST_TYPE)["id"])


@pytest.fixture
def colleague(admin: Api, base_url: str) -> Iterator[Api]:
    made = admin.post("/users", {"email": "bea@test.example", "role": "RULES_MANAGER"}).json()
    with httpx.Client(base_url=base_url, timeout=20) as client:
        yield signed_in(client, "bea@test.example", made["password"])


def rule(post: str, **more: object) -> dict[str, Any]:
    base = {"name": "High", "where": "score > 5", "itemTypeIds": [post], "examples": [HIT, MISS]}
    return base | more


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in found]


# -- warnings --------------------------------------------------------------------------------------


def test_a_save_warns_of_what_is_probably_not_meant(admin: Api, post: str) -> None:
    admin.made("banks", {"name": "nothing", "terms": []})
    admin.made("rules", rule(post, name="Other", status="SHADOW"))
    made = admin.made("rules", rule(post, where="score > 5"))
    assert codes(made["warnings"]) == ["duplicate"]
    assert "'Other'" in made["warnings"][0]["message"]
    assert made["warnings"][0]["itemType"] == "Post"
    path = f"/config/rules/{made['id']}"
    empty = admin.put(path, rule(post, where="matches(text, 'nothing')", examples=[])).json()
    assert codes(empty["warnings"]) == ["empty-bank"]
    fine = admin.put(path, rule(post, where="score > 7")).json()
    assert codes(fine["warnings"]) == ["subsumed"]
    assert admin.put(path, admin.get(path).json() | {"warnings": []}).status_code == 200


def test_every_save_runs_the_examples_and_says_which_fail(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post, examples=[HIT, MISS, HIT | {"matches": False}]))
    assert made["failedExamples"] == [2]
    path = f"/config/rules/{made['id']}"
    assert admin.put(path, admin.get(path).json() | made).json()["failedExamples"] == [2]
    assert admin.put(path, rule(post)).json()["failedExamples"] == []


def test_a_check_warns_and_does_not_compare_a_rule_with_itself(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post, status="SHADOW"))
    asked = {"where": "score > 5", "itemTypeId": post}
    assert codes(admin.post("/rules/check", asked).json()["warnings"]) == ["duplicate"]
    told = admin.post("/rules/check", asked | {"ruleId": made["id"]}).json()
    assert told == {"ok": True, "diagnostics": [], "canonical": "score > 5", "warnings": []}
    never = asked | {"where": "score > 5 AND score < 2"}
    assert codes(admin.post("/rules/check", never).json()["warnings"]) == ["never-true"]


def test_recent_items_tell_of_thresholds_out_of_reach_and_fields_that_are_missing(
    admin: Api, platform: Api, post: str, context: Context, org: Organisation
) -> None:
    where = "score > 50 AND author.id = 'x' AND secret = 'x'"
    asked = {"where": where, "itemTypeId": post}
    assert admin.post("/rules/check", asked).json()["warnings"] == []
    items = [{"id": f"i{n}", "text": "x", "score": n % 10} for n in range(60)]
    platform.sent(post, *items)
    assert collect(context, org.org_id) == 1
    found = admin.post("/rules/check", asked).json()["warnings"]
    assert sorted(codes(found)) == ["mostly-null", "out-of-range"]
    assert not any("secret" in warning["message"] for warning in found)
    assert "0 to 9" in next(each["message"] for each in found if each["code"] == "out-of-range")
    author = {"id": "u1", "typeId": post}
    items = [{"id": f"i{n}", "text": "x", "score": n, "author": author} for n in range(2000)]
    platform.sent(post, *items)
    assert collect(context, org.org_id) == 1
    assert admin.post("/rules/check", asked).json()["warnings"] == []


# -- versions compared -----------------------------------------------------------------------------


def test_two_versions_are_compared_key_by_key_and_line_by_line(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post))
    path = f"/config/rules/{made['id']}"
    admin.put(path, rule(post, where="score > 6", tags=["new"]))
    told = admin.get(f"{path}/versions/1/diff/2").json()
    assert (told["from"], told["to"]) == (1, 2)
    changes = {each["key"]: (each["before"], each["after"]) for each in told["changes"]}
    assert changes == {"where": ("score > 5", "score > 6"), "tags": ([], ["new"])}
    assert "-where: score > 5" in told["diff"].splitlines()
    assert "+where: score > 6" in told["diff"].splitlines()
    same = admin.get(f"{path}/versions/2/diff/2").json()
    assert (same["changes"], same["diff"]) == ([], "")
    expect_problem(admin.get(f"{path}/versions/1/diff/9"), 404)


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("policies", {"name": "P", "text": "a\nb"}, {"name": "P", "text": "a\nc"}),
        ("banks", {"name": "B", "terms": [{"text": "x"}]}, {"name": "B", "terms": []}),
        ("queues", {"name": "Q"}, {"name": "Q", "slaMinutes": 5}),
        ("item-types", POST_TYPE | {"name": "T"}, POST_TYPE | {"name": "T", "description": "d"}),
    ],
)
def test_every_kind_is_compared(
    admin: Api, kind: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    made = admin.made(kind, first)
    admin.put(f"/config/{kind}/{made['id']}", second)
    told = admin.get(f"/config/{kind}/{made['id']}/versions/1/diff/2").json()
    assert len(told["changes"]) == 1
    assert any(line.startswith(("+", "-")) for line in told["diff"].splitlines())


def test_secrets_stay_hidden_in_a_comparison(admin: Api, colleague: Api) -> None:
    action = {"name": "A", "callbackUrl": "https://x.example/"}
    made = admin.made("actions", action | {"callbackUrlHeaders": {"Key": "one"}})
    path = f"/config/actions/{made['id']}"
    admin.put(path, action | {"callbackUrlHeaders": {"Key": "two"}})
    assert "two" in admin.get(f"{path}/versions/1/diff/2").text
    account = admin.post("/users", {"email": "ann@test.example", "role": "ANALYST"}).json()
    assert colleague.get(path).status_code == 200
    analyst = signed_in(colleague.client, "ann@test.example", account["password"])
    assert "two" not in analyst.get(f"{path}/versions/1/diff/2").text


# -- names of statuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("BACKGROUND", "SHADOW"),
        ("EXPIRED", "PAUSED"),
        ("DEPRECATED", "ARCHIVED"),
        ("DRAFT", "DRAFT"),
        ("LIVE", "LIVE"),
    ],
)
def test_a_status_may_have_the_name_that_coop_gives_it(
    admin: Api, post: str, sent: str, stored: str
) -> None:
    assert admin.made("rules", rule(post, status=sent))["status"] == stored


# -- snoozes ---------------------------------------------------------------------------------------


def test_a_snooze_is_made_listed_and_ended(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post, status="LIVE"))
    path = f"/rules/{made['id']}/snoozes"
    asked = {"entity": {"typeId": post, "id": "i1"}, "until": "2026-01-06T00:00:00Z"}
    snooze = admin.post(path, asked | {"reason": "quotes"})
    assert snooze.status_code == 201
    assert snooze.json()["running"] is True
    [listed] = admin.get(path).json()["items"]
    assert listed["entity"] == {"typeId": post, "id": "i1"}
    assert (listed["reason"], listed["until"]) == ("quotes", "2026-01-06T00:00:00Z")
    end = f"{path}/{listed['snoozeId']}/end"
    assert admin.post(end).json()["running"] is False
    expect_problem(admin.post(end), 409)
    events = [each["event"] for each in admin.get("/audit").json()["items"]]
    assert {"rule:snooze", "rule:unsnooze"} <= set(events)


def test_a_snooze_must_make_sense(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post))
    path = f"/rules/{made['id']}/snoozes"
    entity = {"typeId": post, "id": "i1"}
    past = admin.post(path, {"entity": entity, "until": "2020-01-01T00:00:00Z"})
    assert pointers(past) == ["/until"]
    until = "2026-01-06T00:00:00Z"
    nobody = {"entity": {"typeId": "x", "id": "i1"}, "until": until}
    expect_problem(admin.post(path, nobody), 404)
    expect_problem(admin.post("/rules/x/snoozes", {"entity": entity, "until": until}), 404)
    expect_problem(admin.post(f"{path}/x/end"), 404)


# -- a second person -------------------------------------------------------------------------------


def test_going_live_waits_for_somebody_else(admin: Api, colleague: Api, post: str) -> None:
    made = admin.made("rules", rule(post))
    path = f"/config/rules/{made['id']}"
    admin.put("/org/settings", {"liveNeedsSecondPerson": True})
    answer = admin.put(path, rule(post, status="LIVE", reason="measured"))
    assert answer.status_code == 202
    approval = f"/approvals/{answer.json()['approvalId']}"
    assert admin.get(path).json()["status"] == "DRAFT"
    [waiting] = colleague.get("/approvals", state="waiting").json()["items"]
    assert (waiting["ruleName"], waiting["reason"]) == ("High", "measured")
    looked = colleague.get(approval).json()
    assert [each["key"] for each in looked["changes"]] == ["status"]
    assert "+status: LIVE" in looked["diff"]

    expect_problem(admin.post(f"{approval}/approve", {}), 403)
    approved = colleague.post(f"{approval}/approve", {"comment": "fine"}).json()
    assert (approved["state"], approved["savedVersion"]) == ("approved", 2)
    assert admin.get(path).json()["status"] == "LIVE"
    latest = admin.get(f"{path}/versions").json()["items"][0]
    assert (latest["author"], latest["reason"]) == (waiting["author"], "measured")
    expect_problem(colleague.post(f"{approval}/approve", {}), 409)
    events = [each["event"] for each in admin.get("/audit").json()["items"]]
    assert {"rule:ask-approval", "rule:approve"} <= set(events)


def test_what_a_live_rule_does_changes_with_a_second_person_alone(
    admin: Api, colleague: Api, post: str
) -> None:
    made = admin.made("rules", rule(post, status="LIVE"))
    path = f"/config/rules/{made['id']}"
    admin.put("/org/settings", {"liveNeedsSecondPerson": True})
    assert admin.put(path, rule(post, status="LIVE", description="d")).status_code == 200
    for change in ({"where": "score > 6"}, {"rolloutPercent": 5}, {"maxDailyActions": 9}):
        assert admin.put(path, rule(post, status="LIVE") | change).status_code == 202
    [waiting] = admin.get("/approvals", state="waiting").json()["items"]
    assert waiting["document"]["maxDailyActions"] == 9
    assert len(admin.get("/approvals", state="withdrawn").json()["items"]) == 2
    refused = colleague.post(f"/approvals/{waiting['approvalId']}/refuse", {"comment": "no"})
    assert refused.json()["state"] == "refused"
    assert admin.put(path, rule(post, status="PAUSED")).status_code == 200


def test_a_new_rule_and_a_rollback_wait_too(admin: Api, colleague: Api, post: str) -> None:
    made = admin.made("rules", rule(post, status="LIVE"))
    path = f"/config/rules/{made['id']}"
    admin.put("/org/settings", {"liveNeedsSecondPerson": True})
    assert admin.put(path, rule(post, status="PAUSED")).status_code == 200
    assert admin.post(f"{path}/rollback", {"version": 1}).status_code == 202
    answer = admin.post("/config/rules", rule(post, name="New", status="LIVE"))
    approved = colleague.post(f"/approvals/{answer.json()['approvalId']}/approve", {}).json()
    assert approved["savedVersion"] == 1
    assert admin.ids("rules")["New"] == approved["ruleId"]


def test_a_change_that_is_out_of_date_is_not_approved(
    admin: Api, colleague: Api, post: str
) -> None:
    made = admin.made("rules", rule(post))
    path = f"/config/rules/{made['id']}"
    asked = admin.post(f"/rules/{made['id']}/approvals", {"document": rule(post, status="LIVE")})
    assert asked.status_code == 201
    admin.put(path, rule(post, description="meanwhile"))
    approval = f"/approvals/{asked.json()['approvalId']}"
    refusal = expect_problem(colleague.post(f"{approval}/approve", {}), 409)
    assert "version 2, not 1" in refusal["detail"]
    expect_problem(colleague.post(f"{approval}/withdraw"), 403)
    assert admin.post(f"{approval}/withdraw").json()["state"] == "withdrawn"


def test_a_key_is_no_second_person(admin: Api, platform: Api, post: str) -> None:
    made = admin.made("rules", rule(post))
    asked = admin.post(f"/rules/{made['id']}/approvals", {"document": rule(post, status="LIVE")})
    expect_problem(platform.post(f"/approvals/{asked.json()['approvalId']}/approve", {}), 403)


def test_going_live_can_take_a_fresh_backtest(admin: Api, post: str) -> None:
    admin.put("/org/settings", {"liveNeedsFreshBacktest": True})
    answer = admin.post("/config/rules", rule(post, status="LIVE"))
    assert [each["slug"] for each in expect_problem(answer, 400)["errors"]] == ["backtest-needed"]
    assert admin.made("rules", rule(post, status="SHADOW"))["version"] == 1
