"""The webhook sender: many deliveries at once on one event loop, none of them able to hurt us.

It never raises for what a receiver does: every attempt becomes a value that says what happened.
Only http and https are spoken, only to addresses within reach; redirects are followed within the
same origin alone; time and the size of an answer are bounded.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin

import httpx

from clients.http1 import IDLE_S, Pool, Reply, Target, target_of
from clients.resolver import Refused, Resolver, ask_system
from engine.webhooks.addresses import Reach

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from concurrent.futures import Future
    from types import TracebackType

REDIRECTS_THAT_REPEAT_THE_POST = frozenset({307, 308})
MOST_REDIRECTS = 3

Key = tuple[str, int]


@dataclass(frozen=True)
class Limits:
    """timeout_s: for the whole exchange, connecting included. kept_bytes: recorded per answer."""

    timeout_s: float = 10.0
    connect_s: float = 5.0
    answer_bytes: int = 64 * 1024
    kept_bytes: int = 2_000


@dataclass(frozen=True)
class Message:
    """headers: complete, signatures included; body: the exact bytes they were made over.

    timeout_s: None, the sender's own.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float | None = None
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True)
class Answer:
    """status is None when no answer came; error says why. retry_after: the header, unread.

    body: all of the answer that was read; response: what is kept of it, as text.
    """

    latency_ms: float
    status: int | None = None
    error: str = ""
    response: str = ""
    retry_after: str | None = None
    body: bytes = b""


@dataclass
class Pools:
    """One pool for each allow-list, so that no connection serves whom it was not judged for."""

    tls: ssl.SSLContext = field(default_factory=lambda: httpx.create_ssl_context(trust_env=False))
    lookup: Callable[[str, int], Awaitable[Sequence[str]]] = ask_system
    connect_s: float = Limits.connect_s
    _pools: dict[Reach, Pool] = field(default_factory=dict)

    def of(self, reach: Reach) -> Pool:
        found = self._pools.get(reach)
        if found is None:
            resolver = Resolver(reach, self.lookup)
            found = self._pools[reach] = Pool(resolver, self.tls, self.connect_s)
        return found

    def sweep(self) -> None:
        for pool in self._pools.values():
            pool.sweep()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def _next_target(target: Target, url: str, reply: Reply) -> tuple[str, Target] | None:
    """Where a redirect leads, if the POST may be repeated there; None when this is the answer."""
    location = reply.headers.get("location")
    if reply.status not in REDIRECTS_THAT_REPEAT_THE_POST or not location:
        return None
    there = urljoin(url, location)
    found = target_of(there)
    if found.place != target.place:
        raise Refused(f"redirected to another place, {there[:200]!r}; not followed")
    return there, found


async def _send(pools: Pools, message: Message, limits: Limits) -> Reply:
    url, target = message.url, target_of(message.url)
    pool = pools.of(message.reach)
    for _ in range(MOST_REDIRECTS + 1):
        reply = await pool.post(target, message.headers, message.body, limits.answer_bytes)
        following = _next_target(target, url, reply)
        if following is None:
            return reply
        url, target = following
    raise Refused(f"redirected more than {MOST_REDIRECTS} times")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:500]


async def send(pools: Pools, message: Message, limits: Limits) -> Answer:
    started = perf_counter()
    try:
        async with asyncio.timeout(message.timeout_s or limits.timeout_s):
            reply = await _send(pools, message, limits)
    except (Refused, OSError, ValueError) as error:
        return Answer(_since_ms(started), error=_reason(error))
    text = reply.body[: limits.kept_bytes].decode("utf-8", "replace")
    return Answer(
        latency_ms=_since_ms(started),
        status=reply.status,
        response=text.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        retry_after=reply.headers.get("retry-after"),
        body=reply.body,
    )


def call(message: Message, limits: Limits | None = None) -> Answer:
    """One message sent and answered, for callers that wait; never from within an event loop."""
    wanted = limits or Limits()

    async def once() -> Answer:
        pools = Pools(connect_s=wanted.connect_s)
        try:
            return await send(pools, message, wanted)
        finally:
            pools.close()

    return asyncio.run(once())


def _since_ms(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)


class Sender:
    """An event loop on a thread of its own, so that the callers can stay ordinary code.

    `answers` receives what `post` was given, each with its key.
    """

    def __init__(self, limits: Limits | None = None, pools: Pools | None = None) -> None:
        self.limits = limits or Limits()
        self.answers: queue.SimpleQueue[tuple[Key, Answer]] = queue.SimpleQueue()
        self._pools = pools or Pools(connect_s=self.limits.connect_s)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    def submit(self, message: Message) -> Future[Answer]:
        return asyncio.run_coroutine_threadsafe(send(self._pools, message, self.limits), self._loop)

    def post(self, messages: Sequence[tuple[Key, Message]]) -> None:
        """Sends them all; each answer goes to `answers` when it comes."""
        self._loop.call_soon_threadsafe(self._begin, messages)

    def _begin(self, messages: Sequence[tuple[Key, Message]]) -> None:
        for key, message in messages:
            task = self._loop.create_task(self._answered(key, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answered(self, key: Key, message: Message) -> None:
        self.answers.put((key, await send(self._pools, message, self.limits)))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_later(IDLE_S, self._sweep)
        self._loop.run_forever()

    def _sweep(self) -> None:
        self._pools.sweep()
        self._loop.call_later(IDLE_S, self._sweep)

    async def _stop(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._pools.close()
