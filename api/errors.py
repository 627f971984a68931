"""The one table from our errors to HTTP, and the two shapes an error is written in.

Native endpoints answer `application/problem+json` (RFC 9457). Endpoints that Coop's callers use,
and paths that do not exist, answer in Coop's shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from engine.errors import (
    AwaitsApproval,
    Conflict,
    InvalidInput,
    KeyReused,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Problem,
    RateLimited,
    TooLarge,
    TooSlow,
    Unavailable,
    UnsupportedMedia,
    WinnowError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

COOP_TAG = "Coop compatible"
PROBLEM_JSON = "application/problem+json"
MAX_PROBLEMS = 100

log = structlog.get_logger()


@dataclass(frozen=True)
class HttpError:
    status: int
    slug: str
    title: str


ERRORS: Mapping[type[WinnowError], HttpError] = {
    InvalidInput: HttpError(400, "invalid-user-input", "The request is wrong."),
    NotAuthenticated: HttpError(401, "authentication-failed-or-missing", "Who is asking?"),
    PermissionDenied: HttpError(403, "authorization-failed", "This is not allowed."),
    NotFound: HttpError(404, "not-found", "There is no such thing."),
    Conflict: HttpError(409, "conflict", "The state has moved on."),
    AwaitsApproval: HttpError(202, "awaits-approval", "A second person is asked first."),
    TooSlow: HttpError(408, "request-timeout", "The request took too long to arrive."),
    TooLarge: HttpError(413, "content-too-large", "The request is too large."),
    UnsupportedMedia: HttpError(415, "unsupported-media-type", "This form is not read."),
    KeyReused: HttpError(422, "idempotency-key-reused", "This key was used before."),
    RateLimited: HttpError(429, "rate-limited", "Too many requests."),
    Unavailable: HttpError(503, "unavailable", "Something needed does not answer."),
}
INTERNAL = HttpError(500, "internal-server-error", "Unknown error")
INVALID_API_KEY = "Invalid API Key"
UNKNOWN_ROUTE = "Requested route not found."
# The one mistake of a caller that Coop answers with the id of the request.
NAMES_REQUEST = frozenset({"unrecognized-content-type"})


class Refusal(JSONResponse):
    """A refusal may quote what cannot be written in UTF-8: half a surrogate pair becomes `?`."""

    def render(self, content: object) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def http_error(error: WinnowError) -> HttpError:
    """The nearest entry of the table along the error's class tree."""
    return next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), INTERNAL)


def problem_response(request: Request, error: WinnowError) -> JSONResponse:
    """The error in the shape this route answers in."""
    entry = http_error(error)
    headers = headers_of(error)
    if speaks_coop(request):
        named = any(problem.slug in NAMES_REQUEST for problem in error.problems)
        asked = request_id(request) if named or entry is not ERRORS[InvalidInput] else ""
        return Refusal(coop_body(entry, error, asked), entry.status, headers)
    return Refusal(native_body(entry, error), entry.status, headers, PROBLEM_JSON)


def headers_of(error: WinnowError) -> dict[str, str]:
    match error:
        case RateLimited() | Unavailable():
            return {"Retry-After": str(max(1, ceil(error.retry_after_s)))}
        case NotAuthenticated():
            return {"WWW-Authenticate": "Bearer"}
    return {}


def speaks_coop(request: Request) -> bool:
    return COOP_TAG in getattr(request.scope.get("route"), "tags", ())


def request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def native_body(entry: HttpError, error: WinnowError) -> dict[str, object]:
    return {
        "type": f"/errors/{entry.slug}",
        "title": entry.title,
        "status": entry.status,
        "detail": error.message,
        "hint": error.hint,
        "errors": [
            {"message": p.message, "pointer": p.pointer, "hint": p.hint, "slug": p.slug}
            for p in error.problems[:MAX_PROBLEMS]
        ],
    }


def coop_body(entry: HttpError, error: WinnowError, request: str) -> dict[str, object]:
    """One error per problem; keys without a value, and words said already, are left out."""
    if not error.problems:
        title, detail = _coop_words(entry, error)
        return {"errors": [_coop_error(entry.status, entry.slug, title, "", detail, request)]}
    return {
        "errors": [
            _coop_error(
                entry.status,
                p.slug,
                p.title or p.message,
                p.pointer,
                p.message if p.title else "",
                request,
            )
            for p in error.problems[:MAX_PROBLEMS]
        ]
    }


def _coop_words(entry: HttpError, error: WinnowError) -> tuple[str, str]:
    """Title and detail. Coop's callers know two titles by heart."""
    if isinstance(error, NotAuthenticated):
        return INVALID_API_KEY, f"{error.message} {error.hint}".strip()
    if entry.status == ERRORS[NotFound].status:
        return error.message, error.hint
    return entry.title, f"{error.message} {error.hint}".strip()


def _coop_error(
    status: int, slug: str, title: str, pointer: str, detail: str, request: str
) -> dict[str, object]:
    optional = {"pointer": pointer, "detail": detail, "requestId": request}
    general = ERRORS[InvalidInput]
    slugs = [slug, general.slug] if status == general.status and slug != general.slug else [slug]
    return {"status": status, "type": [f"/errors/{slug}" for slug in slugs], "title": title} | {
        key: value for key, value in optional.items() if value
    }


def validation_problems(errors: Sequence[object]) -> tuple[Problem, ...]:
    """What FastAPI found, with JSON pointers into the body or the parameter's name."""
    return tuple(_validation_problem(e) for e in errors if isinstance(e, Mapping))


def _validation_problem(error: Mapping[str, object]) -> Problem:
    location = error.get("loc")
    parts = [str(part) for part in location] if isinstance(location, tuple) else []
    message = str(error.get("msg", "invalid"))
    if error.get("type") == "json_invalid":
        context = error.get("ctx")
        why = context.get("error", "") if isinstance(context, Mapping) else ""
        at = parts[1] if len(parts) > 1 else "0"
        return Problem(f"the body is not JSON: {why} at character {at}", "", "send valid JSON")
    if parts and parts[0] == "body":
        steps = [part.replace("~", "~0").replace("/", "~1") for part in parts[1:]]
        return Problem(message, "".join(f"/{step}" for step in steps))
    return Problem(f"{' '.join(parts)}: {message}")


def install(app: FastAPI) -> None:
    """Every exception becomes a documented answer; what nobody foresaw is logged and is a 500."""
    app.add_exception_handler(WinnowError, _on_winnow_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for kind in (OperationalError, InterfaceError):
        app.add_exception_handler(kind, _on_lost_database)
    app.add_exception_handler(DataError, _on_unstorable)
    app.add_exception_handler(IntegrityError, _on_integrity_error)
    app.add_exception_handler(Exception, _on_unforeseen)


def _on_winnow_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WinnowError)
    return problem_response(request, error)


def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = validation_problems(error.errors())
    message = problems[0].message if problems else "the request is wrong"
    return problem_response(request, InvalidInput(message, problems=problems))


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """What the framework raises: no such route, wrong method, a body that cannot be read."""
    assert isinstance(error, HTTPException)
    unknown = ERRORS[NotFound]
    wrong_method = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and speaks_coop(request)
    if error.status_code == unknown.status or wrong_method:
        return Refusal(coop_body(unknown, NotFound(UNKNOWN_ROUTE), ""), unknown.status)
    ours = _body_refused(error)
    if ours is not None:
        return problem_response(request, ours)
    entry = HttpError(error.status_code, "invalid-user-input", str(error.detail))
    refusal = native_body(entry, InvalidInput(str(error.detail)))
    return Refusal(refusal, error.status_code, error.headers, PROBLEM_JSON)


def _body_refused(error: HTTPException) -> WinnowError | None:
    """What is raised while a body arrives, as an error of ours."""
    match error.status_code:
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge("the body is over the limit of this endpoint")
        case HTTPStatus.REQUEST_TIMEOUT:
            return TooSlow("the body did not arrive in time")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            words = "too much is being received at once"
            return Unavailable(words, hint="try again in a moment")
        case HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            return UnsupportedMedia(str(error.detail))
        case HTTPStatus.BAD_REQUEST:
            return InvalidInput(str(error.detail))
    return None


def _on_lost_database(request: Request, error: Exception) -> JSONResponse:
    log.warning("database_lost", error=str(error), request_id=request_id(request))
    lost = Unavailable("the database does not answer", hint="try again in a moment")
    return problem_response(request, lost)


def _on_unstorable(request: Request, error: Exception) -> JSONResponse:
    log.warning("value_refused_by_database", error=str(error), request_id=request_id(request))
    return problem_response(request, InvalidInput("a value in the request cannot be stored"))


def _on_integrity_error(request: Request, error: Exception) -> JSONResponse:
    log.warning("constraint_refused", error=str(error), request_id=request_id(request))
    return problem_response(
        request, Conflict("somebody changed this at the same time", hint="load it and try again")
    )


def _on_unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("unforeseen_error", exc_info=error, request_id=request_id(request))
    unknown = WinnowError("something went wrong here", hint=f"request {request_id(request)}")
    return problem_response(request, unknown)
