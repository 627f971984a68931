"""Whether this process can serve: asked by supervisors and load balancers, without a key."""

from time import monotonic

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.auth import context_of
from api.wire import Reply
from services.readiness import Readiness, look

router = APIRouter(tags=["Operations"])
KEPT_S = 1.0
EXAMPLE = {
    "status": "ready",
    "checks": {"database": True, "evaluation": True, "delivery": True, "lake": True},
    "figures": {
        "oldestUnevaluatedSeconds": 0.2,
        "oldestUndeliveredSeconds": None,
        "lakeAgeSeconds": 41.5,
    },
}


@router.get(
    "/ready",
    summary="Whether the API and what it needs are up",
    response_model=Reply[Readiness],
    responses={
        200: {
            "description": "Requests are served; `degraded` when something behind them is late.",
            "content": {"application/json": {"example": EXAMPLE}},
        },
        503: {"description": "The database does not answer.", "model": Reply[Readiness]},
    },
)
def read_readiness(request: Request) -> JSONResponse:
    found = _recent(request)
    body = Reply[Readiness](found).model_dump(mode="json", by_alias=True)
    return JSONResponse(body, 200 if found.checks.database else 503)


def _recent(request: Request) -> Readiness:
    """As of a second ago at most, however often it is asked; what is away is looked for again."""
    kept: tuple[Readiness, float] | None = getattr(request.app.state, "readiness", None)
    if kept is not None and monotonic() < kept[1] and kept[0].checks.database:
        return kept[0]
    found = look(context_of(request))
    request.app.state.readiness = found, monotonic() + KEPT_S
    return found
