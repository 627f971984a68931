"""`POST /items/async`: the way in for items.

The order of the checks is part of the contract: the body's shape, the key, then each item. One bad
item refuses its whole batch; 202 means that every item is committed.
"""

from __future__ import annotations

import asyncio
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from api.batcher import Accepted, Batcher
from api.cached import Cached
from api.errors import COOP_TAG, coop_body, http_error, request_id
from api.item_body import read_items
from api.limits import BodyReader, Limits, RateLimit
from engine.errors import (
    InvalidInput,
    NotFound,
    Problem,
    RateLimited,
    Unavailable,
    WinnowError,
)
from engine.items import Item, coerce_item
from services.api_keys import authenticate
from services.intake import Intake, load_intake, load_item_type
from store.submissions import copy_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.items import ItemType, RawItem
    from services.context import Caller, Context

KEY_KEPT_S = 1.0
INTAKE_KEPT_S = 0.5
FOR_EVER_S = float("inf")
PAUSE_EVERY = 500
MOST_PROBLEMS = 1000
SOURCE = b"post-items"
ENCODER = msgspec.json.Encoder()
NO_TYPE_TITLE = "No item type of this id exists in your organisation."
NO_VERSION_TITLE = "This item type has no such version."

PastType = tuple[int, str, int]


class Ingest:
    """What the endpoint keeps between requests: caches, limits, and the batcher."""

    def __init__(self, context: Context, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.body = BodyReader(limits)
        self.rate = RateLimit(limits.items_per_s, limits.burst_s, monotonic)
        self.callers: Cached[str, Caller] = Cached(
            lambda secret, _: authenticate(context, secret), KEY_KEPT_S
        )
        self.intakes: Cached[int, Intake] = Cached(
            lambda org_id, known: load_intake(context, org_id, known), INTAKE_KEPT_S
        )
        self.past_types: Cached[PastType, ItemType] = Cached(
            lambda key, _: load_item_type(context, *key), FOR_EVER_S
        )
        self.batcher = Batcher(context.database.url, self.intakes.fresh)

    async def close(self) -> None:
        await self.batcher.close()

    async def accept(self, request: Request) -> Response:
        try:
            body = await self.body.read(request)
            try:
                await self._accept(body, request.headers.get("x-api-key", ""))
            finally:
                self.body.done(len(body))
        except WinnowError as error:
            return refusal(request, error)
        return Response(status_code=202)

    async def _accept(self, body: bytes, secret: str) -> None:
        raws = read_items(body)
        caller = await self.callers.get(secret)
        self.rate.take(caller.actor, len(raws))
        intake = await self.intakes.get(caller.org_id)
        accepted: list[Accepted] = []
        problems: list[Problem] = []
        for index, raw in enumerate(raws):
            if index % PAUSE_EVERY == PAUSE_EVERY - 1:
                await asyncio.sleep(0)
            found = await self._item(intake, raw)
            if isinstance(found, Item):
                accepted.append(accept_item(found, intake))
            elif len(problems) < MOST_PROBLEMS:
                problems.extend(_at(index, found))
        if problems:
            raise InvalidInput("Some items are not valid.", problems=tuple(problems))
        if accepted:
            await self.batcher.submit(caller.org_id, accepted)

    async def _item(self, intake: Intake, raw: RawItem) -> Item | tuple[Problem, ...]:
        item_type = intake.item_types.get(raw.type_id)
        if item_type is None:
            known = f"No item type with the id {raw.type_id[:200]!r} exists."
            return (Problem(known, title=NO_TYPE_TITLE),)
        if raw.type_version is not None and raw.type_version != str(item_type.version):
            try:
                item_type = await self._past_type(intake, raw.type_id, raw.type_version)
            except NotFound as error:
                return (Problem(error.message, title=NO_VERSION_TITLE),)
        return coerce_item(raw, item_type, intake.item_types)

    async def _past_type(self, intake: Intake, type_id: str, version: str) -> ItemType:
        if not version.isascii() or not version.isdigit() or not 0 < int(version[:12]) < 1 << 31:
            raise NotFound(f"{version[:200]!r} is not a version of this item type.")
        return await self.past_types.get((intake.org_id, type_id, int(version)))


def accept_item(item: Item, intake: Intake) -> Accepted:
    creator = item.creator
    tail = copy_tail(
        submission_id=str(uuid4()),
        type_id=item.type_id,
        type_version=item.type_version,
        item_id=item.item_id,
        creator=(creator.type_id, creator.item_id) if creator else None,
        data=ENCODER.encode(item.data),
        source=SOURCE,
    )
    events = intake.events(item.type_id, item.data)
    return Accepted(tail, item.type_id, item.data, events, intake.counters_version)


def _at(index: int, problems: Sequence[Problem]) -> list[Problem]:
    """The item's place in the batch; where inside the item goes into the words."""
    return [
        Problem(
            f"{problem.message} (at {problem.pointer})" if problem.pointer else problem.message,
            f"/items/{index}",
            problem.hint,
            problem.slug,
            problem.title,
        )
        for problem in problems
    ]


def refusal(request: Request, error: WinnowError) -> Response:
    """The error as callers of this endpoint know it."""
    entry = http_error(error)
    asked = request_id(request) if entry.status != http_error(InvalidInput("")).status else ""
    body = coop_body(entry, error, asked)
    return Response(
        ENCODER.encode(body),
        entry.status,
        _headers(error),
        media_type="application/json",
    )


def _headers(error: WinnowError) -> dict[str, str]:
    match error:
        case RateLimited():
            return {"Retry-After": str(max(1, ceil(error.retry_after_s)))}
        case Unavailable():
            return {"Retry-After": "1"}
    return {}


ITEM_SCHEMA = {
    "type": "object",
    "required": ["id", "data"],
    "properties": {
        "id": {"type": "string"},
        "data": {"type": "object"},
        "typeId": {"type": "string"},
        "typeVersion": {"type": "string"},
        "typeSchemaVariant": {"enum": ["original", "partial"]},
        "type": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string"},
                "version": {"type": "string"},
                "schemaVariant": {"enum": ["original", "partial"]},
            },
        },
    },
    "oneOf": [{"required": ["typeId"]}, {"required": ["type"]}],
}
BODY_SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": ITEM_SCHEMA}},
}
OPENAPI = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": BODY_SCHEMA}}}
}
REFUSALS = {
    400: {"description": "The body or an item is wrong; nothing of the batch was accepted."},
    401: {"description": "The key is missing or not valid."},
    413: {"description": "The body is over the limit."},
    429: {"description": "Too many items; Retry-After says when to come back."},
    503: {"description": "Nothing was acknowledged; Retry-After says when to try again."},
}


def items_router(ingest: Ingest) -> APIRouter:
    router = APIRouter(tags=[COOP_TAG])

    @router.post(
        "/items/async",
        status_code=202,
        response_class=Response,
        summary="Submit items for evaluation",
        openapi_extra=OPENAPI,
        responses={status: dict(words) for status, words in REFUSALS.items()},
    )
    async def submit_items(request: Request) -> Response:
        return await ingest.accept(request)

    return router
