"""Keys of platforms. A key is shown once, when it is made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, ConfigDict, Field

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Reply, Words, documented, whole
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page
from engine.permissions import Permission, Scope
from services import api_keys
from services.api_keys import MOST_GRACE
from services.context import Caller
from store.api_keys import ApiKey

router = APIRouter(
    prefix="/api-keys",
    route_class=OnceRoute,
    tags=["Access"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Administrator = Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))]


class NewKey(Body):
    """scopes: left out, the key may do whatever a key can. itemsPerSecond: its own limit."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Ingest, Europe", "scopes": ["submit"], "itemsPerSecond": 500}]
        }
    )

    name: Annotated[Words, Field(min_length=1)]
    expires_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    scopes: Annotated[list[Annotated[Scope, Field(strict=False)]] | None, Field(min_length=1)] = (
        None
    )
    items_per_second: Annotated[float | None, Field(gt=0, le=1_000_000, strict=False)] = None


class Rotation(Body):
    """graceHours: how long the old key goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"graceHours": 48}]})

    grace_hours: Annotated[float, Field(ge=0, le=24 * MOST_GRACE.days, strict=False)] = 24


@dataclass(frozen=True)
class KeyView:
    """prefix: the first characters, to tell keys apart; key: given once, when it is made.

    scopes: null for everything a key may do. replacedBy: the key that it was rotated into.
    """

    key_id: str
    name: str
    prefix: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...] | None
    items_per_second: float | None
    replaced_by: str | None
    key: str | None = None


def _view(key: ApiKey, secret: str | None = None) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        prefix=key.prefix,
        created_at=key.created_at,
        created_by=key.created_by,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        scopes=key.scopes,
        items_per_second=key.items_per_second,
        replaced_by=key.replaced_by,
        key=secret,
    )


@router.get("", summary="Every key, revoked ones too")
def list_keys(request: Request, caller: Administrator) -> Reply[Page[KeyView]]:
    keys = api_keys.list_api_keys(context_of(request), caller)
    return Reply(whole(_view(key) for key in keys))


@router.post("", status_code=201, summary="Make a key")
def create_key(request: Request, body: NewKey, caller: Administrator) -> Reply[KeyView]:
    new = api_keys.create_api_key(
        context_of(request),
        caller,
        body.name,
        body.expires_at,
        scopes=body.scopes,
        items_per_second=body.items_per_second,
    )
    return Reply(_view(new.key, new.secret))


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    summary="Replace a key; the old one goes on for a while",
    responses=documented(Conflict),
)
def rotate_key(
    request: Request, key_id: str, body: Rotation, caller: Administrator
) -> Reply[KeyView]:
    grace = timedelta(hours=body.grace_hours)
    new = api_keys.rotate_api_key(context_of(request), caller, key_id, grace)
    return Reply(_view(new.key, new.secret))


@router.delete("/{key_id}", status_code=204, summary="Revoke a key, at once and for good")
def revoke_key(request: Request, key_id: str, caller: Administrator) -> Response:
    api_keys.revoke_api_key(context_of(request), caller, key_id)
    return Response(status_code=204)
