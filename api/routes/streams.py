"""Items from message streams: how far each was read, and what could not be taken in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented, listed, paging
from engine.configuration.reader import write_moment
from engine.errors import InvalidInput, NotAuthenticated, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import streams
from services.context import Caller
from store.streams import Refusal

router = APIRouter(
    prefix="/streams",
    tags=["Operations"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied),
)
Manager = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]


@dataclass(frozen=True)
class StreamView:
    """seq: of the last message that was taken in or refused, as the stream numbers it."""

    stream: str
    seq: int
    accepted: int
    refused: int
    updated_at: datetime


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "refusalId": refusal.refusal_id,
        "stream": refusal.stream,
        "seq": refusal.seq,
        "position": refusal.position,
        "subject": refusal.subject,
        "body": refusal.body.decode("utf-8", "replace"),
        "problems": list(refusal.problems),
        "refusedAt": write_moment(refusal.refused_at),
    }


@router.get("", summary="How far each stream has been read")
def list_streams(request: Request, caller: Manager) -> Reply[Page[StreamView]]:
    found = streams.list_streams(context_of(request), caller)
    return Reply(Page(tuple(StreamView(**vars(each)) for each in found)))


@router.get(
    "/refusals", summary="Messages that could not be taken in, latest first", response_model=None
)
def list_refusals(
    request: Request, caller: Manager, page: Annotated[PageRequest, Depends(paging)]
) -> dict[str, Any]:
    return listed(streams.list_refusals(context_of(request), caller, page), _refusal)
