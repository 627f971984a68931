"""`POST /items/async` and `POST /items/batch`: items in, to be evaluated by a worker.

The one refuses a batch whole for one bad item and answers nothing else, as callers of Coop expect;
the other keeps what is valid and says of each item what became of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import batch_results
from api.errors import COOP_TAG, coop_body, headers_of, http_error, request_id
from api.ingest import MOST_BATCH
from api.wire import documented
from engine.errors import (
    InvalidInput,
    KeyReused,
    NotAuthenticated,
    PermissionDenied,
    RateLimited,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    WinnowError,
)
from engine.idempotency import HEADER, LONGEST_KEY

if TYPE_CHECKING:
    from api.ingest import Ingest

Endpoint = Callable[[Request], Awaitable[Response]]

SUBMIT = "/items/async"
ENCODER = msgspec.json.Encoder()


def refusal(request: Request, error: WinnowError) -> Response:
    """The error as callers of Coop know it."""
    entry = http_error(error)
    asked = request_id(request) if entry.status != http_error(InvalidInput("")).status else ""
    body = coop_body(entry, error, asked)
    return Response(
        ENCODER.encode(body),
        entry.status,
        headers_of(error),
        media_type="application/json",
    )


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
ITEM_EXAMPLE = {
    "id": "post-1",
    "typeId": "2b0c6a1e-7d51-4d0f-9a0e-7a43c1b1f6f1",
    "data": {"text": "Free coins at coins.example"},
}
BODY_SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": ITEM_SCHEMA}},
    "examples": [{"items": [ITEM_EXAMPLE]}],
}
BATCH_SCHEMA = {
    **BODY_SCHEMA,
    "properties": {"items": {"type": "array", "maxItems": MOST_BATCH, "items": ITEM_SCHEMA}},
}
KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Chosen by the caller, fresh for each request and the same when it is sent "
    "again: what was done is not done twice, and is answered alike. Kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "example": "6f1d2a52-0c9e-4f0e-9a36-5d8f1f2c7b11",
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a route that reads its body itself."""
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "parameters": [KEY_PARAMETER],
    }


REFUSALS = {
    400: {"description": "The body or an item is wrong; nothing of the batch was accepted."},
    401: {"description": "The key is missing or not valid."},
    403: {"description": "The key was not made for sending items."},
    413: {"description": "The body is over the limit."},
    415: {"description": "The body is packed by other means than gzip and deflate."},
    422: {"description": "The idempotency key was used for another request."},
    429: {"description": "Too many items; Retry-After says when to come back."},
    503: {"description": "Nothing was acknowledged; Retry-After says when to try again."},
}
BATCH_ANSWER = {
    "description": "At least one item was accepted, and is committed.",
    "content": {
        "application/json": {"schema": batch_results.SCHEMA, "example": batch_results.EXAMPLE}
    },
}
NATIVE = documented(
    InvalidInput,
    NotAuthenticated,
    PermissionDenied,
    TooLarge,
    UnsupportedMedia,
    KeyReused,
    RateLimited,
    Unavailable,
)


def submission(ingest: Ingest) -> Endpoint:
    async def submit_items(request: Request) -> Response:
        """All of them or none. An accepted batch is committed before the answer, which is empty."""
        try:
            await ingest.accept_all(request)
        except WinnowError as error:
            return refusal(request, error)
        return Response(status_code=202)

    return submit_items


def items_router(ingest: Ingest, submit_items: Endpoint) -> APIRouter:
    router = APIRouter()
    router.post(
        SUBMIT,
        status_code=202,
        response_class=Response,
        tags=[COOP_TAG],
        summary="Submit items for evaluation",
        openapi_extra=described(BODY_SCHEMA),
        responses={status: dict(words) for status, words in REFUSALS.items()},
    )(submit_items)

    @router.post(
        "/items/batch",
        status_code=202,
        response_class=Response,
        tags=["Items"],
        summary="Submit items, and learn what became of each",
        openapi_extra=described(BATCH_SCHEMA),
        responses={202: BATCH_ANSWER, **NATIVE},
    )
    async def submit_batch(request: Request) -> Response:
        """What is valid is accepted and committed, whatever stands beside it.

        When nothing is valid, the answer is a 400 that says why of each item.
        """
        answer = await ingest.accept_each(request)
        return Response(answer, 202, media_type="application/json")

    return router
