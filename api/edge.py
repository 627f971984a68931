"""What happens to every request before any route sees it, and to every answer after."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from api.new_ids import new_id
from api.packed import AS_IT_IS, unpacked
from api.room import Room, Share
from engine.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
MOST_BODY_BYTES = 16 << 20
# What one body may take up once it is read, and all of them in one process.
MOST_WEIGHT = 192 << 20
ROOM_BYTES = 512 << 20
TOO_LARGE = 413
TOO_SLOW = 408
NO_ROOM = 503
# Between two pieces of a body, and for all of it.
PIECE_S = 20.0
BODY_S = 120.0
TRAVELLING = (b"content-encoding", b"content-length")
OWN_LIMIT = ("/items/async", "/items/batch", "/items/evaluate")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,100}")
# Coop's routes match in any case; ours hold ids, whose case matters.
COOP_PATHS = "items/async|policies|report|report/appeal|actions|content|user_scores"
ANY_CASE = re.compile(rf"(.*/v1)(/(?:{COOP_PATHS}))", re.IGNORECASE)


class EdgedApp(FastAPI):
    """An application that its edge stands before: at a door nothing else of it is passed."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        self.doors: dict[str, ASGIApp] = {}
        self._edge = Edge(super().__call__, self.doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._edge(scope, receive, send)


class Edge:
    """Accepts a path with or without its last slash, gives the request an id, adds headers.

    HEAD is answered as GET is; the server leaves the body out.

    doors: what answers a POST to a path, without asking the router; paths as routes name them.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        self.app = app
        self.doors = doors
        self.room = Room(ROOM_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        scope["path"] = path = _one_path(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *SECURITY_HEADERS]
                message["headers"] = [*headers, (b"x-request-id", request_id.encode())]
            await send(message)

        receive = timed(receive)
        encoding = _header(scope, b"content-encoding").strip().lower()
        if encoding not in AS_IT_IS:
            receive, scope = unpacked(receive, encoding), _without_form(scope)
        routed = path.removeprefix(scope.get("root_path", ""))
        door = self.doors.get(routed) if scope["method"] == "POST" else None
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        with self.room.shared() as share:
            if not path.endswith(OWN_LIMIT):
                receive = limited(receive, _announced_bytes(scope), share)
            await (door or self.app)(scope, receive, send_with_headers)


def timed(receive: Receive) -> Receive:
    """Raises a 408 for a body whose next piece, or whose end, is too long in coming."""
    arrived = False
    started: float | None = None

    async def receive_in_time() -> Message:
        nonlocal arrived, started
        if arrived:  # from here on it is asked whether the caller is still there
            return await receive()
        now = asyncio.get_running_loop().time()
        started = now if started is None else started
        try:
            async with asyncio.timeout(min(PIECE_S, max(started + BODY_S - now, 0.0))):
                message = await receive()
        except TimeoutError:
            raise HTTPException(TOO_SLOW) from None
        arrived = not message.get("more_body", False)
        return message

    return receive_in_time


def limited(receive: Receive, announced: int, share: Share) -> Receive:
    """Raises a 413 before more than the limit is held, a 503 where there is no room for it."""

    async def receive_within_limit() -> Message:
        if announced > MOST_BODY_BYTES:
            raise HTTPException(TOO_LARGE)
        message = await receive()
        try:
            share.take(message.get("body", b""))
        except Unavailable:
            raise HTTPException(NO_ROOM) from None
        if share.size > MOST_BODY_BYTES or share.weight > MOST_WEIGHT:
            raise HTTPException(TOO_LARGE)
        return message

    return receive_within_limit


def _without_form(scope: Scope) -> Scope:
    """Without the headers that tell of the body as it travelled."""
    kept = [pair for pair in scope["headers"] if pair[0] not in TRAVELLING]
    return {**scope, "headers": kept}


def _announced_bytes(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length.isdigit() else 0


def _one_path(path: str) -> str:
    path = path[:-1] if len(path) > 1 and path.endswith("/") else path
    coop = ANY_CASE.fullmatch(path)
    return coop[1] + coop[2].lower() if coop else path


def _request_id(scope: Scope) -> str:
    given = _header(scope, b"x-request-id")
    return given.decode() if REQUEST_ID.fullmatch(given) else new_id()


def _header(scope: Scope, name: bytes) -> bytes:
    """Empty where there is none."""
    return next((value for key, value in scope["headers"] if key == name), b"")
