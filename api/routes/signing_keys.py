"""The keys that webhooks are signed with, and replacing one while receivers learn the next."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, Field

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, documented, whole
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page
from engine.permissions import Permission
from services import signing_keys
from services.context import Caller
from services.signing_keys import SigningKeyView

router = APIRouter(
    prefix="/org/signing-keys",
    route_class=OnceRoute,
    tags=["Webhooks"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]
LONGEST_OVERLAP_H = 24 * 30


class Rotation(Body):
    """overlapHours: how long the present key stays the active one; 0 replaces it at once."""

    model_config = ConfigDict(json_schema_extra={"example": {"overlapHours": 48}})

    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_H)] = 24


@router.get("", summary="Every signing key, newest first, with its state and its public half")
def list_signing_keys(request: Request, caller: Administrator) -> Reply[Page[SigningKeyView]]:
    return Reply(whole(signing_keys.list_signing_keys(context_of(request), caller)))


@router.post(
    "/rotate", status_code=201, summary="Make the next signing key, which takes over after a while"
)
def rotate_signing_key(
    request: Request, caller: Administrator, body: Rotation
) -> Reply[SigningKeyView]:
    overlap = timedelta(hours=body.overlap_hours)
    return Reply(signing_keys.rotate_signing_key(context_of(request), caller, overlap))


@router.post("/{key_id}/retire", status_code=204, summary="Give a signing key up at once")
def retire_signing_key(request: Request, key_id: str, caller: Administrator) -> Response:
    signing_keys.retire_signing_key(context_of(request), caller, key_id)
    return Response(status_code=204)
