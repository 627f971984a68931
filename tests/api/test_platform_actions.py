"""Actions that a platform asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests.api.platform import POST_TYPE, Api

if TYPE_CHECKING:
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


def test_an_enqueued_item_waits_for_review_if_it_was_ever_sent(shop: Shop, admin: Api) -> None:
    look = admin.made("actions", {"name": "Look", "type": "ENQUEUE_TO_MRT"})["id"]
    assert shop.ask(actionId=look, parameters={}, itemId="phantom").status_code == 202
    assert admin.get("/jobs").json()["items"] == []
    log = admin.get("/audit").json()["items"]
    assert log[0]["detail"]["failed"] == "the item was never sent"
    shop.platform.sent(shop.post, {"id": "p1", "text": "hello"})
    shop.ask(actionId=look, parameters={})
    (job,) = admin.get("/jobs").json()["items"]
    assert job["itemId"] == "p1"


def test_an_action_for_other_item_types_is_refused(shop: Shop, admin: Api) -> None:
    only = {"name": "Only", "callbackUrl": "https://hook.example", "itemTypeIds": [shop.post]}
    action = admin.made("actions", only)["id"]
    answer = shop.ask(actionId=action, parameters={}, itemTypeId=shop.user)
    assert answer.status_code == 400
