"""How much one process takes in: per request, per key and altogether."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from api.room import Room
from engine.admission import BURST_S, rate_of
from engine.errors import TooLarge
from services.admission import draw, read_gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from engine.admission import Gate, Rate
    from services.context import Caller, Context

MEBIBYTE = 1 << 20
MOST_KEYS = 10_000
GATE_KEPT_S = 1.0
DRAWN_S = 0.1
KEY = "key:"


@dataclass(frozen=True)
class Limits:
    """items_per_s: of a key, where neither it nor its organisation has a limit of its own.

    burst_s: seconds' worth that can be saved up.

    in_flight_bytes: what bodies may take up at once, received and not yet committed.
    """

    body_bytes: int = 50 * MEBIBYTE
    in_flight_bytes: int = 1024 * MEBIBYTE
    items_per_s: float | None = None
    burst_s: float = BURST_S


class BodyReader:
    """Reads bodies as they arrive, so that one over the limit is refused before it is held."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.room = Room(limits.in_flight_bytes)

    @asynccontextmanager
    async def held(self, request: Request) -> AsyncIterator[bytes]:
        """The body, which takes up room until the caller is done with it.

        Raises TooLarge, Unavailable.
        """
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > self.limits.body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        with self.room.shared() as share:
            async for chunk in request.stream():
                share.take(chunk)
                if share.size > self.limits.body_bytes:
                    raise self._too_large()
                chunks.append(chunk)
            yield b"".join(chunks)

    def _too_large(self) -> TooLarge:
        most = self.limits.body_bytes
        return TooLarge(
            f"The body is larger than {most} bytes.", hint="Send the items in smaller batches."
        )


@dataclass
class Admission:
    """What one process has been told of limits, so that it need not ask for every request.

    Keys draw from buckets that all processes share, a tenth of a second's worth at a time: `purses`
    holds what was drawn and not spent yet, `drawing` keeps many requests of one key from drawing
    for each of them. clock: seconds that only grow.
    """

    context: Context
    limits: Limits
    clock: Callable[[], float] = monotonic
    gates: dict[int, tuple[Gate, float]] = field(default_factory=dict)
    purses: dict[str, float] = field(default_factory=dict)
    drawing: dict[str, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read_gate(self, org_id: int) -> Gate:
        """As the database has it now; remembered."""
        read_at = self.clock()
        gate = read_gate(self.context, org_id)
        self.gates[org_id] = gate, read_at
        return gate

    def at_once(self, gate: Gate, caller: Caller, items: int, *, stored: bool) -> bool:
        """Whether the items are let in without asking the database.

        stored: whether they wait for their evaluation. Raises Unavailable.
        """
        if stored:
            gate.check_backlog()
        rate = self._rate(caller, gate)
        return rate is None or self._spend(caller.actor, max(items, 1))

    def admit(self, caller: Caller, items: int, *, stored: bool = False) -> None:
        """Asks the database where it must. Raises RateLimited or Unavailable."""
        known = self.gates.get(caller.org_id)
        fresh = known and self.clock() - known[1] < GATE_KEPT_S
        gate = known[0] if known and fresh else self.read_gate(caller.org_id)
        if not self.at_once(gate, caller, items, stored=stored):
            self.draw(gate, caller, items)

    def draw(self, gate: Gate, caller: Caller, items: int) -> None:
        """Tokens for the items out of the bucket that all share. Raises RateLimited."""
        rate = self._rate(caller, gate)
        if rate is None:
            return
        tokens = max(items, 1)
        with self.drawing.setdefault(caller.actor, threading.Lock()):
            if self._spend(caller.actor, tokens):  # whoever drew just now drew for all that wait
                return
            wanted = max(tokens, rate.per_second * DRAWN_S)
            draw(self.context, caller.org_id, caller.actor, rate, wanted)
            with self.lock:
                if len(self.purses) >= MOST_KEYS:
                    self.purses.clear()
                    self.drawing.clear()
                self.purses[caller.actor] = self.purses.get(caller.actor, 0.0) + wanted - tokens

    def _spend(self, key: str, tokens: int) -> bool:
        with self.lock:
            left = self.purses.get(key, 0.0) - tokens
            if left < 0:
                return False
            self.purses[key] = left
            return True

    def _rate(self, caller: Caller, gate: Gate) -> Rate | None:
        """The key's own limit, else its organisation's, else the installation's; none of people."""
        if not caller.actor.startswith(KEY):
            return None
        found = caller.items_per_second or gate.items_per_second or self.limits.items_per_s
        return rate_of(found, self.limits.burst_s) if found else None
