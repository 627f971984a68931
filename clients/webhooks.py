"""The webhook sender: many deliveries at once on one event loop, none of them able to hurt us.

It never raises for what a receiver does: every attempt becomes a value that says what happened.
Only http and https are spoken, redirects are followed within the same origin alone, time and the
size of an answer are bounded, and no endpoint gets more than its share of connections.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from types import TracebackType

REDIRECTS_THAT_REPEAT_THE_POST = frozenset({307, 308})
MOST_REDIRECTS = 3
SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True)
class Limits:
    """timeout_s: for the whole exchange, connecting included. kept_bytes: recorded per answer."""

    timeout_s: float = 10.0
    connect_s: float = 5.0
    answer_bytes: int = 64 * 1024
    kept_bytes: int = 2_000
    connections: int = 200


@dataclass(frozen=True)
class Message:
    """headers: complete, signatures included; body: the exact bytes they were made over."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """status is None when no answer came; error says why. retry_after: the header, unread."""

    latency_ms: int
    status: int | None = None
    error: str = ""
    response: str = ""
    retry_after: str | None = None


@dataclass(frozen=True)
class _Reply:
    status: int
    body: bytes
    retry_after: str | None
    location: str | None


class Refused(Exception):
    """We will not send this, or not follow it there."""


def endpoint(url: str) -> str:
    """What shares a concurrency limit: the host and port, as written in the address."""
    return urlsplit(url).netloc.lower()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _check_scheme(url: str) -> None:
    scheme, host = _origin(url)
    if scheme not in SCHEMES or not host or urlsplit(url).port == 0:  # a port too large raises
        raise Refused(f"only http and https addresses are called, not {url[:200]!r}")


async def _exchange(client: httpx.AsyncClient, url: str, message: Message, most: int) -> _Reply:
    async with client.stream(
        "POST", url, headers=dict(message.headers), content=message.body
    ) as response:
        kept = bytearray()
        async for chunk in response.aiter_raw():
            kept += chunk
            if len(kept) > most:
                break
        headers = response.headers
        return _Reply(
            response.status_code,
            bytes(kept[:most]),
            headers.get("retry-after"),
            headers.get("location"),
        )


def _next_url(url: str, reply: _Reply) -> str | None:
    """Where a redirect leads, if the POST may be repeated there; None when this is the answer."""
    if reply.status not in REDIRECTS_THAT_REPEAT_THE_POST or not reply.location:
        return None
    target = urljoin(url, reply.location)
    if _origin(target) != _origin(url):
        raise Refused(f"redirected to another place, {target[:200]!r}; not followed")
    return target


async def _send(client: httpx.AsyncClient, message: Message, limits: Limits) -> _Reply:
    url = message.url
    for _ in range(MOST_REDIRECTS + 1):
        _check_scheme(url)
        reply = await _exchange(client, url, message, limits.answer_bytes)
        target = _next_url(url, reply)
        if target is None:
            return reply
        url = target
    raise Refused(f"redirected more than {MOST_REDIRECTS} times")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:500]


async def send(client: httpx.AsyncClient, message: Message, limits: Limits) -> Answer:
    started = perf_counter()
    try:
        async with asyncio.timeout(limits.timeout_s):
            reply = await _send(client, message, limits)
    except (httpx.HTTPError, httpx.InvalidURL, Refused, TimeoutError, ValueError, OSError) as error:
        return Answer(_since_ms(started), error=_reason(error))
    text = (
        reply.body[: limits.kept_bytes]
        .decode("utf-8", "replace")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    return Answer(_since_ms(started), reply.status, "", text, reply.retry_after)


def _since_ms(started: float) -> int:
    return round((perf_counter() - started) * 1000)


def new_client(limits: Limits) -> httpx.AsyncClient:
    """Proxies and credentials of the environment are not used: we call what the address says."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(limits.timeout_s, connect=limits.connect_s),
        limits=httpx.Limits(
            max_connections=limits.connections, max_keepalive_connections=limits.connections // 2
        ),
        follow_redirects=False,
        trust_env=False,
    )


class Sender:
    """An event loop on a thread of its own, so that the callers can stay ordinary code."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._client = new_client(self.limits)

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
        return asyncio.run_coroutine_threadsafe(
            send(self._client, message, self.limits), self._loop
        )

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _stop(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()
