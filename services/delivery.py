"""Delivers the outbox: many at once, none of them able to hold up the others.

A message is leased before it is sent and finished by the attempt that holds the lease, so a sender
that dies loses nothing: the lease expires and the message goes out again, under the same id.
"""

from __future__ import annotations

import queue
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from engine.errors import InvalidConfiguration, NotFound
from engine.webhooks.backoff import (
    Backoff,
    delay_s,
    is_final,
    is_last,
    is_success,
    retry_after_s,
)
from engine.webhooks.breaker import Breaker, Outcome, after, is_alive
from services.outgoing import reach_of, signed_message
from services.rulesets import known_configuration
from services.signing_keys import load_signing_keys
from store import outbox, webhook_endpoints
from store.outbox import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from clients.webhooks import Answer, Message, Sender
    from engine.webhooks.addresses import Reach
    from engine.webhooks.signature import SigningKey, SigningKeys
    from services.context import Context
    from store.outbox import LeasedMessage

MOST_TOGETHER = 500
SIGNED_TOGETHER = 16

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """at_once: messages on the wire from one process; per_endpoint: to one, from all processes.

    lease: longer than any attempt may take.
    """

    at_once: int = 256
    per_endpoint: int = 32
    lease: timedelta = timedelta(seconds=60)
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True)
class _Flight:
    org_id: int
    message: LeasedMessage
    started_at: datetime


Landed = tuple[_Flight, "Answer"]


@dataclass
class Deliverer:
    """One process's deliveries. chance: uniform in [0, 1). flights: by message and attempt."""

    context: Context
    sender: Sender
    pace: Pace = field(default_factory=Pace)
    breaker: Breaker = field(default_factory=Breaker)
    chance: Callable[[], float] = random.random
    flights: dict[tuple[str, int], _Flight] = field(default_factory=dict)
    known: dict[str, SigningKey] = field(default_factory=dict)

    def start(self, org_id: int) -> int:
        """Leases what is due in an organisation and there is room for; gives how many.

        Where nothing can be signed, nothing is sent, and the others' deliveries go on.
        """
        room = self.pace.at_once - len(self.flights)
        if room <= 0:
            return 0
        try:
            return self._start(org_id, room)
        except (NotFound, InvalidConfiguration) as error:
            log.warning("webhooks_not_signed", org_id=org_id, reason=error.message)
            return 0

    def _start(self, org_id: int, room: int) -> int:
        now = self.context.clock()
        with self.context.database.transaction(org_id) as tx:
            leased = outbox.lease(
                tx,
                now=now,
                until=now + self.pace.lease,
                most=room,
                per_endpoint=self.pace.per_endpoint,
            )
            if not leased:
                return 0
            keys = self._keys(tx)
            reach = reach_of(self.context, known_configuration(tx).settings)
        self._send(org_id, leased, keys, reach)
        return len(leased)

    def _keys(self, tx: Connection) -> SigningKeys:
        keys = load_signing_keys(self.context, tx, self.known)
        used = [keys.active] if keys.next is None else [keys.active, keys.next]
        self.known.update({key.key_id: key for key in used})
        return keys

    def _send(
        self, org_id: int, leased: Sequence[LeasedMessage], keys: SigningKeys, reach: Reach
    ) -> None:
        """A few go out as soon as they are signed, while the next ones are."""
        signed_ones: list[tuple[tuple[str, int], Message]] = []
        for message in leased:
            now = self.context.clock()
            key = message.outbox_id, message.attempt
            self.flights[key] = _Flight(org_id, message, now)
            signed = signed_message(
                keys,
                reach,
                url=message.url,
                headers=message.headers,
                body=message.body,
                message_id=message.idempotency_key,
                now=now,
                timeout_s=message.timeout_s,
            )
            signed_ones.append((key, signed))
            if len(signed_ones) == SIGNED_TOGETHER:
                self.sender.post(signed_ones)
                signed_ones = []
        self.sender.post(signed_ones)

    def finish(self, timeout_s: float) -> int:
        """Waits for answers and records those that have come; gives how many."""
        if not self.flights:
            return 0
        landed: dict[int, list[Landed]] = defaultdict(list)
        for flight, answer in self._landed(timeout_s):
            landed[flight.org_id].append((flight, answer))
        now = self.context.clock()
        for org_id, together in landed.items():
            attempts = [self._attempt(flight, answer, now) for flight, answer in together]
            with self.context.database.transaction(org_id) as tx:
                outbox.record(tx, attempts, now)
                self._note(tx, [_outcome(flight, answer) for flight, answer in together], now)
        return sum(len(together) for together in landed.values())

    def _landed(self, timeout_s: float) -> list[Landed]:
        """The first answer is waited for; what else has come is taken with it."""
        landed: list[Landed] = []
        while len(landed) < MOST_TOGETHER:
            try:
                key, answer = self.sender.answers.get(not landed and timeout_s > 0, timeout_s)
            except queue.Empty:
                break
            flight = self.flights.pop(key, None)
            if flight is not None:
                landed.append((flight, answer))
        return landed

    def _note(self, tx: Connection, outcomes: Sequence[tuple[str, Outcome]], now: datetime) -> None:
        """What the answers say of their endpoints; nothing is written while all is well."""
        ill = {endpoint for endpoint, outcome in outcomes if not outcome.alive}
        ill |= webhook_endpoints.troubled(tx, {endpoint for endpoint, _ in outcomes} - ill)
        if not ill:
            return
        changed = {
            endpoint: after(self.breaker, was, [o for e, o in outcomes if e == endpoint], now)
            for endpoint, was in webhook_endpoints.locked(tx, ill).items()
        }
        webhook_endpoints.save(tx, changed)

    def _attempt(self, flight: _Flight, answer: Answer, now: datetime) -> Attempt:
        message = flight.message
        state, next_at = self._next(message, answer, now)
        if state == "dead":
            log.warning(
                "webhook_dead", org_id=flight.org_id, outbox_id=message.outbox_id,
                status=answer.status, error=answer.error,
            )  # fmt: skip
        return Attempt(
            outbox_id=message.outbox_id,
            attempt=message.attempt,
            started_at=flight.started_at,
            latency_ms=answer.latency_ms,
            status=answer.status,
            error=answer.error or None,
            response=answer.response or None,
            state=state,
            next_attempt_at=next_at,
        )

    def _next(self, message: LeasedMessage, answer: Answer, now: datetime) -> tuple[str, datetime]:
        backoff = self.pace.backoff
        if is_success(answer.status):
            return "delivered", now
        if is_final(answer.status) or is_last(backoff, message.turn):
            return "dead", now
        wish = retry_after_s(answer.retry_after, now)
        wait_s = delay_s(backoff, message.turn, self.chance(), wish)
        return "pending", now + timedelta(seconds=wait_s)


def _outcome(flight: _Flight, answer: Answer) -> tuple[str, Outcome]:
    message = flight.message
    return message.endpoint, Outcome(message.outbox_id, is_alive(answer.status))
