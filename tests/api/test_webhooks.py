"""Webhooks over HTTP: keys that overlap, tests, the log, and sending many again."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from standardwebhooks import Webhook, WebhookVerificationError

from clients.webhooks import Sender
from services.delivery import Deliverer
from store import outbox
from store.outbox import NewMessage
from tests.api.platform import BAN, expect_problem, pointers
from tests.services.receiver import Received, Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import MovableClock, Organisation


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def ban(admin: Api, shop: Receiver) -> dict[str, Any]:
    return admin.made("actions", BAN | {"callbackUrl": f"{shop.url}/ban"})


def keys(admin: Api) -> dict[str, dict[str, Any]]:
    """By state; of several retired ones, the oldest."""
    return {key["state"]: key for key in admin.get("/org/signing-keys").json()["items"]}


def holds(key: dict[str, Any], signature: str, body: bytes) -> bool:
    public = serialization.load_pem_public_key(key["publicKeyPem"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    try:
        public.verify(base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def standard_holds(key: dict[str, Any], got: Received) -> bool:
    try:
        Webhook(key["webhookSecret"]).verify(got.body, dict(got.headers))
    except WebhookVerificationError:
        return False
    return True


def test_an_action_is_tested_with_a_signed_sample_that_is_logged(
    admin: Api, shop: Receiver, ban: dict[str, Any]
) -> None:
    shop.content = lambda _: b"thanks"
    told = admin.post(f"/actions/{ban['id']}/test").json()
    assert (told["delivered"], told["status"], told["response"]) == (True, 200, "thanks")
    [got] = shop.received
    assert got.headers["winnow-test"] == "true"
    assert json.loads(got.body)["action"] == {"id": ban["id"]}
    assert holds(keys(admin)["active"], got.headers["coop-signature"], got.body)
    logged = admin.get(f"/webhooks/deliveries/{told['deliveryId']}").json()
    assert (logged["kind"], logged["state"], logged["attempts"]) == ("test", "delivered", 1)
    assert logged["headers"] == {"winnow-test": "(hidden)"}


def test_a_test_says_what_went_wrong(admin: Api, shop: Receiver, ban: dict[str, Any]) -> None:
    shop.answer = lambda _: (500, {})
    told = admin.post(f"/actions/{ban['id']}/test").json()
    assert (told["delivered"], told["status"]) == (False, 500)
    nowhere = admin.made("actions", BAN | {"name": "n", "callbackUrl": "http://127.0.0.1:9/"})
    told = admin.post(f"/actions/{nowhere['id']}/test").json()
    assert (told["status"], "Refused" in told["error"]) == (None, True)
    expect_problem(admin.post("/actions/nobody/test"), 404)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("appealCallback", "appeal-decision"), ("ignoreCallback", "ignore"),
        ("closeCallback", "job-closed"), ("partialItems", "partial-items"),
    ],
)  # fmt: skip
def test_every_callback_of_the_settings_can_be_tested(
    admin: Api, shop: Receiver, key: str, name: str
) -> None:
    expect_problem(admin.post(f"/webhooks/callbacks/{name}/test"), 409)
    assert admin.put("/org/settings", {key: {"url": f"{shop.url}/x"}}).status_code == 200
    assert admin.post(f"/webhooks/callbacks/{name}/test").json()["delivered"]
    assert len(shop.received) == 1


def test_while_a_key_takes_over_receivers_may_know_either(
    platform: Api, clock: MovableClock, shop: Receiver, ban: dict[str, Any]
) -> None:
    clock.now = datetime.now(UTC)  # the receivers' library compares with the time of day
    answer = platform.post("/org/signing-keys/rotate", {"overlapHours": 48})
    assert (answer.status_code, answer.json()["state"]) == (201, "next")
    old, new = keys(platform)["active"], keys(platform)["next"]
    assert platform.get("/org").json()["signingPublicKeyPem"] == old["publicKeyPem"]
    platform.post(f"/actions/{ban['id']}/test")
    [got] = shop.received
    assert holds(old, got.headers["coop-signature"], got.body)
    assert holds(new, got.headers["coop-signature-next"], got.body)
    assert got.headers["winnow-key-id"] == old["keyId"]
    assert got.headers["winnow-next-key-id"] == new["keyId"]
    assert standard_holds(old, got)
    assert standard_holds(new, got)


def test_after_the_overlap_the_new_key_signs_alone(
    platform: Api, clock: MovableClock, shop: Receiver, ban: dict[str, Any]
) -> None:
    old = keys(platform)["active"]
    platform.post("/org/signing-keys/rotate", {"overlapHours": 1})
    new = keys(platform)["next"]
    platform.post(f"/org/signing-keys/{old['keyId']}/retire")
    assert {state: key["keyId"] for state, key in keys(platform).items()} == {
        "active": new["keyId"], "retired": old["keyId"],
    }  # fmt: skip
    clock.now = datetime.now(UTC)
    platform.post(f"/actions/{ban['id']}/test")
    [got] = shop.received
    assert holds(new, got.headers["coop-signature"], got.body)
    assert standard_holds(new, got)
    assert not standard_holds(old | {"webhookSecret": "whsec_" + "A" * 44}, got)
    assert "coop-signature-next" not in got.headers
    assert keys(platform)["retired"]["webhookSecret"] is None
    expect_problem(platform.post(f"/org/signing-keys/{new['keyId']}/retire"), 409)


def fail_some(context: Context, org: Organisation, url: str, count: int) -> None:
    """Dead letters, and one that arrived."""
    messages = [
        NewMessage(context.new_id(), f"k{n}", "a1", f"{url}/{n}", {}, b"{}") for n in range(count)
    ]
    now = context.clock()
    with context.database.transaction(org.org_id) as tx:
        outbox.insert(tx, messages, kind="action", due=now, now=now)
    deliver(context, org)


def deliver(context: Context, org: Organisation) -> None:
    with Sender() as sender:
        deliverer = Deliverer(context, sender)
        while deliverer.start(org.org_id) or deliverer.flights:
            deliverer.finish(5)


def test_many_dead_letters_are_counted_and_then_sent_again(
    context: Context, org: Organisation, admin: Api, shop: Receiver
) -> None:
    shop.answer = lambda got: (200 if got.path == "/0" else 410, {})
    fail_some(context, org, shop.url, 4)
    assert admin.post("/webhooks/replay", {}).json() == {"matched": 3, "replayed": 0}
    for none in ({"actionId": "a2"}, {"to": "2020-01-01T00:00:00Z"}, {"state": "cancelled"}):
        assert admin.post("/webhooks/replay", none).json()["matched"] == 0
    shop.answer = lambda _: (200, {})
    told = admin.post("/webhooks/replay", {"apply": True, "from": "2026-01-01T00:00:00Z"})
    assert told.json() == {"matched": 3, "replayed": 3}
    deliver(context, org)
    delivered = admin.get("/webhooks/deliveries", state="delivered").json()["items"]
    assert len(delivered) == 4
    assert admin.get("/audit").json()["items"][0]["event"] == "delivery:replay"


def test_endpoints_say_whether_they_are_called(
    context: Context, org: Organisation, admin: Api, shop: Receiver
) -> None:
    shop.answer = lambda _: (503, {})
    fail_some(context, org, shop.url, 12)
    [endpoint] = admin.get("/webhooks/endpoints").json()["items"]
    assert endpoint["endpoint"] == shop.url
    assert (endpoint["breaker"], endpoint["waiting"]) == ("open", 12)


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "2130706434", "[::1]", "0x0a.1"])
def test_a_callback_cannot_be_set_to_a_private_address(admin: Api, host: str) -> None:
    url = f"http://{host}/hook"
    answer = admin.post("/config/actions", BAN | {"callbackUrl": url})
    expect_problem(answer, 400)
    assert pointers(answer) == ["/callbackUrl"]
    answer = admin.put("/org/settings", {"ignoreCallback": {"url": url}})
    expect_problem(answer, 400)
    assert pointers(answer) == ["/ignoreCallback/url"]


def test_the_settings_can_allow_a_private_network(admin: Api) -> None:
    document = {"allowedPrivateHosts": ["10.0.0.0/8"], "ignoreCallback": {"url": "http://10.1.1.1"}}
    assert admin.put("/org/settings", document).status_code == 200
    action = admin.post("/config/actions", BAN | {"callbackUrl": "http://10.2.2.2/hook"})
    assert action.status_code == 201
    wrong = admin.put("/org/settings", {"allowedPrivateHosts": ["10.0.0.0/99"]})
    assert pointers(wrong) == ["/allowedPrivateHosts/0"]


def test_items_of_the_platform_can_be_asked_for(admin: Api, shop: Receiver) -> None:
    expect_problem(admin.post("/partial-items", {"items": []}), 409)
    post = admin.made("item-types", {"name": "P", "kind": "CONTENT", "fields": [
        {"name": "text", "type": "STRING"}]})  # fmt: skip
    admin.put("/org/settings", {"partialItems": {"url": f"{shop.url}/items"}})
    answer = {"items": [{"id": "p1", "typeId": post["id"], "data": {"text": "hi"}}]}
    shop.content = lambda _: json.dumps(answer).encode()
    told = admin.post("/partial-items", {"items": [{"id": "p1", "typeId": post["id"]}]}).json()
    [item] = told["items"]
    assert (item["itemId"], item["itemTypeName"], item["data"]) == ("p1", "P", {"text": "hi"})
    shop.content = lambda _: b"no"
    refused = admin.post("/partial-items", {"items": [{"id": "p2", "typeId": post["id"]}]})
    [problem] = expect_problem(refused, 503)["errors"]
    assert problem["slug"] == "PartialItemsInvalidResponseError"
