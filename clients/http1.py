"""POST over HTTP/1.1, many at once, to addresses that were judged before they are connected to.

A pool of connections for one allow-list. Answers are bounded; nothing is decompressed, no
redirect followed, no proxy or credential of the environment used.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, cast

import httptools
import httpx

from clients.resolver import Refused, Resolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

IDLE_S = 15.0
MOST_IDLE = 64
HIGHEST_PORT = 65535
PORTS = {"http": 80, "https": 443}
OVERHEAD_BYTES = 128 * 1024
FORBIDDEN = frozenset("\r\n\0")

Place = tuple[str, str, int]


class Lost(ConnectionError):
    """The other end closed the connection. unanswered: before a byte of its answer."""

    def __init__(self, message: str, *, unanswered: bool) -> None:
        super().__init__(message)
        self.unanswered = unanswered


@dataclass(frozen=True)
class Target:
    """host: as a resolver and a certificate know it. authority: as the `host` header says it."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    authorization: str | None

    @property
    def place(self) -> Place:
        return self.scheme, self.host, self.port


@dataclass(frozen=True)
class Reply:
    """headers: names in lower case. body: at most as many bytes as were asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@lru_cache(maxsize=4096)
def target_of(url: str) -> Target:
    """Raises Refused."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Refused(f"{url[:200]!r} is not a URL") from error
    port = parsed.port or PORTS.get(parsed.scheme)
    if port is None or not parsed.host or not 0 < port <= HIGHEST_PORT:
        raise Refused(f"only http and https addresses are called, not {url[:200]!r}")
    login = base64.b64encode(parsed.userinfo).decode() if parsed.userinfo else ""
    return Target(
        scheme=parsed.scheme,
        host=parsed.raw_host.decode("ascii"),
        port=port,
        authority=parsed.netloc.decode("ascii"),
        path=parsed.raw_path.decode("ascii"),
        authorization=f"Basic {login}" if login else None,
    )


def request_head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    """Raises Refused for a header that would break out of its line."""
    lines = [f"POST {target.path} HTTP/1.1", f"host: {target.authority}"]
    for name, value in headers.items():
        if FORBIDDEN.intersection(name) or FORBIDDEN.intersection(value) or ":" in name:
            raise Refused(f"the header {name[:50]!r} cannot be sent")
        lines.append(f"{name}: {value}")
    if target.authorization and "authorization" not in {name.lower() for name in headers}:
        lines.append(f"authorization: {target.authorization}")
    lines.append(f"content-length: {length}\r\n\r\n")
    try:
        return "\r\n".join(lines).encode("latin-1")
    except UnicodeEncodeError as error:
        raise Refused("a header holds a letter that headers cannot carry") from error


class Connection(asyncio.Protocol):
    """One exchange after the other; `usable` says whether another may follow."""

    def __init__(self) -> None:
        self.usable = True
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Reply] | None = None
        self._most = 0
        self._reset()

    def _reset(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._received = 0
        self._headed = False

    async def exchange(self, request: bytes, most: int) -> Reply:
        """Raises Lost, ConnectionError for an answer that is not HTTP."""
        if not self.usable or self._transport is None:
            raise Lost("the connection was closed", unanswered=True)
        self._reset()
        self._most = most
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        unbounded = not {"content-length", "transfer-encoding"} & self._headers.keys()
        if self._headed and unbounded and exc is None:
            self._finish()
            return
        self._fail(Lost("the connection was closed", unanswered=not self._received))

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(ConnectionError(f"the answer is not HTTP: {error}"))
            self.close()
        if self._received > self._most + OVERHEAD_BYTES:
            self._fail(ConnectionError("the headers of the answer are too long"))
            self.close()

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.usable = False  # more than was asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) < 100:  # noqa: PLR2004 - more is no answer to a webhook
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = self._parser.get_status_code() >= HTTPStatus.OK

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._most:
            self._finish()
            self.close()

    def on_message_complete(self) -> None:
        if not self._headed:  # 100 and its like: the answer is still to come
            self._headers = {}
            return
        self.usable = self.usable and bool(self._parser.should_keep_alive())
        self._finish()

    def _finish(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            body = bytes(self._body[: self._most])
            self._answer.set_result(Reply(status, self._headers, body))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


@dataclass
class Pool:
    """Connections that share one resolver, and so one allow-list."""

    resolver: Resolver
    tls: ssl.SSLContext
    connect_s: float = 5.0
    _idle: dict[Place, list[Connection]] = field(default_factory=lambda: defaultdict(list))

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, most: int
    ) -> Reply:
        """most: bytes of the answer. Raises Refused, OSError, TimeoutError."""
        request = request_head(target, headers, len(body)) + body
        addresses = await self.resolver.addresses(target.host, target.port)
        waiting = self._waiting(target.place)
        if waiting is not None:
            try:
                return await self._exchange(target.place, waiting, request, most)
            except Lost as error:
                if not error.unanswered:
                    raise
        fresh = await self._connect(target, addresses)
        return await self._exchange(target.place, fresh, request, most)

    async def _exchange(
        self, place: Place, connection: Connection, request: bytes, most: int
    ) -> Reply:
        reply = await connection.exchange(request, most)
        idle = self._idle[place]
        if connection.usable and len(idle) < MOST_IDLE:
            connection.idle_since = monotonic()
            idle.append(connection)
        else:
            connection.close()
        return reply

    def _waiting(self, place: Place) -> Connection | None:
        """The connection used last, if it is still good; what has waited too long is closed."""
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if connection.usable and connection.idle_since > monotonic() - IDLE_S:
                return connection
            connection.close()
        return None

    async def _connect(self, target: Target, addresses: tuple[str, ...]) -> Connection:
        """To the first address that answers; the certificate is the host's, not the address's."""
        loop = asyncio.get_running_loop()
        secure = target.scheme == "https"
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                async with asyncio.timeout(self.connect_s):
                    _, connection = await loop.create_connection(
                        Connection,
                        address,
                        target.port,
                        ssl=self.tls if secure else None,
                        server_hostname=target.host if secure else None,
                    )
            except OSError as error:
                failure = error
            else:
                return connection
        raise failure

    def sweep(self) -> None:
        """Closes what has waited too long, wherever it leads."""
        oldest = monotonic() - IDLE_S
        for place, idle in list(self._idle.items()):
            kept = [one for one in idle if one.usable and one.idle_since > oldest]
            for one in set(idle) - set(kept):
                one.close()
            if kept:
                self._idle[place] = kept
            else:
                del self._idle[place]

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
