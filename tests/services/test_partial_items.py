"""Items a platform never sent are asked for once, in one request, and checked like any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from standardwebhooks import Webhook

from engine.errors import Conflict, Unavailable, WinnowError
from engine.items import ItemRef
from services import settings
from services.context import Caller, system_caller
from services.partial_items import partial_items
from services.signing_keys import public_key_pem, webhook_secret
from tests.services.receiver import Received, Receiver, receiver
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def caller(org: Organisation) -> Caller:
    return system_caller(org.org_id, "test")


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.fixture
def told(town: Town, caller: Caller, platform: Receiver) -> dict[str, dict[str, Any]]:
    """What the platform knows, by item id; it answers in the flat form."""
    known: dict[str, dict[str, Any]] = {}

    def content(got: Received) -> bytes:
        wanted = json.loads(got.body)["items"]
        found = [
            {"id": one["id"], "typeId": one["typeId"], "data": known[one["id"]]}
            for one in wanted
            if one["id"] in known
        ]
        return json.dumps({"items": found}).encode()

    platform.content = content
    configure(town, caller, f"{platform.url}/items", partialItemsTimeoutMs=500)
    return known


def configure(town: Town, caller: Caller, url: str, **more: object) -> None:
    document = {"partialItems": {"url": url, "headers": {"X-Team": "t"}}, **more}
    settings.save_settings(town.context, caller, document, reason="", expected_version=None)


def slug(error: WinnowError) -> str:
    return error.problems[0].slug


def test_all_that_is_missing_is_asked_for_in_one_signed_request(
    context: Context, caller: Caller, town: Town, platform: Receiver, told: dict[str, Any]
) -> None:
    told |= {"a": {"text": "first"}, "b": {"likes": "3"}}
    wanted = [ItemRef(town.post, name) for name in ("b", "a", "nobody", "a")]
    found = partial_items(context, caller, wanted)
    assert [(item.item_id, item.data) for item in found] == [
        ("b", {"likes": 3}), ("a", {"text": "first"}),
    ]  # fmt: skip
    [got] = platform.received
    assert [one["id"] for one in json.loads(got.body)["items"]] == ["b", "a", "nobody"]
    assert got.headers["x-team"] == "t"
    assert serialization.load_pem_public_key(public_key_pem(context, caller).encode())
    signature = Webhook(webhook_secret(context, caller)).sign(
        got.headers["webhook-id"], context.clock(), got.body.decode()
    )
    assert got.headers["webhook-signature"] == signature


def test_an_answer_is_kept_for_as_long_as_is_settled(
    context: Context,
    clock: MovableClock,
    caller: Caller,
    town: Town,
    platform: Receiver,
    told: dict[str, Any],
) -> None:
    told["a"] = {"text": "first"}
    wanted = [ItemRef(town.post, "a")]
    for _ in range(3):
        partial_items(context, caller, wanted)
    clock.advance(seconds=299)
    partial_items(context, caller, wanted)
    assert len(platform.received) == 1
    told["a"] = {"text": "second"}
    clock.advance(seconds=2)
    assert partial_items(context, caller, wanted)[0].data == {"text": "second"}
    assert len(platform.received) == 2


def test_a_large_question_is_asked_in_parts(
    context: Context, caller: Caller, town: Town, platform: Receiver, told: dict[str, Any]
) -> None:
    told |= {f"i{n}": {"text": str(n)} for n in range(150)}
    found = partial_items(context, caller, [ItemRef(town.post, name) for name in told])
    assert [item.item_id for item in found] == list(told)
    assert [len(json.loads(got.body)["items"]) for got in platform.received] == [100, 50]


@pytest.mark.usefixtures("told")
def test_what_was_not_asked_for_is_dropped(
    context: Context, caller: Caller, town: Town, platform: Receiver
) -> None:
    more = {"items": [{"id": "other", "type": {"id": town.post}, "data": {"text": "x"}}]}
    platform.content = lambda _: json.dumps(more).encode()
    assert partial_items(context, caller, [ItemRef(town.post, "a")]) == ()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b'{"items": [{"id": "a"}]}', b"\xff",
        b'{"items": [{"id": "a", "data": {}}]}',
        b'{"items": [{"id": "a", "typeId": "POST", "data": {"likes": "many"}}]}',
    ],
)  # fmt: skip
def test_an_answer_that_is_not_its_items_is_named_so(
    context: Context,
    caller: Caller,
    town: Town,
    platform: Receiver,
    content: bytes,
) -> None:
    platform.content = lambda _: content.replace(b"POST", town.post.encode())
    with pytest.raises(Unavailable) as refused:
        partial_items(context, caller, [ItemRef(town.post, "a")])
    assert slug(refused.value) == "PartialItemsInvalidResponseError"


@pytest.mark.usefixtures("told")
def test_a_platform_that_fails_or_is_late_is_named_so(
    context: Context, caller: Caller, town: Town, platform: Receiver
) -> None:
    platform.answer = lambda _: (500, {})
    with pytest.raises(Unavailable, match="answered 500") as refused:
        partial_items(context, caller, [ItemRef(town.post, "a")])
    assert slug(refused.value) == "PartialItemsEndpointResponseError"
    configure(town, caller, "http://127.0.0.1:9/items")
    with pytest.raises(Unavailable):
        partial_items(context, caller, [ItemRef(town.post, "a")])


def test_without_an_endpoint_there_is_nobody_to_ask(
    context: Context, caller: Caller, town: Town
) -> None:
    with pytest.raises(Conflict) as refused:
        partial_items(context, caller, [ItemRef(town.post, "a")])
    assert slug(refused.value) == "PartialItemsMissingEndpointError"
