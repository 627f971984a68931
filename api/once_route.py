"""Routes whose POST is done once for one `Idempotency-Key`, whichever service does it.

The key is kept with the first change that the request commits (`store.idempotency.claim`), so it is
there exactly when what it stands for is. The answer is kept after that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio
import msgspec
from anyio import to_thread
from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.auth import authenticate, context_of
from api.errors import COOP_TAG, ERRORS
from api.once import DESCRIPTION
from api.wire import documented
from engine.errors import Conflict, InvalidInput, KeyReused, NotAuthenticated
from engine.idempotency import HEADER, LONGEST_KEY, once
from services import idempotency
from store.idempotency import Claim, claiming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter
    from starlette.types import Message, Receive, Scope, Send

    from engine.errors import WinnowError
    from engine.idempotency import Once
    from services.context import Caller, Context

PAUSE_S: Final = 0.05
TIMES: Final = 100
KEPT_HEADERS: Final = frozenset({b"content-type", b"location"})
UNKNOWN: Final = "what this key was first used for has begun, and its answer is not known yet"
PARAMETER: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": DESCRIPTION,
}
HINT: Final = "try again in a moment; if it stays so, look whether it was done"


class _Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class _Recorder:
    """Takes an answer, and holds it back until it is known to be the one to give."""

    messages: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    def encoded(self) -> bytes:
        named = self.messages[0].get("headers", ())
        headers = {k.decode(): v.decode() for k, v in named if k.lower() in KEPT_HEADERS}
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        return msgspec.msgpack.encode(_Answer(self.status, headers, body))


@dataclass(frozen=True)
class _Asked:
    context: Context
    caller: Caller
    once: Once

    async def kept(self) -> bytes | None:
        """The answer given before; nothing in it while it is not known."""
        return await to_thread.run_sync(
            idempotency.kept_answer, self.context, self.caller, self.once
        )

    async def answer(self) -> Response:
        """Waits a little for whoever is at it. Raises Conflict."""
        for _ in range(TIMES):
            if kept := await self.kept():
                found = msgspec.msgpack.decode(kept, type=_Answer)
                return Response(found.body, found.status, found.headers)
            await anyio.sleep(PAUSE_S)
        raise Conflict(UNKNOWN, hint=HINT)

    async def keep(self, claim: Claim, recorded: _Recorder) -> None:
        """A refusal leaves the key free: what was wrong can be put right, and sent again.

        So does a failure; if it came after the commit, the key is there, without an answer.
        """
        if recorded.status < (500 if claim.made else 400):
            await to_thread.run_sync(
                idempotency.keep_answer, self.context, self.caller, self.once, recorded.encoded()
            )


class OnceRoute(APIRoute):
    """As any other without the header, and for a method that is not POST."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["method"] != "POST" or HEADER not in request.headers:
            await super().handle(scope, receive, send)
            return
        body = await request.body()
        asked = await to_thread.run_sync(_asked, request, body)
        if await asked.kept() is not None:
            answer = await asked.answer()
            await answer(scope, receive, send)
            return
        claim, recorded = Claim(asked.once), _Recorder()
        before = claiming.set(claim)
        try:
            await super().handle(scope, _again(body, receive), recorded)
        finally:
            claiming.reset(before)
        if not claim.made and await asked.kept() is not None:
            answer = await asked.answer()
            await answer(scope, receive, send)
            return
        await asked.keep(claim, recorded)
        for message in recorded.messages:
            await send(message)


def describe_once(document: dict[str, Any], prefix: str, routers: Sequence[APIRouter]) -> None:
    """The header and its refusals, on every operation that takes it."""
    routes = [route for router in routers for route in router.routes]
    for route in routes:
        if not isinstance(route, OnceRoute) or "POST" not in (route.methods or ()):
            continue
        operation = document["paths"][prefix + route.path_format]["post"]
        operation.setdefault("parameters", []).append(PARAMETER)
        for refusal in (InvalidInput, NotAuthenticated, Conflict, KeyReused):
            operation["responses"].setdefault(str(ERRORS[refusal].status), _refusal(route, refusal))


def _refusal(route: OnceRoute, kind: type[WinnowError]) -> dict[str, Any]:
    if COOP_TAG in route.tags:
        return {"description": ERRORS[kind].title}
    (found,) = documented(kind).values()
    return found


def _asked(request: Request, body: bytes) -> _Asked:
    """Somebody else's key is another's: an answer may hold what only who asked may read.

    Raises NotAuthenticated, and InvalidInput for a key that is none.
    """
    context = context_of(request)
    caller = authenticate(context, request)
    place = f"{request.url.path}?{request.url.query} {caller.actor}"
    return _Asked(context, caller, once(request.headers[HEADER], place, body))


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read already, then whatever comes."""
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return unread.pop() if unread else await receive()

    return receiving
