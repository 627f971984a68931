"""A person of the platform over HTTP: known, erased, gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.erasures import erase_all
from tests.api.platform import POST_TYPE, expect_problem

if TYPE_CHECKING:
    from services.context import Context
    from tests.api.platform import Api


@pytest.fixture
def user(admin: Api) -> str:
    return admin.ids("item-types")["User"]


@pytest.fixture
def sent(platform: Api, user: str) -> str:
    """The id of an item type, two items of which `bob` created."""
    post: str = platform.made("item-types", POST_TYPE)["id"]
    author = {"id": "bob", "typeId": user}
    platform.sent(post, *({"id": each, "text": "hello", "author": author} for each in "ab"))
    return post


def test_a_person_is_exported_erased_and_gone(
    admin: Api, context: Context, user: str, sent: str
) -> None:
    known = admin.get(f"/people/{user}/bob/export").json()
    assert [(one["id"], one["data"]["text"]) for one in known["submissions"]] == [
        ("a", "hello"),
        ("b", "hello"),
    ]
    asked = admin.delete(f"/people/{user}/bob")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert erase_all(context) == 1
    done = admin.get(f"/erasures/{asked.json()['erasureId']}").json()
    assert (done["state"], done["counts"]["submissions"]) == ("done", 2)
    after = admin.get(f"/people/{user}/bob/export").json()
    assert all(rows == [] for rows in after.values() if isinstance(rows, list))
    assert admin.get("/items", creatorId="bob").json()["items"] == []
    assert admin.get("/items", itemId="a", itemTypeId=sent).json()["items"] == []


def test_what_is_not_known_is_not_found(admin: Api, user: str) -> None:
    assert admin.get(f"/people/{user}/nobody/export").json()["submissions"] == []
    expect_problem(admin.get("/people/none/bob/export"), 404)
    expect_problem(admin.delete("/people/none/bob"), 404)
    expect_problem(admin.get("/erasures/none"), 404)


def test_a_key_for_submitting_items_may_not_erase(admin: Api, anybody: Api, user: str) -> None:
    made = admin.post("/api-keys", {"name": "intake", "scopes": ["submit"]}).json()
    anybody.client.headers["X-API-Key"] = made["key"]
    expect_problem(anybody.delete(f"/people/{user}/bob"), 403)
    expect_problem(anybody.get(f"/people/{user}/bob/export"), 403)
