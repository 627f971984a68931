"""The calls by which one tells a server that platforms of Coop may speak to, each as they make it.

With and without the last slash, in both spellings of an item; every refusal in Coop's shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.api.platform import POST_TYPE, Api

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

WHEN: Final = "2026-01-05T09:00:00Z"
Json = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What only this organisation knows."""

    post: str
    user: str
    action: str

    def item(self, item_id: str = "p1", **data: object) -> Json:
        return {"id": item_id, "typeId": self.post, "data": data or {"text": "hi"}}

    def nested(self) -> Json:
        return {"id": "p1", "type": {"id": self.post}, "data": {"text": "hi"}}

    def report(self, **more: object) -> Json:
        reporter = {"kind": "user", "typeId": self.user, "id": "u1"}
        return {"reporter": reporter, "reportedAt": WHEN, "reportedItem": self.item()} | more

    def appeal(self, **more: object) -> Json:
        return {
            "appealId": "a1",
            "appealedBy": {"typeId": self.user, "id": "u1"},
            "appealedAt": WHEN,
            "actionedItem": self.item(),
            "actionsTaken": [self.action],
        } | more

    def asked(self, **more: object) -> Json:
        return {"actionId": self.action, "itemId": "p1", "itemTypeId": self.post} | more

    def content(self, **more: object) -> Json:
        return {"contentType": "Post", "contentId": "p1", "content": {"text": "hi"}} | more


@pytest.fixture
def words(admin: Api) -> Words:
    post = admin.made("item-types", POST_TYPE)["id"]
    document = {"name": "Ban", "callbackUrl": "https://platform.example/ban"}
    return Words(post, admin.ids("item-types")["User"], admin.made("actions", document)["id"])


def test_what_is_right_is_answered_as_platforms_expect(platform: Api, words: Words) -> None:
    calls: list[tuple[str, Json, int]] = [
        ("/items/async/", {"items": [words.item()]}, 202),
        ("/items/async", {"items": [words.nested()]}, 202),
        ("/items/async", {"items": []}, 202),
        ("/report", words.report(), 201),
        ("/report/", words.report(reportedForReason={"policyId": None, "csam": None}), 201),
        ("/report/appeal", words.appeal(), 204),
        ("/report/appeal/", words.appeal(appealReason="no", violatingPolicies=[]), 204),
        ("/actions", words.asked(), 202),
        ("/content", words.content(), 202),
    ]
    for path, body, status in calls:
        answer = platform.post(path, body)
        assert answer.status_code == status, (path, answer.text)
        assert bool(answer.content) == (status == 201), path
    assert set(platform.post("/report", words.report()).json()) == {"reportId"}
    judged = platform.post("/content", words.content(sync=True))
    assert (judged.status_code, judged.json()) == (
        200,
        {"actionsTriggered": [], "derivedFields": {}},
    )
    scored = platform.get("/user_scores", id="u1", typeId=words.user)
    assert (scored.status_code, scored.json()) == (200, 5)
    assert platform.get("/policies").json() == {"policies": []}


def errors(answer: httpx.Response, status: int) -> list[Json]:
    """Each as the contract has it: no key but those, the status of the answer in each."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"errors"}
    found: list[Json] = answer.json()["errors"]
    for one in found:
        assert {"status", "type", "title"} <= set(one)
        assert set(one) <= {"status", "type", "title", "pointer", "detail", "requestId"}
        assert one["status"] == status
    return found


def test_of_two_items_one_of_which_is_bad_neither_is_taken(
    platform: Api, admin: Api, words: Words
) -> None:
    answer = platform.post("/items/async/", {"items": [words.item(), words.item("p2", score=1)]})
    (error,) = errors(answer, 400)
    assert error["pointer"] == "/items/1"
    assert error["type"] == ["/errors/data-invalid-for-item-type", "/errors/invalid-user-input"]
    assert admin.get("/items", itemTypeId=words.post, itemId="p1").json()["items"] == []


def test_what_is_wrong_is_refused_with_its_place(platform: Api, words: Words) -> None:
    other = {"kind": "rule", "typeId": words.user, "id": "u1"}
    calls: list[tuple[str, Json, Mapping[str, str]]] = [
        ("/items/async/", {}, {"title": "Request body failed schema validation."}),
        ("/report", words.report(reporter=other), {"pointer": "/reporter/kind"}),
        ("/report", words.report(reportedAt="x"), {"title": "Invalid reportedAt time"}),
        ("/report", words.report(reportedForReason=None), {"pointer": "/reportedForReason"}),
        ("/report/appeal", words.appeal(appealedAt="x"), {"title": "Invalid appealedAt time"}),
        ("/report/appeal", words.appeal(actionsTaken=["zz"]), {}),
        ("/actions", words.asked(note="x" * 5001), {"pointer": "/note"}),
        ("/actions", words.asked(actionId="zz"), {}),
        ("/actions", words.asked(itemTypeId="zz"), {}),
        ("/content", words.content(contentType="Nothing"), {}),
    ]
    for path, body, said in calls:
        (error,) = errors(platform.post(path, body), 400)
        assert said.items() <= error.items(), path
    for one in errors(platform.get("/user_scores"), 400):
        assert one["type"] == ["/errors/invalid-user-input"]


def test_the_body_is_looked_at_before_the_key(anybody: Api, words: Words) -> None:
    assert errors(anybody.post("/items/async/", {}), 400)
    anybody.client.headers["X-API-Key"] = "0" * 64
    for path, body in (
        ("/items/async/", {"items": [words.item()]}),
        ("/report", words.report()),
        ("/report/appeal", words.appeal()),
        ("/actions", words.asked()),
        ("/content", words.content()),
    ):
        (error,) = errors(anybody.post(path, body), 401)
        assert error["title"] == "Invalid API Key"
        assert error["type"] == ["/errors/authentication-failed-or-missing"]
        assert {"detail", "requestId"} <= set(error)


def test_a_path_that_is_not_there_is_told_so(anybody: Api) -> None:
    (error,) = errors(anybody.get("/nope"), 404)
    assert (error["title"], error["type"]) == ("Requested route not found.", ["/errors/not-found"])


def test_what_is_not_json_is_a_mistake_of_the_caller(platform: Api) -> None:
    for path in ("/items/async", "/report", "/report/appeal", "/actions", "/content"):
        headers = {"Content-Type": "application/json"}
        assert errors(platform.client.post(path, content=b"{nope", headers=headers), 400)
