"""Appeals looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.appeal_views import AppealView, actor_names, appeal_view
from services.context import Caller, Context, require
from services.jobs import known_id
from services.rulesets import known_configuration
from store import appeals

if TYPE_CHECKING:
    from store.appeals import AppealFilter


def listed(
    context: Context, caller: Caller, wanted: AppealFilter, page: PageRequest
) -> Page[AppealView]:
    """Latest first."""
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        rows = appeals.page(tx, wanted, page)
        configuration, names = known_configuration(tx), actor_names(tx, rows)
    found = page_of(rows, page, lambda row: Position(row.received_at, row.id))
    return map_page(found, lambda row: appeal_view(row, configuration, names))


def one(context: Context, caller: Caller, identity: str) -> AppealView:
    """Raises NotFound."""
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        row = appeals.get(tx, known_id(identity))
        if row is None:
            raise NotFound(f"there is no appeal `{identity}`")
        return appeal_view(row, known_configuration(tx), actor_names(tx, [row]))
