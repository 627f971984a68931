"""Delivers the outbox: many at once, none of them able to hold up the others.

A message is leased before it is sent and finished by the attempt that holds the lease, so a sender
that dies loses nothing: the lease expires and the message goes out again, under the same id.
"""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from clients.webhooks import Answer, Message
from engine.webhooks.backoff import (
    Backoff,
    delay_s,
    is_final,
    is_last,
    is_success,
    retry_after_s,
)
from engine.webhooks.headers import delivery_headers
from engine.webhooks.signature import signed_headers
from services.signing_keys import load_signing_key
from store import outbox
from store.outbox import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clients.webhooks import Sender
    from engine.webhooks.signature import SigningKey
    from services.context import Context
    from store.outbox import LeasedMessage

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """at_once: messages on the wire; per_host: of them, to one host and port.

    lease: longer than any attempt may take.
    """

    at_once: int = 256
    per_host: int = 32
    lease: timedelta = timedelta(seconds=60)
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True)
class _Flight:
    org_id: int
    message: LeasedMessage
    started_at: datetime
    host: str


@dataclass
class Deliverer:
    """One process's deliveries. chance: uniform in [0, 1)."""

    context: Context
    sender: Sender
    pace: Pace = field(default_factory=Pace)
    chance: Callable[[], float] = random.random
    flights: dict[Future[Answer], _Flight] = field(default_factory=dict)
    keys: dict[int, SigningKey] = field(default_factory=dict)

    def start(self, org_id: int) -> int:
        """Leases what is due in an organisation and there is room for; gives how many."""
        room = self.pace.at_once - len(self.flights)
        if room <= 0:
            return 0
        now = self.context.clock()
        with self.context.database.transaction(org_id) as tx:
            leased = outbox.lease(
                tx,
                now=now,
                until=now + self.pace.lease,
                most=room,
                share=max(self.pace.per_host // 2, 1),
                busy=self._busy(),
            )
            if leased:
                known = self.keys.get(org_id)
                self.keys[org_id] = load_signing_key(self.context, tx, known)
        if leased:
            self._send(org_id, leased, self.keys[org_id], now)
        return len(leased)

    def finish(self, timeout_s: float) -> int:
        """Waits for answers and records those that have come; gives how many."""
        if not self.flights:
            return 0
        done, _ = wait(self.flights, timeout=timeout_s, return_when=FIRST_COMPLETED)
        landed = [(self.flights.pop(future), future.result()) for future in done]
        now = self.context.clock()
        for org_id in {flight.org_id for flight, _ in landed}:
            attempts = [
                self._attempt(flight, answer, now)
                for flight, answer in landed
                if flight.org_id == org_id
            ]
            with self.context.database.transaction(org_id) as tx:
                outbox.record(tx, attempts, now)
        return len(landed)

    def _busy(self) -> list[str]:
        """Hosts with half of their places taken; a lease may fill the other half."""
        taken = Counter(flight.host for flight in self.flights.values())
        return [host for host, count in taken.items() if count > self.pace.per_host // 2]

    def _send(
        self, org_id: int, leased: Sequence[LeasedMessage], key: SigningKey, now: datetime
    ) -> None:
        for message in leased:
            signed = signed_headers(
                key, message.idempotency_key, int(now.timestamp()), message.body
            )
            headers = delivery_headers(message.headers, signed)
            future = self.sender.submit(Message(message.url, headers, message.body))
            self.flights[future] = _Flight(org_id, message, now, _host(message.url))

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


def _host(url: str) -> str:
    """As SQL cuts it out of the address."""
    return url.split("/", 3)[2] if url.count("/") > 1 else ""
