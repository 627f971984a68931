"""What was decided, looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - the API reads the annotation
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.child_safety import require_sight, sees_child_safety
from services.context import Caller, Context, require
from services.jobs import known_id
from services.people import names_in
from store import decisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.decisions import DecisionFilter, DecisionRow


@dataclass(frozen=True)
class DecisionView:
    """seconds: from the claim to the verdict; None when nobody had claimed the job."""

    decision_id: str
    job_id: str
    queue_id: str
    item_id: str
    item_type_id: str
    kind: str
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]
    parameters: dict[str, object]
    reason: str
    decided_by: str
    decided_by_name: str
    decided_at: datetime
    undone_at: datetime | None
    seconds: float | None


def listed(
    context: Context, caller: Caller, wanted: DecisionFilter, page: PageRequest
) -> Page[DecisionView]:
    """Latest first, undone ones too."""
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        rows = decisions.decisions(
            tx, replace(wanted, child_safety=sees_child_safety(caller)), page
        )
        names = names_in(tx, [row.decided_by for row in rows])
    found = page_of(rows, page, lambda row: Position(row.decided_at, row.decision_id))
    return map_page(found, lambda row: _view(row, names))


def one(context: Context, caller: Caller, decision_id: str) -> DecisionView:
    """Raises NotFound."""
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        row = decisions.decision(tx, known_id(decision_id))
        if row is None:
            raise NotFound(f"there is no decision `{decision_id}`")
        require_sight(caller, row.job_kind)
        return _view(row, names_in(tx, [row.decided_by]))


def _view(row: DecisionRow, names: Mapping[str, str]) -> DecisionView:
    took = (row.decided_at - row.claimed_at).total_seconds() if row.claimed_at else None
    return DecisionView(
        decision_id=row.decision_id,
        job_id=row.job_id,
        queue_id=row.queue_id,
        item_id=row.item_id,
        item_type_id=row.type_id,
        kind=row.kind,
        action_ids=row.action_ids,
        policy_ids=row.policy_ids,
        parameters=dict(row.parameters),
        reason=row.reason,
        decided_by=row.decided_by,
        decided_by_name=names[row.decided_by],
        decided_at=row.decided_at,
        undone_at=row.undone_at,
        seconds=took,
    )
