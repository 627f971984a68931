"""Changes of rules that wait for a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.auth import Needs, context_of
from api.once_route import OnceRoute
from api.wire import Body, Document, Reply, Text, Words, documented, paging
from engine.configuration.differences import Changed
from engine.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from engine.paging import Page, PageRequest
from engine.permissions import Permission
from services import approvals, people
from services.context import Caller
from services.jobs import known_id
from store.approvals import Approval, ApprovalState

router = APIRouter(
    route_class=OnceRoute,
    tags=["Rules"],
    responses=documented(InvalidInput, NotAuthenticated, PermissionDenied, NotFound, Conflict),
)
Viewer = Annotated[Caller, Depends(Needs(Permission.VIEW_RULES_DASHBOARD))]
Author = Annotated[Caller, Depends(Needs(Permission.MUTATE_NON_LIVE_RULES))]
Second = Annotated[Caller, Depends(Needs(Permission.MUTATE_LIVE_RULES))]

ASKED: JsonDict = {
    "document": {"name": "Crypto scam", "status": "LIVE", "where": "score > 3"},
    "reason": "precision is 0.97 on last month",
}


class Asked(Body):
    """document: the rule as it shall be, whole."""

    model_config = ConfigDict(json_schema_extra={"example": ASKED})

    document: Document
    reason: Words = ""


class Decided(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"comment": "looks right"}})

    comment: Annotated[Text, Field(max_length=approvals.MAX_COMMENT)] = ""


@dataclass(frozen=True)
class ApprovalView:
    """base_version: what its author saw, 0 for a new rule; saved_version: once approved."""

    approval_id: str
    rule_id: str
    rule_name: str
    state: str
    base_version: int
    document: Mapping[str, Any]
    reason: str
    author: str
    author_name: str
    created_at: datetime
    decided_by: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    comment: str | None
    saved_version: int | None


@dataclass(frozen=True)
class ApprovalPage:
    """changes, diff: against the rule as it is now."""

    approval: ApprovalView
    changes: tuple[Changed, ...]
    diff: str


def _view(found: Approval, names: Mapping[str, str]) -> ApprovalView:
    return ApprovalView(
        approval_id=found.approval_id,
        rule_id=found.rule_id,
        rule_name=found.name,
        state=found.state.value,
        base_version=found.base_version,
        document={key: value for key, value in found.document.items() if key != "schema"},
        reason=found.reason,
        author=found.author,
        author_name=names.get(found.author, found.author),
        created_at=found.created_at,
        decided_by=found.decided_by,
        decided_by_name=None if found.decided_by is None else names.get(found.decided_by),
        decided_at=found.decided_at,
        comment=found.comment,
        saved_version=found.saved_version,
    )


def _told(request: Request, caller: Caller, *found: Approval) -> list[ApprovalView]:
    actors = {who for each in found for who in (each.author, each.decided_by) if who}
    names = people.names(context_of(request), caller, actors)
    return [_view(each, names) for each in found]


@router.post(
    "/rules/{rule_id}/approvals",
    status_code=201,
    summary="Ask a second person for a change of a rule",
)
def ask_approval(
    request: Request, rule_id: str, body: Asked, caller: Author
) -> Reply[ApprovalView]:
    context = context_of(request)
    found = approvals.ask(context, caller, rule_id, body.document, body.reason)
    return Reply(_told(request, caller, found)[0])


@router.get("/approvals", summary="Changes of rules that wait, or were decided, newest first")
def list_approvals(
    request: Request,
    caller: Viewer,
    page: Annotated[PageRequest, Depends(paging)],
    state: Annotated[ApprovalState | None, Query()] = None,
    ruleId: str | None = None,  # noqa: N803 - the parameter's name on the wire
) -> Reply[Page[ApprovalView]]:
    context = context_of(request)
    found = approvals.listed(context, caller, page, state=state, rule_id=ruleId or None)
    return Reply(Page(tuple(_told(request, caller, *found.items)), found.next_cursor))


@router.get("/approvals/{approval_id}", summary="One change, beside the rule as it is now")
def read_approval(request: Request, approval_id: str, caller: Viewer) -> Reply[ApprovalPage]:
    found = approvals.one(context_of(request), caller, known_id(approval_id))
    view = _view(found.approval, found.names)
    return Reply(ApprovalPage(view, found.difference.changes, found.difference.text))


@router.post("/approvals/{approval_id}/approve", summary="Save a change that a colleague made")
def approve(
    request: Request, approval_id: str, body: Decided, caller: Second
) -> Reply[ApprovalView]:
    known = known_id(approval_id)
    found = approvals.approve(context_of(request), caller, known, body.comment)
    return Reply(_told(request, caller, found)[0])


@router.post("/approvals/{approval_id}/refuse", summary="Leave the rule as it is")
def refuse(
    request: Request, approval_id: str, body: Decided, caller: Second
) -> Reply[ApprovalView]:
    known = known_id(approval_id)
    found = approvals.refuse(context_of(request), caller, known, body.comment)
    return Reply(_told(request, caller, found)[0])


@router.post("/approvals/{approval_id}/withdraw", summary="Take back a change of one's own")
def withdraw(request: Request, approval_id: str, caller: Author) -> Reply[ApprovalView]:
    known = known_id(approval_id)
    return Reply(_told(request, caller, approvals.withdraw(context_of(request), caller, known))[0])
