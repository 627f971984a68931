"""One job with everything a reviewer needs to decide it, on one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine.casework.decisions import APPEAL_JOB, offered_actions
from engine.configuration.configuration import Configuration
from engine.configuration.parameters import parameter_document
from engine.paging import PageRequest
from services.appeal_views import AppealView, of_job
from services.child_safety import sees_child_safety
from services.context import Caller
from services.items import ItemCard, ItemDecision, decision_view, item_card
from services.job_items import JobItem, job_item
from services.judged_rules import judged_rules, with_judgement
from services.people import names_in
from services.related_items import RelatedItem, related_items
from services.report_views import ReportView, ThreadItem, reports_of_job
from services.routing_log import RoutingView, routing_view
from store import decisions, items_lookup, routings
from store.items_lookup import ItemRow
from store.jobs import JobRow

OTHER_ITEMS = 20
HISTORY = 20


@dataclass(frozen=True)
class OfferedAction:
    id: str
    name: str
    type: str
    description: str
    parameters: tuple[Mapping[str, object], ...]


@dataclass(frozen=True)
class OfferedPolicy:
    id: str
    name: str
    parent_id: str | None
    text: str


@dataclass(frozen=True)
class JobSummary:
    job_id: str
    queue_id: str
    queue_name: str
    kind: str
    state: str
    enqueued_at: datetime
    decided_at: datetime | None
    item_id: str
    item_type_id: str
    item_type_name: str
    policy_ids: tuple[str, ...]
    leased_by: str | None
    leased_by_name: str | None
    leased_until: datetime | None


@dataclass(frozen=True)
class JobView:
    """lease_token: given to the holder of the claim alone.

    reports, thread, additional_items: what users said, and what came with it. related: what the
    item names, and what was flagged besides. appeals: those the job is about, oldest first.
    routing: why it came to its queue.
    """

    job_id: str
    queue_id: str
    queue_name: str
    kind: str
    state: str
    enqueued_at: datetime
    decided_at: datetime | None
    lease_token: str | None
    leased_by: str | None
    leased_by_name: str | None
    leased_until: datetime | None
    item: JobItem
    creator: JobItem | None
    sources: tuple[Mapping[str, Any], ...]
    policy_ids: tuple[str, ...]
    other_items: tuple[ItemCard, ...]
    history: tuple[ItemDecision, ...]
    actions: tuple[OfferedAction, ...]
    policies: tuple[OfferedPolicy, ...]
    reports: tuple[ReportView, ...]
    thread: tuple[ThreadItem, ...]
    additional_items: tuple[ItemCard, ...]
    related: tuple[RelatedItem, ...]
    appeals: tuple[AppealView, ...]
    routing: RoutingView | None


def summary(row: JobRow, configuration: Configuration, names: Mapping[str, str]) -> JobSummary:
    item_type = configuration.item_types.get(row.type_id)
    return JobSummary(
        job_id=row.job_id,
        queue_id=row.queue_id,
        queue_name=_queue_name(row, configuration),
        kind=row.kind,
        state=row.state.value,
        enqueued_at=row.enqueued_at,
        decided_at=row.decided_at,
        item_id=row.item_id,
        item_type_id=row.type_id,
        item_type_name=item_type.name if item_type else row.type_id,
        policy_ids=row.policy_ids,
        leased_by=row.leased_by,
        leased_by_name=names.get(row.leased_by or ""),
        leased_until=row.leased_until,
    )


def _queue_name(row: JobRow, configuration: Configuration) -> str:
    queue = configuration.queues.get(row.queue_id)
    return queue.name if queue else row.queue_id


def job_view(tx: Connection, configuration: Configuration, row: JobRow, caller: Caller) -> JobView:
    stored = submission_of(tx, row)
    past = decisions.decisions_of_item(
        tx, row.type_id, row.item_id, HISTORY, child_safety=sees_child_safety(caller)
    )
    names = names_in(tx, [row.leased_by, *(decision.decided_by for decision in past)])
    reported = reports_of_job(tx, configuration, row)
    return JobView(
        job_id=row.job_id,
        queue_id=row.queue_id,
        queue_name=_queue_name(row, configuration),
        kind=row.kind,
        state=row.state.value,
        enqueued_at=row.enqueued_at,
        decided_at=row.decided_at,
        lease_token=row.lease_token if row.leased_by == caller.actor else None,
        leased_by=row.leased_by,
        leased_by_name=names.get(row.leased_by or ""),
        leased_until=row.leased_until,
        item=job_item(configuration, row.type_id, row.item_id, stored, row.sources),
        creator=_creator(tx, configuration, stored),
        sources=_sources(tx, configuration, row, stored),
        policy_ids=row.policy_ids,
        other_items=_other_items(tx, configuration, row, stored),
        history=tuple(decision_view(decision, names) for decision in past),
        actions=_actions(row, configuration),
        policies=_policies(configuration),
        reports=reported.reports,
        thread=reported.thread,
        additional_items=reported.additional_items,
        related=related_items(tx, configuration, row, stored, reported.reports),
        appeals=of_job(tx, configuration, row.job_id) if row.kind == APPEAL_JOB else (),
        routing=_routing(tx, configuration, row),
    )


def _sources(
    tx: Connection, configuration: Configuration, row: JobRow, stored: ItemRow | None
) -> tuple[Mapping[str, Any], ...]:
    """Why the item is here; a rule's condition is added as it reads now, with what it saw."""
    rules = configuration.rules
    rule_ids = {str(source["ruleId"]) for source in row.sources if source.get("ruleId")}
    judged = judged_rules(tx, configuration, stored, rule_ids)
    return tuple(
        with_judgement({**source, "where": rules[source["ruleId"]].where}, judged)
        if source.get("ruleId") in rules
        else source
        for source in row.sources
    )


def submission_of(tx: Connection, row: JobRow) -> ItemRow | None:
    """The item as it was when the job was opened; as last seen when that place is gone."""
    if row.seq is not None and row.arrived_at is not None:
        stored = items_lookup.at_place(tx, row.seq, row.arrived_at)
        if stored is not None and stored.item_id == row.item_id:
            return stored
    return items_lookup.latest(tx, row.type_id, row.item_id)


def _creator(
    tx: Connection, configuration: Configuration, stored: ItemRow | None
) -> JobItem | None:
    if stored is None or stored.creator_type_id is None or stored.creator_id is None:
        return None
    known = items_lookup.latest(tx, stored.creator_type_id, stored.creator_id)
    return job_item(configuration, stored.creator_type_id, stored.creator_id, known)


def _other_items(
    tx: Connection, configuration: Configuration, row: JobRow, stored: ItemRow | None
) -> tuple[ItemCard, ...]:
    """The latest other items of the author; of a user, the items he made."""
    author = (row.type_id, row.item_id)
    if stored is not None and stored.creator_type_id is not None and stored.creator_id is not None:
        author = (stored.creator_type_id, stored.creator_id)
    page = PageRequest(limit=OTHER_ITEMS)
    found = items_lookup.by_creator(tx, [author[0]], author[1], page)
    others = [item for item in found if (item.type_id, item.item_id) != (row.type_id, row.item_id)]
    return tuple(item_card(item, configuration) for item in others[:OTHER_ITEMS])


def _routing(tx: Connection, configuration: Configuration, row: JobRow) -> RoutingView | None:
    found = routings.of_job(tx, row.job_id)
    return None if found is None else routing_view(found, configuration)


def _actions(row: JobRow, configuration: Configuration) -> tuple[OfferedAction, ...]:
    return tuple(
        OfferedAction(
            id=action.action_id,
            name=action.name,
            type=action.type.value,
            description=action.description,
            parameters=tuple(parameter_document(p) for p in action.parameters),
        )
        for action in offered_actions(row.type_id, row.queue_id, configuration)
    )


def _policies(configuration: Configuration) -> tuple[OfferedPolicy, ...]:
    ordered = sorted(configuration.policies.values(), key=lambda policy: policy.name)
    return tuple(OfferedPolicy(p.policy_id, p.name, p.parent_id, p.text) for p in ordered)
