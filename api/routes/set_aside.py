"""Items that could not be evaluated, and sending them through the rules again."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Reply, documented
from engine.errors import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import DEFAULT_LIMIT, MAX_LIMIT, Page
from engine.permissions import Permission
from services import set_aside
from services.context import Caller
from services.set_aside import SetAsideItem

router = APIRouter(
    prefix="/items/set-aside",
    route_class=OnceRoute,
    tags=["Operations"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound),
)
Investigator = Annotated[Caller, Depends(Needs(Permission.VIEW_INVESTIGATION))]
Replayer = Annotated[Caller, Depends(Needs(Permission.RUN_RETROACTION))]
HIGHEST_PLACE = (1 << 63) - 1


@dataclass(frozen=True)
class Replayed:
    replayed: int


@router.get("", summary="Items that could not be evaluated, each with its reason, oldest first")
def list_set_aside(
    request: Request,
    caller: Investigator,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{0,18}$")] = None,
) -> Reply[Page[SetAsideItem]]:
    after = int(cursor) if cursor else 0
    return Reply(set_aside.list_set_aside(context_of(request), caller, limit=limit, after=after))


@router.post("/replay", status_code=202, summary="Evaluate every item that is set aside again")
def replay_all(request: Request, caller: Replayer) -> Reply[Replayed]:
    return Reply(Replayed(set_aside.replay_all(context_of(request), caller)))


@router.post("/{seq}/replay", status_code=202, summary="Evaluate one of them again")
def replay_one(
    request: Request,
    seq: Annotated[int, Path(ge=1, le=HIGHEST_PLACE)],
    caller: Replayer,
) -> Reply[Replayed]:
    set_aside.replay(context_of(request), caller, seq)
    return Reply(Replayed(1))
