"""The outbox delivered over real HTTP, with the schedule, the signatures and the dead letters."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from sqlalchemy import text
from standardwebhooks import Webhook

from clients.webhooks import Limits, Sender
from engine.errors import Conflict
from engine.webhooks.backoff import Backoff
from services.context import system_caller
from services.delivery import Deliverer, Pace
from services.signing_keys import public_key_pem, webhook_secret
from services.webhook_log import delivery, replay
from store import outbox
from store.outbox import NewMessage
from tests.services.receiver import Received, Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from services.webhook_log import DeliveryPage
    from tests.world import MovableClock, Organisation

BODY = '{"item":{"id":"ünï"}}'.encode()
QUICK = Limits(timeout_s=0.5, connect_s=0.5)
PACE = Pace(backoff=Backoff(attempts=3))


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def sender() -> Iterator[Sender]:
    with Sender(QUICK) as running:
        yield running


@pytest.fixture
def deliverer(context: Context, sender: Sender) -> Deliverer:
    return Deliverer(context, sender, PACE, chance=lambda: 0.0)


def queue(context: Context, org: Organisation, *urls: str, **headers: str) -> list[str]:
    messages = [
        NewMessage(str(uuid4()), f"key-{n}-{uuid4()}", "a1", url, headers, BODY)
        for n, url in enumerate(urls)
    ]
    now = context.clock()
    with context.database.transaction(org.org_id) as tx:
        outbox.insert(tx, messages, kind="action", due=now, now=now)
    return [message.outbox_id for message in messages]


def deliver(deliverer: Deliverer, org: Organisation) -> int:
    """One round: everything due is sent and its answer recorded; gives how many were sent."""
    started = deliverer.start(org.org_id)
    while deliverer.flights:
        deliverer.finish(5)
    return started


def state_of(context: Context, org: Organisation, outbox_id: str) -> DeliveryPage:
    return delivery(context, system_caller(org.org_id, "test"), outbox_id)


def test_what_arrives_verifies_with_libraries_we_did_not_write(
    context: Context, org: Organisation, deliverer: Deliverer, platform: Receiver
) -> None:
    caller = system_caller(org.org_id, "test")
    queue(context, org, f"{platform.url}/hook", **{"X-Team": "t", "content-type": "text/evil"})
    deliver(deliverer, org)
    [got] = platform.received
    assert (got.path, got.body, got.headers["x-team"]) == ("/hook", BODY, "t")
    assert got.headers["content-type"] == "application/json"
    public = serialization.load_pem_public_key(public_key_pem(context, caller).encode())
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode(got.headers["coop-signature"])
    public.verify(signature, got.body, padding.PKCS1v15(), hashes.SHA256())
    webhook = Webhook(webhook_secret(context, caller))
    signed = dict(got.headers) | {"webhook-timestamp": got.headers["webhook-timestamp"]}
    assert webhook.sign(
        signed["webhook-id"], context.clock(), got.body.decode()
    ) == signed["webhook-signature"]  # fmt: skip


def test_a_delivered_message_is_finished_with_its_attempt(
    context: Context, org: Organisation, deliverer: Deliverer, platform: Receiver
) -> None:
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    assert deliver(deliverer, org) == 1
    assert deliver(deliverer, org) == 0
    done = state_of(context, org, outbox_id)
    [attempt] = done.attempt_log
    assert (done.state, done.attempts, done.delivered_at) == ("delivered", 1, context.clock())
    assert (attempt.attempt, attempt.status, attempt.error) == (1, 200, None)


def test_failures_come_back_later_and_later_under_one_id_until_they_are_dead(
    context: Context,
    clock: MovableClock,
    org: Organisation,
    deliverer: Deliverer,
    platform: Receiver,
) -> None:
    platform.answer = lambda _: (503, {})
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    waits = []
    while state_of(context, org, outbox_id).state == "pending":
        assert deliver(deliverer, org) == 1
        waits.append((state_of(context, org, outbox_id).next_attempt_at - clock()).total_seconds())
        assert deliver(deliverer, org) == 0
        clock.advance(seconds=waits[-1])
    assert waits == [2.5, 10.0, 0.0]
    assert state_of(context, org, outbox_id).state == "dead"
    assert len({got.headers["webhook-id"] for got in platform.received}) == 1
    assert len({got.headers["webhook-signature"] for got in platform.received}) == 3


def test_the_receivers_wish_to_wait_is_respected(
    context: Context,
    clock: MovableClock,
    org: Organisation,
    deliverer: Deliverer,
    platform: Receiver,
) -> None:
    platform.answer = lambda _: (429, {"retry-after": "120"})
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    deliver(deliverer, org)
    waiting = state_of(context, org, outbox_id)
    assert (waiting.next_attempt_at - clock()).total_seconds() == 120


def test_gone_is_final(
    context: Context, org: Organisation, deliverer: Deliverer, platform: Receiver
) -> None:
    platform.answer = lambda _: (410, {})
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    deliver(deliverer, org)
    assert state_of(context, org, outbox_id).state == "dead"


def test_a_sender_that_dies_loses_nothing(
    context: Context,
    clock: MovableClock,
    org: Organisation,
    deliverer: Deliverer,
    platform: Receiver,
) -> None:
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    with context.database.transaction(org.org_id) as tx:
        outbox.lease(
            tx, now=clock(), until=clock() + PACE.lease, most=9, per_endpoint=9
        )  # and then its process ends
    assert deliver(deliverer, org) == 0
    clock.advance(seconds=61)
    assert deliver(deliverer, org) == 1
    done = state_of(context, org, outbox_id)
    assert (done.state, done.attempts) == ("delivered", 2)


def test_a_slow_endpoint_does_not_hold_up_the_others(
    context: Context, org: Organisation, sender: Sender, platform: Receiver
) -> None:
    release = threading.Event()

    def answer(got: Received) -> tuple[int, dict[str, str]]:
        if got.path == "/slow":
            release.wait(5)
        return 200, {}

    platform.answer = answer
    pace = replace(PACE, at_once=8, per_endpoint=4)
    deliverer = Deliverer(context, sender, pace, chance=lambda: 0.0)
    with receiver() as other:
        queue(context, org, *[f"{platform.url}/slow"] * 20, *[f"{other.url}/ok"] * 20)
        while len(other.received) < 20:
            deliverer.start(org.org_id)
            deliverer.finish(5)
        to_slow_one = sum(f.message.endpoint == platform.url for f in deliverer.flights.values())
        release.set()
        while deliverer.flights:
            deliverer.finish(5)
    assert to_slow_one <= 4
    assert {got.path for got in other.received} == {"/ok"}


def test_a_dead_letter_is_replayed_with_its_id_and_its_past(
    context: Context, org: Organisation, deliverer: Deliverer, platform: Receiver
) -> None:
    caller = system_caller(org.org_id, "test")
    platform.answer = lambda _: (410, {})
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    deliver(deliverer, org)
    platform.answer = lambda _: (200, {})
    replay(context, caller, outbox_id)
    assert state_of(context, org, outbox_id).state == "pending"
    with pytest.raises(Conflict):
        replay(context, caller, outbox_id)
    deliver(deliverer, org)
    done = state_of(context, org, outbox_id)
    assert (done.state, [a.status for a in done.attempt_log]) == ("delivered", [410, 200])
    assert len({got.headers["webhook-id"] for got in platform.received}) == 1


def test_an_organisation_that_cannot_sign_sends_nothing_and_keeps_nobody_from_sending(
    context: Context, org: Organisation, deliverer: Deliverer, platform: Receiver
) -> None:
    [outbox_id] = queue(context, org, f"{platform.url}/hook")
    with context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE signing_keys SET retired_at = created_at"))
    assert deliver(deliverer, org) == 0
    assert platform.received == []
    assert state_of(context, org, outbox_id).state == "pending"
