"""Actions that a platform asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.context import system_caller
from services.settings import save_settings
from tests.api.platform import POST_TYPE, Api
from tests.services.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from services.context import Context
    from tests.world import Organisation

DAYS = {"name": "num_days", "displayName": "Days", "type": "NUMBER", "required": True}


@dataclass(frozen=True)
class Shop:
    platform: Api
    context: Context
    org_id: int
    post: str
    user: str
    action: str

    def ask(self, **more: object) -> httpx.Response:
        body = {
            "actionId": self.action,
            "itemId": "p1",
            "itemTypeId": self.post,
            "parameters": {"num_days": 7},
        }
        return self.platform.post("/actions", body | more)

    def rows(self, query: str) -> list[Any]:
        with self.context.database.transaction(self.org_id) as tx:
            return list(tx.execute(text(query)).all())

    def webhook(self) -> dict[str, Any]:
        (row,) = self.rows("SELECT body FROM outbox")
        body: dict[str, Any] = json.loads(bytes(row[0]))
        return body


@pytest.fixture
def shop(platform: Api, admin: Api, context: Context, org: Organisation) -> Shop:
    post = admin.made("item-types", POST_TYPE)["id"]
    document = {"name": "Ban", "callbackUrl": "https://hook.example", "parameters": [DAYS]}
    action = admin.made("actions", document)["id"]
    user = admin.ids("item-types")["User"]
    return Shop(platform, context, org.org_id, post, user, action)


def test_an_action_calls_the_platform_back(shop: Shop) -> None:
    answer = shop.ask(note="look twice")
    assert (answer.status_code, answer.text) == (202, "")
    assert shop.webhook() == {
        "item": {"id": "p1", "typeId": shop.post, "typeName": "Post"},
        "action": {"id": shop.action},
        "policies": [],
        "rules": [],
        "custom": {"num_days": 7},
        "actorNote": "look twice",
    }
    (kept,) = shop.rows("SELECT source, parameters, note, actor FROM action_executions")
    assert kept[:3] == ("post-actions", {"num_days": 7}, "look twice")
    assert kept[3].startswith("key:")


def test_asking_twice_acts_twice(shop: Shop) -> None:
    shop.ask()
    shop.ask()
    assert shop.rows("SELECT count(*) FROM outbox") == [(2,)]


def test_the_author_of_a_known_item_is_told(shop: Shop) -> None:
    author = {"id": "u1", "typeId": shop.user}
    shop.platform.sent(shop.post, {"id": "p1", "text": "hello", "author": author})
    shop.ask()
    assert shop.webhook()["creator"] == author


def test_a_user_is_his_own_creator(shop: Shop) -> None:
    shop.ask(itemId="u7", itemTypeId=shop.user)
    assert shop.webhook()["creator"] == {"id": "u7", "typeId": shop.user}


def test_on_behalf_of_somebody_we_know(shop: Shop, admin: Api, org: Organisation) -> None:
    me = admin.get("/sessions/current").json()["userId"]
    shop.ask(actorId=me)
    assert shop.webhook()["actorEmail"] == org.admin_email


def test_actors_and_policies_that_are_not_known_are_left_out(shop: Shop, admin: Api) -> None:
    spam = admin.made("policies", {"name": "Spam"})["id"]
    assert shop.ask(actorId="nobody", policyIds=["gone", spam]).status_code == 202
    body = shop.webhook()
    assert "actorEmail" not in body
    assert [policy["id"] for policy in body["policies"]] == [spam]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"actionId": "nope"}, "nope"),
        ({"itemTypeId": "nope"}, "nope"),
        ({"parameters": {}}, "num_days"),
        ({"parameters": {"num_days": 7, "bogus": "x"}}, "bogus"),
        ({"parameters": {"num_days": "seven"}}, "num_days"),
    ],
)
def test_what_cannot_be_done_is_refused(shop: Shop, change: dict[str, Any], words: str) -> None:
    answer = shop.ask(**change)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["type"] == ["/errors/invalid-user-input"]
    assert words in error["title"]
    assert shop.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"note": "x" * 5001}, "/note", "5000"),
        ({"parameters": None}, "/parameters", "object"),
        ({"policyIds": [1]}, "/policyIds/0", "string"),
        ({"reportedItems": [{"id": "a"}]}, "/reportedItems/0", "typeId"),
        ({"reportedItems": 7}, "/reportedItems", "array"),
        ({"reportedItems": [{"id": "a", "typeId": "t"}] * 1001}, "/reportedItems", "1000"),
    ],
)
def test_a_body_of_the_wrong_shape_says_where(
    shop: Shop, change: dict[str, Any], pointer: str, words: str
) -> None:
    answer = shop.ask(**change)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert set(error) == {"status", "type", "title", "pointer", "detail"}
    assert error["pointer"] == pointer
    assert words in error["detail"]


def test_without_a_key_nothing_is_done(anybody: Api, shop: Shop) -> None:
    body = {"actionId": shop.action, "itemId": "i", "itemTypeId": shop.post}
    answer = anybody.post("/actions", body)
    assert answer.status_code == 401
    assert set(answer.json()["errors"][0]) == {"status", "type", "title", "detail", "requestId"}


@pytest.fixture
def look(admin: Api) -> str:
    made: str = admin.made("actions", {"name": "Look", "type": "ENQUEUE_TO_MRT"})["id"]
    return made


@pytest.fixture
def elsewhere(shop: Shop) -> Iterator[Receiver]:
    """The platform's own server, where partial items are asked for; it knows one item."""
    author = {"id": "u1", "typeId": shop.user}
    known = {"id": "p1", "typeId": shop.post, "data": {"text": "hello", "author": author}}
    with receiver() as running:
        running.content = lambda _: json.dumps({"items": [known]}).encode()
        document = {"partialItems": {"url": f"{running.url}/items"}}
        caller = system_caller(shop.org_id, "test")
        save_settings(shop.context, caller, document, reason="", expected_version=None)
        yield running


def test_an_item_that_was_sent_waits_for_review(shop: Shop, admin: Api, look: str) -> None:
    shop.platform.sent(shop.post, {"id": "p1", "text": "hello"})
    assert shop.ask(actionId=look, parameters={}).status_code == 202
    (job,) = admin.get("/jobs").json()["items"]
    assert job["itemId"] == "p1"


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["pointer"], error["title"]


def test_what_nobody_could_review_is_refused(shop: Shop, admin: Api, look: str) -> None:
    status, pointer, title = refusal(shop.ask(actionId=look, parameters={}, itemId="phantom"))
    assert (status, pointer) == (400, "/itemId")
    assert "was never sent" in title
    theirs = admin.made("actions", {"name": "Theirs", "type": "ENQUEUE_AUTHOR_TO_MRT"})["id"]
    shop.platform.sent(shop.post, {"id": "p1", "text": "by nobody"})
    status, pointer, title = refusal(shop.ask(actionId=theirs, parameters={}))
    assert (status, pointer) == (400, "/itemId")
    assert "author" in title
    assert admin.get("/jobs").json()["items"] == []
    assert shop.rows("SELECT count(*) FROM action_executions") == [(0,)]


def test_an_item_that_only_the_platform_has_is_asked_for_and_reviewed(
    shop: Shop, admin: Api, look: str, elsewhere: Receiver
) -> None:
    document = {
        "name": "hello",
        "where": "contains(text, 'hello')",
        "itemTypeIds": [shop.post],
        "queueId": admin.made("queues", {"name": "Greetings"})["id"],
    }
    admin.made("routing-rules", document)
    assert shop.ask(actionId=look, parameters={}).status_code == 202
    (job,) = admin.get("/jobs").json()["items"]
    assert (job["itemId"], job["queueName"]) == ("p1", "Greetings")
    shown = admin.get(f"/jobs/{job['jobId']}").json()["item"]
    assert (shown["submissionId"], shown["fields"][0]["value"]) == (None, "hello")
    theirs = admin.made("actions", {"name": "Theirs", "type": "ENQUEUE_AUTHOR_TO_MRT"})["id"]
    assert shop.ask(actionId=theirs, parameters={}).status_code == 202
    assert "u1" in {one["itemId"] for one in admin.get("/jobs").json()["items"]}
    assert len(elsewhere.received) == 1


def test_an_item_that_the_platform_has_not_or_does_not_tell_opens_nothing(
    shop: Shop, admin: Api, look: str, elsewhere: Receiver
) -> None:
    elsewhere.content = lambda _: b'{"items": []}'
    assert shop.ask(actionId=look, parameters={}).status_code == 400
    elsewhere.answer = lambda _: (500, {})
    down = shop.ask(actionId=look, parameters={})
    assert down.status_code == 503
    assert down.headers["retry-after"]
    assert shop.ask(actionId=look, parameters={}, itemId="u7", itemTypeId=shop.user).is_success
    assert [one["itemId"] for one in admin.get("/jobs").json()["items"]] == ["u7"]


def test_items_reported_with_it_are_shown_to_who_reviews_it(
    shop: Shop, admin: Api, look: str
) -> None:
    shop.platform.sent(
        shop.post, *({"id": each, "text": f"text of {each}"} for each in ("p1", "p2"))
    )
    also = [{"id": "p2", "typeId": shop.post}, {"id": "gone", "typeId": shop.post}]
    assert shop.ask(actionId=look, parameters={}, reportedItems=[*also, also[0]]).is_success
    (job,) = admin.get("/jobs").json()["items"]
    page = admin.get(f"/jobs/{job['jobId']}").json()
    assert page["sources"][0]["reportedItems"] == also
    shown = [
        (one["item"]["itemId"], one["flagged"], one["item"]["fields"]) for one in page["related"]
    ]
    assert [each[:2] for each in shown] == [("p2", True), ("gone", True)]
    assert [field["value"] for field in shown[0][2]] == ["text of p2"]
    assert shown[1][2] == []


def test_an_action_for_other_item_types_is_refused(shop: Shop, admin: Api) -> None:
    only = {"name": "Only", "callbackUrl": "https://hook.example", "itemTypeIds": [shop.post]}
    action = admin.made("actions", only)["id"]
    answer = shop.ask(actionId=action, parameters={}, itemTypeId=shop.user)
    assert answer.status_code == 400
