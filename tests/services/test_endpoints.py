"""Endpoints in trouble: nothing is lost, nobody else waits, and one item's messages keep order."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from clients.webhooks import Limits, Sender
from engine.items import ItemRef
from services import configuration, webhook_trials
from services.actions import ACTIONS
from services.context import system_caller
from services.delivery import Deliverer, Pace
from services.webhook_log import Breaker, endpoints
from store import outbox
from store.outbox import NewMessage
from tests.services.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import MovableClock, Organisation

QUICK = Limits(timeout_s=0.5, connect_s=0.5)


@dataclass
class Shop:
    """A worker's deliveries in a world whose clock is moved."""

    context: Context
    clock: MovableClock
    org_id: int
    deliverer: Deliverer
    order: int = 0
    sent: list[str] = field(default_factory=list)

    def queue(self, url: str, *items: str, due: timedelta = timedelta(0)) -> None:
        """One message about each item; its body says which it is, and its number."""
        messages = []
        for item in items:
            self.order += 1
            body = json.dumps({"item": item, "n": self.order}).encode()
            message_id = self.context.new_id()
            self.sent.append(message_id)
            messages.append(
                NewMessage(message_id, message_id, "a1", url, {}, body, ItemRef("post", item))
            )
        now = self.clock()
        with self.context.database.transaction(self.org_id) as tx:
            outbox.insert(tx, messages, kind="action", due=now + due, now=now)

    def deliver(self) -> None:
        """Everything that may be sent at this moment."""
        while self.deliverer.start(self.org_id) or self.deliverer.flights:
            self.deliverer.finish(5)

    def run(self, duration: timedelta, step: timedelta) -> None:
        until = self.clock() + duration
        while self.clock() < until:
            self.deliver()
            self.clock.advance(seconds=step.total_seconds())
        self.deliver()

    def states(self) -> dict[str, int]:
        with self.context.database.transaction(self.org_id) as tx:
            return outbox.counts(tx)

    def breaker(self, url: str) -> Breaker:
        known = endpoints(self.context, system_caller(self.org_id, "test"))
        return next(one.breaker for one in known if one.endpoint == url)


@pytest.fixture
def down() -> Iterator[Receiver]:
    with receiver() as running:
        running.answer = lambda _: (503, {})
        yield running


@pytest.fixture
def fine() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def shop(context: Context, clock: MovableClock, org: Organisation) -> Iterator[Shop]:
    with Sender(QUICK) as sender:
        deliverer = Deliverer(context, sender, Pace(), chance=lambda: 0.5)
        yield Shop(context, clock, org.org_id, deliverer)


def heard(platform: Receiver) -> dict[str, list[int]]:
    """By item, the numbers of its messages in the order in which they came."""
    found: dict[str, list[int]] = defaultdict(list)
    for got in platform.received:
        body = json.loads(got.body)
        found[body["item"]].append(body["n"])
    return dict(found)


def test_an_hour_of_outage_loses_nothing_and_slows_nobody(
    shop: Shop, clock: MovableClock, down: Receiver, fine: Receiver
) -> None:
    began = clock()
    delays: list[timedelta] = []
    for minute in range(60):
        shop.queue(f"{down.url}/hook", *(f"d{minute}-{n}" for n in range(5)))
        shop.queue(f"{fine.url}/hook", *(f"f{minute}-{n}" for n in range(5)))
        shop.deliver()
        delays.append(timedelta(0) if len(fine.received) == 5 * (minute + 1) else clock() - began)
        clock.advance(minutes=1)
    assert max(delays) == timedelta(0)
    attempts_while_down = len(down.received)
    assert attempts_while_down < 120
    down.answer = lambda _: (200, {})
    shop.run(timedelta(hours=6), timedelta(minutes=5))
    assert shop.states() == {"delivered": len(shop.sent)}
    arrived = {got.headers["webhook-id"] for got in (*down.received, *fine.received)}
    assert arrived == set(shop.sent)


def test_an_open_breaker_costs_no_message_an_attempt(
    shop: Shop, clock: MovableClock, down: Receiver
) -> None:
    shop.queue(f"{down.url}/hook", *(f"i{n}" for n in range(12)))
    shop.deliver()
    assert shop.breaker(down.url) is Breaker.OPEN
    shop.queue(f"{down.url}/hook", *(f"late{n}" for n in range(8)))
    before = len(down.received)
    shop.deliver()
    assert len(down.received) == before
    clock.advance(seconds=15)
    assert shop.breaker(down.url) is Breaker.PROBING
    shop.deliver()
    assert len(down.received) == before + 1
    assert shop.breaker(down.url) is Breaker.OPEN


def test_one_success_of_a_probe_lets_everything_through(
    shop: Shop, clock: MovableClock, down: Receiver
) -> None:
    shop.queue(f"{down.url}/hook", *(f"i{n}" for n in range(12)))
    shop.deliver()
    down.answer = lambda _: (200, {})
    clock.advance(seconds=15)
    shop.deliver()
    assert shop.breaker(down.url) is Breaker.CLOSED
    clock.advance(seconds=60)
    shop.deliver()
    assert shop.states() == {"delivered": 12}


def test_messages_about_one_item_arrive_in_order_though_the_first_fails(
    shop: Shop, down: Receiver
) -> None:
    down.answer = lambda got: (
        503 if len(heard(down)[json.loads(got.body)["item"]]) < 3 else 200,
        {},
    )
    for _ in range(4):
        shop.queue(f"{down.url}/hook", "anna", "berta")
    shop.run(timedelta(minutes=30), timedelta(seconds=5))
    assert shop.states() == {"delivered": 8}
    assert heard(down) == {"anna": [1, 1, 1, 3, 5, 7], "berta": [2, 2, 2, 4, 6, 8]}


def test_a_failing_message_holds_up_only_its_own_item_at_its_own_endpoint(
    shop: Shop, down: Receiver, fine: Receiver
) -> None:
    down.answer = lambda got: (503 if b'"anna"' in got.body else 200, {})
    shop.queue(f"{down.url}/hook", "anna", "anna", "berta")
    shop.queue(f"{fine.url}/hook", "anna")
    shop.deliver()
    assert heard(down) == {"anna": [1], "berta": [3]}
    assert heard(fine) == {"anna": [4]}


def test_what_may_still_be_taken_back_does_not_hold_up_what_is_due(
    shop: Shop, clock: MovableClock, fine: Receiver
) -> None:
    shop.queue(f"{fine.url}/hook", "anna", due=timedelta(seconds=30))
    shop.queue(f"{fine.url}/hook", "anna")
    shop.deliver()
    assert heard(fine) == {"anna": [2]}
    clock.advance(seconds=30)
    shop.deliver()
    assert heard(fine) == {"anna": [2, 1]}


def test_a_dead_letter_lets_the_next_message_of_its_item_go(shop: Shop, down: Receiver) -> None:
    down.answer = lambda got: (410 if b'"n": 1' in got.body else 200, {})
    shop.queue(f"{down.url}/hook", "anna", "anna")
    shop.deliver()
    assert shop.states() == {"dead": 1, "delivered": 1}


def test_two_senders_share_an_endpoints_limit(shop: Shop, context: Context, fine: Receiver) -> None:
    pace = Pace(per_endpoint=3)
    shop.queue(f"{fine.url}/hook", *(f"i{n}" for n in range(10)))
    now: datetime = context.clock()
    with context.database.transaction(shop.org_id) as tx:
        first = outbox.lease(
            tx, now=now, until=now + pace.lease, most=2, per_endpoint=pace.per_endpoint
        )
        second = outbox.lease(
            tx, now=now, until=now + pace.lease, most=9, per_endpoint=pace.per_endpoint
        )
    assert (len(first), len(second)) == (2, 1)


def test_a_test_that_succeeds_lets_what_waits_go_at_once(
    shop: Shop, clock: MovableClock, down: Receiver
) -> None:
    url = f"{down.url}/hook"
    caller = system_caller(shop.org_id, "test")
    document = {"name": "Hide", "callbackUrl": url}
    action_id = configuration.create(shop.context, caller, ACTIONS, document, "").object_id
    shop.queue(url, *(f"i{number % 4}" for number in range(12)))
    shop.run(timedelta(hours=3), timedelta(minutes=5))
    assert shop.breaker(down.url) is not Breaker.CLOSED
    shop.queue(url, "undoable", due=timedelta(seconds=10))

    assert not webhook_trials.try_action(shop.context, caller, action_id).delivered
    shop.deliver()
    assert shop.states()["pending"] == 13
    down.answer = lambda _: (200, {})
    assert webhook_trials.try_action(shop.context, caller, action_id).delivered
    assert shop.breaker(down.url) is Breaker.CLOSED
    shop.deliver()
    assert shop.states()["pending"] == 1
    clock.advance(seconds=10)
    shop.deliver()
    assert "pending" not in shop.states()
    assert all(numbers == sorted(numbers) for numbers in lately(down).values())


def lately(platform: Receiver) -> dict[str, list[int]]:
    """As `heard`, of what an item was told last, once each."""
    found: dict[str, list[int]] = {}
    for got in platform.received[-13:]:
        body = json.loads(got.body)
        if "n" in body:
            found.setdefault(body["item"], []).append(body["n"])
    return found
