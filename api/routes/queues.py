"""Queues with their figures, and taking the next job."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Reply, documented, whole
from engine.errors import NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page
from engine.permissions import Permission
from services import jobs, queues
from services.context import Caller
from services.job_page import JobView
from services.queues import QueueStats

router = APIRouter(
    prefix="/queues",
    route_class=OnceRoute,
    tags=["Review"],
    responses=documented(NotAuthenticated, PermissionDenied, NotFound),
)
Reviewer = Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))]


@router.get("", summary="Every queue with its figures, the default one first")
def read_queues(request: Request, caller: Reviewer) -> Reply[Page[QueueStats]]:
    return Reply(whole(queues.queue_stats(context_of(request), caller)))


@router.post(
    "/{queue_id}/claim",
    summary="Take the oldest job that nobody holds; 204 when there is none",
    response_model=Reply[JobView],
    responses={204: {"description": "No job is waiting."}},
)
def claim_next(request: Request, queue_id: str, caller: Reviewer) -> Any:
    view = jobs.claim_next(context_of(request), caller, queue_id)
    return Response(status_code=204) if view is None else Reply(view)
