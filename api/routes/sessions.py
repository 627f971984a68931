"""Signing in and out, and who one is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict

from api.auth import COOKIE, Needs, context_of, session_token
from api.wire import Body, Reply, Words, documented
from engine.errors import InvalidInput, NotAuthenticated, NotFound, RateLimited
from engine.permissions import permissions_of
from services import organisations, sessions
from services.context import Caller, Context
from store.users import User

router = APIRouter(
    prefix="/sessions",
    tags=["Access"],
    responses=documented(InvalidInput, NotAuthenticated, RateLimited),
)
Member = Annotated[Caller, Depends(Needs())]


class Credentials(Body):
    model_config = ConfigDict(
        json_schema_extra={"example": {"email": "admin@platform.example", "password": "…"}}
    )

    email: Words
    password: Words


@dataclass(frozen=True)
class SignedInUser:
    """permissions: what the console shows and the API allows."""

    user_id: str
    email: str
    name: str
    role: str
    permissions: tuple[str, ...]
    org_id: str
    org_name: str


@dataclass(frozen=True)
class SignedIn:
    token: str
    expires_at: datetime
    user: SignedInUser


@router.post("", status_code=201, response_model=Reply[SignedIn], summary="Sign in")
def sign_in(request: Request, body: Credentials) -> Response:
    """The token also comes as a cookie that scripts cannot read."""
    context = context_of(request)
    session = sessions.sign_in(context, body.email, body.password)
    caller = sessions.authenticate(context, session.token)
    signed_in = SignedIn(session.token, session.expires_at, _user(context, caller, session.user))
    response = JSONResponse(Reply[SignedIn](signed_in).model_dump(mode="json", by_alias=True), 201)
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=int((session.expires_at - context.clock()).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.get("/current", summary="Who the session belongs to", responses=documented(NotFound))
def read_session(request: Request, caller: Member) -> Reply[SignedInUser]:
    context = context_of(request)
    return Reply(_user(context, caller, sessions.current_user(context, caller)))


@router.delete("/current", status_code=204, summary="Sign out", dependencies=[Depends(Needs())])
def sign_out(request: Request) -> Response:
    token = session_token(request)
    if token is not None:
        sessions.sign_out(context_of(request), token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


def _user(context: Context, caller: Caller, user: User) -> SignedInUser:
    organisation = organisations.get_organisation(context, caller)
    return SignedInUser(
        user_id=user.user_id,
        email=user.email,
        name=user.name,
        role=user.role.value,
        permissions=tuple(sorted(permissions_of(user.role))),
        org_id=str(organisation.org_id),
        org_name=organisation.name,
    )
