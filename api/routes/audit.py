"""Everything anybody did, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from api.auth import Needs, context_of
from api.wire import Reply, documented
from engine.audit import Record
from engine.errors import InvalidInput, NotAuthenticated, PermissionDenied
from engine.paging import DEFAULT_LIMIT, MAX_LIMIT, Page
from engine.permissions import Permission
from services import audit, people
from services.context import Caller

router = APIRouter(
    tags=["Access"], responses=documented(InvalidInput, NotAuthenticated, PermissionDenied)
)


@dataclass(frozen=True)
class AuditEntry:
    """hash: covers this entry and the hash before it."""

    n: int
    at: datetime
    actor: str
    actor_name: str
    event: str
    subject_kind: str
    subject_id: str
    detail: Mapping[str, Any]
    hash: str


@router.get("/audit", summary="The audit log, newest first")
def list_audit(
    request: Request,
    caller: Annotated[Caller, Depends(Needs(Permission.MANAGE_ORG))],
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{0,18}$")] = None,
    event: str | None = None,
    actor: str | None = None,
    subjectKind: str | None = None,  # noqa: N803 - the parameter's name on the wire
    subjectId: str | None = None,  # noqa: N803 - the parameter's name on the wire
    since: datetime | None = None,
) -> Reply[Page[AuditEntry]]:
    records = audit.list_audit(
        context_of(request),
        caller,
        limit=limit + 1,
        before=int(cursor) if cursor else None,
        event=event or None,
        actor=actor or None,
        subject_kind=subjectKind or None,
        subject_id=subjectId or None,
        since=since,
    )
    names = people.names(context_of(request), caller, {record.actor for record in records})
    shown = tuple(_view(record, names) for record in records[:limit])
    return Reply(Page(shown, str(shown[-1].n) if len(records) > limit else None))


def _view(record: Record, names: Mapping[str, str]) -> AuditEntry:
    return AuditEntry(
        n=record.n,
        at=record.at,
        actor=record.actor,
        actor_name=names[record.actor],
        event=record.event,
        subject_kind=record.subject_kind,
        subject_id=record.subject_id,
        detail=record.detail,
        hash=record.hash.hex(),
    )
