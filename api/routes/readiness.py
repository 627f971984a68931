"""Whether this process can serve: asked by supervisors and load balancers, without a key."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from api.auth import context_of
from engine.errors import Unavailable

router = APIRouter(tags=["Operations"])


@router.get(
    "/ready",
    summary="Whether the API and what it needs are up",
    responses={503: {"description": "Something needed does not answer."}},
)
def read_readiness(request: Request) -> JSONResponse:
    up = database_answers(request)
    body = {"status": "ready" if up else "not ready", "checks": {"database": up}}
    return JSONResponse(body, 200 if up else 503)


def database_answers(request: Request) -> bool:
    """A connection is tried before it is handed out."""
    try:
        with context_of(request).database.system():
            pass
    except (Unavailable, SQLAlchemyError):
        return False
    return True
