"""Content sent one piece at a time, by the name of its type."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from engine.signals import Failed, Signal
from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from services.signals import Installed
from tests.api.flagged import HIT, MISS
from tests.api.platform import BAN, POST_TYPE, Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from services.context import Context
    from tests.world import Organisation


LIST_OF_MEDIA = {"containerType": "ARRAY", "keyScalarType": None, "valueScalarType": "MEDIA"}


@pytest.fixture
def house(admin: Api) -> dict[str, str]:
    """Ids by name: the type `Post`, the action `Ban` of a rule that finds crypto."""
    post = admin.made("item-types", POST_TYPE)["id"]
    admin.made("banks", {"name": "crypto", "terms": [{"text": "crypto"}]})
    ban = admin.made("actions", BAN)["id"]
    rule = {
        "name": "Crypto",
        "status": "LIVE",
        "where": "matches(text, 'crypto')",
        "itemTypeIds": [post],
        "actionIds": [ban],
        "examples": [HIT, MISS],
    }
    admin.made("rules", rule)
    return {"Post": post, "Ban": ban}


def sent(platform: Api, words: str = "buy crypto", **more: object) -> httpx.Response:
    body = {"contentType": "Post", "contentId": "c1", "content": {"text": words}, "sync": True}
    return platform.post("/content", body | more)


def rows(context: Context, org: Organisation, query: str) -> list[Any]:
    with context.database.transaction(org.org_id) as tx:
        return list(tx.execute(text(query)).all())


def test_the_actions_taken_are_the_answer(platform: Api, house: dict[str, str]) -> None:
    answer = sent(platform)
    assert answer.status_code == 200
    taken = [{"id": house["Ban"], "name": "Ban"}]
    assert answer.json() == {"actionsTriggered": taken, "derivedFields": {}}
    assert sent(platform, "hello").json() == {"actionsTriggered": [], "derivedFields": {}}


def test_it_is_judged_once(
    platform: Api, house: dict[str, str], context: Context, org: Organisation
) -> None:
    assert sent(platform).status_code == 200
    assert evaluate_next(context, org.org_id, LiveConfigurations(context.clock), Pace()) == 0
    assert rows(context, org, "SELECT action_id, source FROM action_executions") == [
        (house["Ban"], "post-content")
    ]


@pytest.mark.parametrize("more", [{"sync": False}, {}])
def test_without_waiting_a_worker_judges_it(
    platform: Api,
    house: dict[str, str],
    context: Context,
    org: Organisation,
    more: dict[str, object],
) -> None:
    body = {"contentType": "Post", "contentId": "c1", "content": {"text": "crypto"}} | more
    answer = platform.post("/content", body)
    assert (answer.status_code, answer.text) == (202, "")
    assert evaluate_next(context, org.org_id, LiveConfigurations(context.clock), Pace()) == 1
    assert rows(context, org, "SELECT action_id FROM action_executions") == [(house["Ban"],)]


def test_a_bare_user_id_is_the_author_where_the_content_names_none(
    platform: Api, admin: Api, house: dict[str, str], context: Context, org: Organisation
) -> None:
    user = admin.ids("item-types")["User"]
    assert house
    sent(platform, userId="32323")
    author = {"author": {"id": "u9", "typeId": user}, "text": "crypto"}
    sent(platform, userId="32323", content=author)
    found = rows(context, org, "SELECT creator_type_id, creator_id FROM submissions ORDER BY seq")
    assert found == [(user, "32323"), (user, "u9")]


def test_a_type_that_is_not_known_is_named(platform: Api, house: dict[str, str]) -> None:
    assert house
    (error,) = sent(platform, contentType="nope").json()["errors"]
    assert error["type"] == ["/errors/unrecognized-content-type", "/errors/invalid-user-input"]
    assert "nope" in error["detail"]
    assert set(error) == {"status", "type", "title", "detail", "requestId"}


def test_content_of_the_wrong_shape_is_refused_without_a_pointer(
    platform: Api, house: dict[str, str]
) -> None:
    assert house
    answer = sent(platform, content={})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["type"][0] == "/errors/data-invalid-for-item-type"
    assert set(error) == {"status", "type", "title", "detail"}
    assert "text" in error["detail"]


def test_a_derived_field_is_answered_under_the_words_it_was_asked_in(
    platform: Api, house: dict[str, str]
) -> None:
    field = {
        "source": {"type": "CONTENT_FIELD", "name": "video", "contentTypeId": house["Post"]},
        "derivationType": "VIDEO_TRANSCRIPTION",
    }
    asked = base64.urlsafe_b64encode(json.dumps(field).encode()).decode().rstrip("=")
    body = {"contentType": "Post", "contentId": "c", "content": {"text": "a"}, "sync": True}
    answer = platform.client.post("/content", params={"includeDerivedField": asked}, json=body)
    assert answer.json()["derivedFields"] == {asked: {"value": None, "field": field}}


VIDEO = {
    "name": "Clip",
    "kind": "CONTENT",
    "fields": [
        {"name": "video", "type": "VIDEO"},
        {"name": "more", "type": "ARRAY", "container": LIST_OF_MEDIA},
        {"name": "picture", "type": "IMAGE"},
    ],
}


def spoken(addresses: Sequence[str], _: object) -> list[object]:
    """The last part of an address; nothing of what is silent."""
    words = [address.rsplit("/", 1)[1].removesuffix(".mp4") for address in addresses]
    return [
        None if word == "silent" else Failed("lost") if word == "lost" else word for word in words
    ]


def derivation(**source: str) -> str:
    spec = {"derivationType": "VIDEO_TRANSCRIPTION", "source": source}
    return base64.urlsafe_b64encode(json.dumps(spec).encode()).decode().rstrip("=")


def test_a_transcriber_that_is_installed_fills_derived_fields(
    platform: Api, admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = (
        Signal("acme.description", "1", "sees", ("VIDEO",), "TEXT", lambda v, _: ["seen"] * len(v)),
        Signal("acme.transcription", "1", "hears", ("VIDEO",), "TEXT", spoken),
    )
    found = Installed({signal.name: signal for signal in signals})
    monkeypatch.setattr("services.derived_fields.installed", lambda: found)
    clip = admin.made("item-types", VIDEO)["id"]
    at = "https://media.example"
    content = {
        "video": f"{at}/hello.mp4",
        "more": [f"{at}/silent.mp4", f"{at}/there.mp4", f"{at}/lost.mp4"],
        "picture": f"{at}/hello.png",
    }
    asked = {
        derivation(type="CONTENT_FIELD", name="video", contentTypeId=clip): "hello",
        derivation(type="CONTENT_FIELD", name="more", contentTypeId=clip): "there",
        derivation(type="CONTENT_FIELD", name="picture", contentTypeId=clip): None,
        derivation(type="CONTENT_FIELD", name="video", contentTypeId="another"): None,
        derivation(type="FULL_ITEM"): "hello there",
        derivation(type="CONTENT_COOP_INPUT", name="Any video"): "hello there",
    }
    body = {"contentType": "Clip", "contentId": "c", "content": content, "sync": True}
    params = {"includeDerivedField": list(asked)}
    answer = platform.client.post("/content", params=params, json=body)
    assert answer.status_code == 200, answer.text
    derived = answer.json()["derivedFields"]
    assert {words: one["value"] for words, one in derived.items()} == asked


@pytest.mark.parametrize("asked", ["***", "bnVsbA", "e30", "_w"])
def test_a_derived_field_that_cannot_be_read_is_refused(
    platform: Api, house: dict[str, str], asked: str
) -> None:
    assert house
    body = {"contentType": "Post", "contentId": "c", "content": {"text": "a"}, "sync": True}
    answer = platform.client.post("/content", params={"includeDerivedField": asked}, json=body)
    assert answer.status_code == 400
    assert "includeDerivedField" in answer.json()["errors"][0]["title"]


def test_the_shape_is_looked_at_before_the_key(anybody: Api) -> None:
    wrong = anybody.post("/content", {"contentType": "Post", "sync": "yes"})
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["type"] == ["/errors/invalid-user-input"]
    body = {"contentType": "Post", "contentId": "c", "content": {}}
    assert anybody.post("/content", body).status_code == 401
