"""Who is asking, and whether the route they ask for is theirs to use.

A key in `X-API-Key`, a session token in `Authorization: Bearer`, or the session cookie that the
console's browser holds. A cookie alone does not change anything from another site: for a method
that changes something, the browser must say that the request comes from our own pages.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import Request

from engine.errors import NotAuthenticated, PermissionDenied
from engine.permissions import Permission
from services import api_keys, sessions
from services.context import Caller, Context, require
from services.synchronous_evaluation import SynchronousEvaluation

if TYPE_CHECKING:
    from api.limits import Admission

COOKIE = "winnow_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HINT = "send a key in `X-API-Key`, or a session token in `Authorization: Bearer`"


def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def judging_of(request: Request) -> SynchronousEvaluation:
    """The process's own, with its compiled rules."""
    judging: SynchronousEvaluation = request.app.state.judging
    return judging


@dataclass(frozen=True)
class Needs:
    """A route's dependency: authenticates the caller and requires the permission, if any is named.

    Without a permission the route is open to every member of the organisation; the service then
    decides what they may see or change.
    """

    permission: Permission | None = None

    def __call__(self, request: Request) -> Caller:
        caller = authenticate(context_of(request), request)
        if self.permission is not None:
            require(caller, self.permission)
        admission: Admission = request.app.state.admission
        admission.admit(caller, 1)
        request.state.caller = caller
        return caller


def caller_of(request: Request) -> Caller:
    """Whom this route's `Needs` let through."""
    caller: Caller = request.state.caller
    return caller


def authenticate(context: Context, request: Request) -> Caller:
    """Raises NotAuthenticated; PermissionDenied for a cookie sent from somewhere else."""
    key = request.headers.get("x-api-key")
    if key is not None:
        return api_keys.authenticate(context, key)
    token = session_token(request)
    if token is None:
        raise NotAuthenticated("no key and no session came with the request.", hint=HINT)
    return sessions.authenticate(context, token)


def session_token(request: Request) -> str | None:
    """The bearer token, else the cookie's. Raises PermissionDenied."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    cookie = request.cookies.get(COOKIE)
    if cookie is not None and request.method not in SAFE_METHODS:
        check_same_origin(request)
    return cookie


def check_same_origin(request: Request) -> None:
    """Raises PermissionDenied unless the browser says that our own page sent the request."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        allowed = site == "same-origin"
    else:
        host = request.headers.get("host", "")
        allowed = origin is not None and urlsplit(origin).netloc == host
    if not allowed:
        raise PermissionDenied(
            "a session cookie is not enough for a request from another site",
            hint="send the session's token in `Authorization: Bearer`",
        )
