"""Review jobs: look, claim, keep, give back, decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.verdict_body import VerdictBody
from api.wire import Body, Reply, Text, Words, documented, paging
from engine.casework.decisions import MAX_REASON
from engine.casework.leases import JobState
from engine.configuration.routing_rules import RoutingKind
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import decisions, jobs
from services.context import Caller
from services.decisions import Decided
from services.job_page import JobSummary, JobView
from store.jobs import JobFilter

router = APIRouter(
    prefix="/jobs",
    route_class=OnceRoute,
    tags=["Review"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Reviewer = Annotated[Caller, Depends(Needs(Permission.VIEW_MRT))]


EXAMPLE: JsonDict = {
    "leaseToken": "<from the claim>",
    "kind": "CUSTOM_ACTION",
    "actionIds": ["<id of Remove post>"],
    "policyIds": ["<id of Scams>"],
    "reason": "asks for money up front",
    "parameters": {"<id of Remove post>": {"notify": True}},
}


MOVE: JsonDict = {"leaseToken": "<from the claim>", "queueId": "<id of Spam>", "reason": "not mine"}


class Lease(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"leaseToken": "<from the claim>"}})

    lease_token: Words


class Decision(VerdictBody):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    lease_token: Words


class Move(Lease):
    model_config = ConfigDict(json_schema_extra={"example": MOVE})

    queue_id: Words
    reason: Annotated[Text, Field(max_length=MAX_REASON)] = ""


@dataclass(frozen=True)
class Extended:
    leased_until: datetime


class Wanted:
    """The filters of the list, as query parameters; an empty one is none."""

    def __init__(
        self,
        queueId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        state: JobState = JobState.OPEN,
        kind: Annotated[RoutingKind | None, Query()] = None,
        itemTypeId: str | None = None,  # noqa: N803 - the parameter's name on the wire
        itemId: str | None = None,  # noqa: N803 - the parameter's name on the wire
    ) -> None:
        self.filter = JobFilter(
            state=state,
            queue_id=queueId or None,
            kind=kind.value if kind else None,
            type_id=itemTypeId or None,
            item_id=itemId or None,
        )


@router.get("", summary="Open jobs oldest first, or finished ones latest first")
def list_jobs(
    request: Request,
    caller: Reviewer,
    page: Annotated[PageRequest, Depends(paging)],
    wanted: Annotated[Wanted, Depends()],
) -> Reply[Page[JobSummary]]:
    return Reply(jobs.listed(context_of(request), caller, wanted.filter, page))


@router.get("/{job_id}", summary="One job as a reviewer sees it, without claiming it")
def read_job(request: Request, job_id: str, caller: Reviewer) -> Reply[JobView]:
    return Reply(jobs.view(context_of(request), caller, job_id))


@router.post("/{job_id}/claim", summary="Take this job; it is the caller's for five minutes")
def claim_job(request: Request, job_id: str, caller: Reviewer) -> Reply[JobView]:
    return Reply(jobs.claim(context_of(request), caller, job_id))


@router.post("/{job_id}/heartbeat", summary="Keep the job for another five minutes")
def heartbeat(request: Request, job_id: str, body: Lease, caller: Reviewer) -> Reply[Extended]:
    until = jobs.heartbeat(context_of(request), caller, job_id, body.lease_token)
    return Reply(Extended(until))


@router.post("/{job_id}/skip", status_code=204, summary="Give the job back, and be given others")
def skip_job(request: Request, job_id: str, body: Lease, caller: Reviewer) -> Response:
    jobs.skip(context_of(request), caller, job_id, body.lease_token)
    return Response(status_code=204)


@router.post("/{job_id}/release", status_code=204, summary="Give the job back")
def release_job(request: Request, job_id: str, body: Lease, caller: Reviewer) -> Response:
    jobs.release(context_of(request), caller, job_id, body.lease_token)
    return Response(status_code=204)


@router.post("/{job_id}/decide", status_code=201, summary="Decide the job")
def decide_job(request: Request, job_id: str, body: Decision, caller: Reviewer) -> Reply[Decided]:
    return Reply(
        decisions.decide(context_of(request), caller, job_id, body.lease_token, body.verdict())
    )


@router.post("/{job_id}/move", status_code=204, summary="Put the job into another queue")
def move_job(request: Request, job_id: str, body: Move, caller: Reviewer) -> Response:
    jobs.move(context_of(request), caller, job_id, body.lease_token, body.queue_id, body.reason)
    return Response(status_code=204)
