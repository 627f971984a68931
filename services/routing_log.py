"""Why jobs went to their queues, looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the API reads the annotation
from typing import TYPE_CHECKING

from engine.casework.routing import Outcome, Step
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.child_safety import sees_child_safety
from services.context import Caller, Context, require
from services.rulesets import known_configuration
from store import routings

if TYPE_CHECKING:
    from engine.configuration.configuration import Configuration
    from store.routings import Routing


@dataclass(frozen=True)
class RoutingView:
    """rule_id: None when no routing rule decided.

    queue_named: by the action that opened the job, so that no rule was asked; else it is the
    default queue.
    """

    job_id: str
    at: datetime
    kind: str
    queue_id: str
    queue_name: str
    rule_id: str | None
    config_version: int
    trail: tuple[Step, ...]
    queue_named: bool


def log(
    context: Context,
    caller: Caller,
    page: PageRequest,
    queue_id: str | None = None,
    rule_id: str | None = None,
) -> Page[RoutingView]:
    """Why jobs went to their queues, latest first."""
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rows = routings.page(tx, queue_id, rule_id, page, child_safety=sees_child_safety(caller))
    found = page_of(rows, page, lambda row: Position(row.at, row.job_id))
    return map_page(found, lambda row: routing_view(row, configuration))


def routing_view(row: Routing, configuration: Configuration) -> RoutingView:
    queue = configuration.queues.get(row.queue_id)
    return RoutingView(
        job_id=row.job_id,
        at=row.at,
        kind=row.kind,
        queue_id=row.queue_id,
        queue_name=queue.name if queue else row.queue_id,
        rule_id=row.rule_id,
        config_version=row.config_version,
        trail=tuple(
            Step(one["ruleId"], one["name"], Outcome(one["outcome"]), one["shadow"])
            for one in row.trail
        ),
        queue_named=row.queue_named,
    )
