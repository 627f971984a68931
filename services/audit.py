from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audit import Record, Verdict, verify
from engine.permissions import Permission
from services.context import require
from store import audit

if TYPE_CHECKING:
    from datetime import datetime

    from services.context import Caller, Context


def list_audit(
    context: Context,
    caller: Caller,
    *,
    limit: int = 100,
    before: int | None = None,
    event: str | None = None,
    actor: str | None = None,
    subject_kind: str | None = None,
    subject_id: str | None = None,
    since: datetime | None = None,
) -> list[Record]:
    """Newest first. before: the number of the last record of the page before."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        return audit.newest(
            tx,
            limit=limit,
            before=before,
            event=event,
            actor=actor,
            subject_kind=subject_kind,
            subject_id=subject_id,
            since=since,
        )


def verify_audit(context: Context, org_id: int, known_head: str = "") -> Verdict:
    """Reads the whole log of the organisation and recomputes its chain."""
    with context.database.transaction(org_id) as tx:
        return verify(org_id, audit.records(tx), known_head)
