"""Routing rules over HTTP: saved, ordered, tried, obeyed, written down."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.api.platform import POST_TYPE, Api, expect_problem, pointers


@dataclass(frozen=True)
class Office:
    admin: Api
    post: str
    look: str
    queues: dict[str, str]

    def rule(self, name: str, where: str, queue: str, **more: object) -> str:
        document = {
            "name": name,
            "where": where,
            "itemTypeIds": [self.post],
            "queueId": self.queues[queue],
        }
        made: str = self.admin.made("routing-rules", document | more)["id"]
        return made

    def tried(self, words: str, **more: object) -> str:
        body = {"itemTypeId": self.post, "data": {"text": words}, **more}
        answer = self.admin.post("/routing-rules/test", body)
        assert answer.status_code == 200, answer.text
        name: str = answer.json()["queueName"]
        return name


@pytest.fixture
def office(admin: Api) -> Office:
    post = admin.made("item-types", POST_TYPE)["id"]
    look = admin.made("actions", {"name": "Look", "type": "ENQUEUE_TO_MRT"})["id"]
    for name in ("One", "Two"):
        admin.made("queues", {"name": name})
    return Office(admin, post, look, admin.ids("queues"))


def test_the_first_rule_that_matches_takes_the_job(office: Office, platform: Api) -> None:
    office.rule("a", "contains(text, 'test')", "One")
    office.rule("b", "TRUE", "Two")
    platform.sent(office.post, {"id": "p1", "text": "a test"}, {"id": "p2", "text": "other"})
    for item in ("p1", "p2"):
        asked = {"actionId": office.look, "itemId": item, "itemTypeId": office.post}
        assert platform.post("/actions", asked).status_code == 202
    queues = {job["itemId"]: job["queueName"] for job in office.admin.get("/jobs").json()["items"]}
    assert queues == {"p1": "One", "p2": "Two"}

    log = office.admin.get("/routing-rules/log").json()["items"]
    trails = {one["queueName"]: [step["outcome"] for step in one["trail"]] for one in log}
    assert trails == {"One": ["TRUE", "NOT_RUN"], "Two": ["FALSE", "TRUE"]}
    only = office.admin.get("/routing-rules/log", queueId=office.queues["One"]).json()["items"]
    assert only == [one for one in log if one["queueName"] == "One"]


def test_an_action_that_names_its_queue_asks_no_rule(office: Office, platform: Api) -> None:
    office.rule("a", "TRUE", "One")
    named = {"name": "To two", "type": "ENQUEUE_TO_MRT", "queueId": office.queues["Two"]}
    to_two = office.admin.made("actions", named)["id"]
    platform.sent(office.post, {"id": "p1", "text": "x"}, {"id": "p2", "text": "x"})
    for item, action in (("p1", to_two), ("p2", office.look)):
        asked = {"actionId": action, "itemId": item, "itemTypeId": office.post}
        assert platform.post("/actions", asked).status_code == 202
    log = office.admin.get("/routing-rules/log").json()["items"]
    told = {(one["queueName"], one["queueNamed"], one["ruleId"] is None) for one in log}
    assert told == {("One", False, False), ("Two", True, True)}


def test_where_an_item_would_go_can_be_tried(office: Office, platform: Api) -> None:
    office.rule("text", "contains(text, 'test')", "One")
    office.rule("policy", "list_contains(_policies, 'p1')", "Two")
    office.rule("appeals", "TRUE", "Two", kind="APPEAL")
    assert office.tried("a test") == "One"
    assert office.tried("other", policyIds=["p1"]) == "Two"
    assert office.tried("other") == "Default"
    assert office.tried("a test", kind="APPEAL") == "Two"
    platform.sent(office.post, {"id": "p1", "text": "a test"})
    body = {"itemTypeId": office.post, "itemId": "p1"}
    assert office.admin.post("/routing-rules/test", body).json()["ruleName"] == "text"
    expect_problem(office.admin.post("/routing-rules/test", body | {"itemId": "p9"}), 404)


def test_a_rule_reads_what_the_author_was(office: Office, platform: Api) -> None:
    karma = {"name": "karma", "type": "NUMBER", "required": False, "container": None}
    member = {"name": "Member", "kind": "USER", "fields": [karma]}
    user = office.admin.made("item-types", member)["id"]
    office.rule("newcomers", "creator.karma < 10", "One")
    platform.sent(user, {"id": "new", "karma": 1}, {"id": "old", "karma": 99})
    for author in ("new", "old", "unseen"):
        data = {"id": f"of-{author}", "text": "x", "author": {"id": author, "typeId": user}}
        platform.sent(office.post, data)
        asked = {"actionId": office.look, "itemId": f"of-{author}", "itemTypeId": office.post}
        assert platform.post("/actions", asked).status_code == 202
    queues = {job["itemId"]: job["queueName"] for job in office.admin.get("/jobs").json()["items"]}
    assert queues == {"of-new": "One", "of-old": "Default", "of-unseen": "Default"}
    tried = {"itemTypeId": office.post, "itemId": "of-new"}
    assert office.admin.post("/routing-rules/test", tried).json()["queueName"] == "One"


def test_child_safety_has_its_own_rules_and_default_queue(office: Office, platform: Api) -> None:
    user = office.admin.ids("item-types")["User"]
    office.rule("all", "TRUE", "One", itemTypeIds=[office.post, user])
    office.rule("reported", "_source = 'submit-report'", "Two", kind="NCMEC", itemTypeIds=[user])
    guard = {"name": "Default", "isDefault": True, "isChildSafetyDefault": True}
    office.admin.put(f"/config/queues/{office.queues['Default']}", guard)
    for author in ({"id": "u1", "typeId": user}, None):
        data = {"text": "x"} | ({"author": author} if author else {})
        report = {
            "reporter": {"kind": "user", "typeId": user, "id": "r1"},
            "reportedAt": "2026-01-05T08:00:00Z",
            "reportedItem": {"id": f"by-{bool(author)}", "typeId": office.post, "data": data},
            "reportedForReason": {"csam": True},
        }
        assert platform.post("/report", report).status_code == 201
    found = {job["itemId"]: job["queueName"] for job in office.admin.get("/jobs").json()["items"]}
    assert found == {"u1": "Two", "by-False": "Default"}
    shown = {one["name"]: one for one in office.admin.get("/queues").json()["items"]}
    assert [name for name, one in shown.items() if one["isChildSafetyDefault"]] == ["Default"]


def test_a_new_rule_comes_last_and_the_order_can_be_changed(office: Office) -> None:
    first = office.rule("a", "TRUE", "One")
    second = office.rule("b", "TRUE", "Two")
    assert office.tried("x") == "One"
    order = {"ruleIds": [second, first], "reason": "two is free"}
    answer = office.admin.put("/routing-rules/order", order)
    assert answer.json() == {"ruleIds": [second, first]}
    assert office.tried("x") == "Two"
    versions = office.admin.get(f"/config/routing-rules/{first}/versions").json()["items"]
    assert [one["reason"] for one in versions] == ["two is free", ""]


@pytest.mark.parametrize("change", ["missing", "strange", "twice"])
def test_an_order_names_every_rule_once(office: Office, change: str) -> None:
    first, second = office.rule("a", "TRUE", "One"), office.rule("b", "TRUE", "Two")
    wrong = {
        "missing": [first],
        "strange": [first, second, "other"],
        "twice": [first, first, second],
    }
    answer = office.admin.put("/routing-rules/order", {"ruleIds": wrong[change]})
    assert pointers(answer) == ["/ruleIds"]


def test_a_queue_that_a_routing_rule_names_stays(office: Office) -> None:
    rule = office.rule("a", "TRUE", "One")
    queue = office.queues["One"]
    refusal = expect_problem(office.admin.delete(f"/config/queues/{queue}"), 409)
    assert "routing rule `a`" in refusal["detail"]
    assert office.admin.delete(f"/config/routing-rules/{rule}").status_code == 204
    assert office.admin.delete(f"/config/queues/{queue}").status_code == 204
    assert office.tried("x") == "Default"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"where": "contains(txt, 'a')"}, "/where"),
        ({"where": "count_recent(creator, '1 hour') > 1"}, "/where"),
        ({"queueId": "gone"}, "/queueId"),
        ({"itemTypeIds": []}, "/itemTypeIds"),
        ({"kind": "OTHER"}, "/kind"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    office: Office, change: dict[str, object], pointer: str
) -> None:
    document = {
        "name": "a",
        "where": "TRUE",
        "itemTypeIds": [office.post],
        "queueId": office.queues["One"],
    }
    answer = office.admin.post("/config/routing-rules", document | change)
    assert pointers(answer) == [pointer]


def test_the_default_queues_are_shown_and_can_be_changed(office: Office) -> None:
    two = {"name": "Two", "isAppealsDefault": True}
    office.admin.put(f"/config/queues/{office.queues['Two']}", two)
    shown = {one["name"]: one for one in office.admin.get("/queues").json()["items"]}
    assert [name for name, one in shown.items() if one["isAppealsDefault"]] == ["Two"]
    assert [name for name, one in shown.items() if one["isDefault"]] == ["Default"]
    one = {"name": "One", "isAppealsDefault": True, "isDefault": True}
    office.admin.put(f"/config/queues/{office.queues['One']}", one)
    shown = {each["name"]: each for each in office.admin.get("/queues").json()["items"]}
    assert [n for n, each in shown.items() if each["isAppealsDefault"]] == ["One"]
    assert [n for n, each in shown.items() if each["isDefault"]] == ["One"]
