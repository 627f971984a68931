from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented
from engine.errors import InvalidInput, NotAuthenticated, PermissionDenied
from engine.permissions import Permission
from services import overview
from services.context import Caller
from services.overview import MAX_DAYS, Overview

router = APIRouter(
    tags=["Insight"], responses=documented(InvalidInput, NotAuthenticated, PermissionDenied)
)


@router.get("/overview", summary="The figures of the last days")
def read_overview(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.VIEW_INSIGHTS))],
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 7,
) -> Reply[Overview]:
    return Reply(overview.figures(context_of(request), caller, days))
