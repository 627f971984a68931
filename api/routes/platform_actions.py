"""`POST /actions` and the older `POST /content`, as platforms that speak to Coop call them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from api.auth import Needs, context_of, judging_of
from api.errors import COOP_TAG
from api.once import Asked
from api.once_route import OnceRoute
from api.platform_body import read_action, read_content
from engine.permissions import Permission
from services import legacy_content, platform_actions
from services.context import Caller
from services.derived_fields import read_derivations
from services.legacy_content import Content
from services.platform_actions import AskedAction

router = APIRouter(tags=[COOP_TAG])
content = APIRouter(route_class=OnceRoute, tags=[COOP_TAG])
Sender = Annotated[Caller, Depends(Needs(Permission.MANUALLY_ACTION_CONTENT))]
Submitter = Annotated[Caller, Depends(Needs(Permission.SUBMIT_ITEMS))]
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body is wrong, or names what does not exist; nothing was done."},
    401: {"description": "The key is missing or not valid."},
    413: {"description": "The body is over the limit."},
    422: {"description": "The idempotency key was used for another request."},
    503: {"description": "Nothing was done; Retry-After says when to try again."},
}
ACTION_SCHEMA = {
    "type": "object",
    "required": ["actionId", "itemId", "itemTypeId"],
    "properties": {
        "actionId": {"type": "string"},
        "itemId": {"type": "string"},
        "itemTypeId": {"type": "string"},
        "policyIds": {"type": "array", "items": {"type": "string"}},
        "reportedItems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "typeId"],
                "properties": {"id": {"type": "string"}, "typeId": {"type": "string"}},
            },
        },
        "actorId": {"type": "string", "description": "One of our users; told as actorEmail."},
        "parameters": {"type": "object"},
        "note": {"type": "string", "maxLength": 5000},
    },
    "example": {
        "actionId": "<id of Ban>",
        "itemId": "p1",
        "itemTypeId": "<id of Post>",
        "parameters": {"days": 7},
        "note": "third time this week",
    },
}
CONTENT_SCHEMA = {
    "type": "object",
    "required": ["contentType", "contentId", "content"],
    "properties": {
        "contentType": {"type": "string", "description": "The name of an item type."},
        "contentId": {"type": "string"},
        "content": {"type": "object"},
        "userId": {"type": "string"},
        "sync": {"type": "boolean", "description": "Whether to wait for the actions taken."},
    },
    "example": {"contentType": "Post", "contentId": "p1", "content": {"text": "hello"}},
}


def body_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def action_sent(request: Request) -> AskedAction:
    return read_action(await request.body())


async def content_sent(request: Request) -> tuple[Content, bool]:
    return read_content(await request.body())


@router.post(
    "/actions",
    status_code=202,
    response_class=Response,
    summary="Take an action on an item",
    openapi_extra=body_of(ACTION_SCHEMA),
    responses=REFUSALS,
)
def take_action(
    request: Request,
    sent: Annotated[AskedAction, Depends(action_sent)],
    caller: Sender,
    once: Asked,
) -> Response:
    platform_actions.take_action(context_of(request), caller, sent, once)
    return Response(status_code=202)


@content.post(
    "/content",
    response_model=None,
    summary="Submit one piece of content by the name of its type, and wait for it if asked",
    openapi_extra=body_of(CONTENT_SCHEMA),
    responses={**REFUSALS, 202: {"description": "Accepted, to be judged in a moment."}},
)
def submit_content(
    request: Request,
    sent: Annotated[tuple[Content, bool], Depends(content_sent)],
    caller: Submitter,
    includeDerivedField: Annotated[list[str] | None, Query()] = None,  # noqa: N803 - on the wire
) -> Response:
    found, waits = sent
    wanted = read_derivations(includeDerivedField or ())
    judging = judging_of(request)
    if not waits:
        legacy_content.accept(context_of(request), caller, judging, found)
        return Response(status_code=202)
    judged = legacy_content.judge(caller, judging, found, wanted)
    actions = [{"id": one.id, "name": one.name} for one in judged.actions]
    return JSONResponse({"actionsTriggered": actions, "derivedFields": judged.derived})
