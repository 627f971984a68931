"""Items looked up: what was sent, what was said of it, what was done."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.configuration.configuration import Configuration
from engine.errors import InvalidInput, NotFound, Problem
from engine.items import Kind
from engine.items.hidden import shown_data
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.child_safety import sees_child_safety
from services.context import Caller, Context, require
from services.people import names_in
from services.rulesets import known_configuration
from store import decisions, items_lookup, jobs
from store.items_lookup import ItemRow

MOST = 100


@dataclass(frozen=True)
class ItemCard:
    """One submission. data: without the fields that are hidden from whoever asked."""

    item_id: str
    item_type_id: str
    item_type_name: str
    submission_id: str
    arrived_at: datetime
    creator_id: str | None
    creator_type_id: str | None
    data: Mapping[str, object]


@dataclass(frozen=True)
class EvaluationView:
    submission_id: str
    arrived_at: datetime
    evaluated_at: datetime
    config_version: int
    outcomes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ExecutionView:
    execution_id: str
    action_id: str
    action_name: str
    source: str
    rules: Sequence[Mapping[str, Any]]
    policies: Sequence[Mapping[str, Any]]
    actor: str
    actor_name: str
    created_at: datetime


@dataclass(frozen=True)
class ItemJob:
    job_id: str
    queue_id: str
    kind: str
    state: str
    enqueued_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class ItemDecision:
    decision_id: str
    job_id: str
    kind: str
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]
    reason: str
    decided_by: str
    decided_by_name: str
    decided_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True)
class ItemHistory:
    """Everything latest first, at most a hundred of each."""

    item_id: str
    item_type_id: str
    item_type_name: str
    submissions: tuple[ItemCard, ...]
    evaluations: tuple[EvaluationView, ...]
    actions: tuple[ExecutionView, ...]
    jobs: tuple[ItemJob, ...]
    decisions: tuple[ItemDecision, ...]


def find(
    context: Context,
    caller: Caller,
    page: PageRequest,
    *,
    item_type_id: str | None,
    item_id: str | None,
    creator_id: str | None,
) -> Page[ItemCard]:
    """Submissions of an item, of an author, or of anybody, latest first."""
    require(caller, Permission.VIEW_INVESTIGATION)
    if item_id and creator_id:
        raise InvalidInput("ask for an item or for an author, not for both")
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        types = _type_ids(configuration, item_type_id)
        if item_id:
            rows = items_lookup.by_item(tx, types, item_id, page)
        elif creator_id:
            people = _user_types(configuration)
            rows = items_lookup.by_creator(tx, people, creator_id, page, types)
        else:
            rows = items_lookup.recent(tx, types, page)
    found = page_of(rows, page, lambda row: Position(row.arrived_at, row.submission_id))
    return map_page(found, lambda row: item_card(row, configuration, caller.permissions))


def _type_ids(configuration: Configuration, item_type_id: str | None) -> list[str]:
    if item_type_id is None:
        return list(configuration.item_types)
    if item_type_id not in configuration.item_types:
        problem = Problem(f"there is no item type `{item_type_id}`")
        raise InvalidInput(problem.message, problems=(problem,))
    return [item_type_id]


def _user_types(configuration: Configuration) -> list[str]:
    types = configuration.item_types.values()
    return [item_type.type_id for item_type in types if item_type.kind is Kind.USER]


def item_card(
    row: ItemRow, configuration: Configuration, permissions: Container[Permission] = ()
) -> ItemCard:
    """permissions: of whoever is to see it; without any, hidden fields stay hidden."""
    item_type = configuration.item_types.get(row.type_id)
    return ItemCard(
        item_id=row.item_id,
        item_type_id=row.type_id,
        item_type_name=item_type.name if item_type else row.type_id,
        submission_id=row.submission_id,
        arrived_at=row.arrived_at,
        creator_id=row.creator_id,
        creator_type_id=row.creator_type_id,
        data=shown_data(row.data, item_type, permissions),
    )


def history(context: Context, caller: Caller, item_type_id: str, item_id: str) -> ItemHistory:
    """Raises NotFound for an item never sent."""
    require(caller, Permission.VIEW_INVESTIGATION)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rows = items_lookup.by_item(tx, [item_type_id], item_id, PageRequest(MOST - 1))
        if not rows:
            raise NotFound(f"there is no item `{item_id}` of type `{item_type_id}`")
        said = items_lookup.evaluations(tx, [row.seq for row in rows])
        done = items_lookup.executions(tx, item_type_id, item_id, MOST)
        seen = sees_child_safety(caller)
        opened = jobs.jobs_of_item(tx, item_type_id, item_id, MOST, child_safety=seen)
        decided = decisions.decisions_of_item(tx, item_type_id, item_id, MOST, child_safety=seen)
        names = names_in(tx, [*(row.actor for row in done), *(row.decided_by for row in decided)])
    cards = tuple(item_card(row, configuration, caller.permissions) for row in rows)
    submission_ids = {row.seq: row.submission_id for row in rows}
    return ItemHistory(
        item_id=item_id,
        item_type_id=item_type_id,
        item_type_name=cards[0].item_type_name,
        submissions=cards,
        evaluations=tuple(_evaluation(row, submission_ids[row.seq]) for row in said),
        actions=tuple(_execution(row, configuration, names) for row in done),
        jobs=tuple(_job(row) for row in opened),
        decisions=tuple(decision_view(row, names) for row in decided),
    )


def _evaluation(row: items_lookup.EvaluationRow, submission_id: str) -> EvaluationView:
    return EvaluationView(
        submission_id, row.arrived_at, row.evaluated_at, row.config_version, row.outcomes
    )


def _execution(
    row: items_lookup.ExecutionRow, configuration: Configuration, names: Mapping[str, str]
) -> ExecutionView:
    action = configuration.actions.get(row.action_id)
    return ExecutionView(
        execution_id=row.execution_id,
        action_id=row.action_id,
        action_name=action.name if action else row.action_id,
        source=row.source,
        rules=row.rules,
        policies=row.policies,
        actor=row.actor,
        actor_name=names[row.actor],
        created_at=row.created_at,
    )


def _job(row: jobs.JobRow) -> ItemJob:
    return ItemJob(
        row.job_id, row.queue_id, row.kind, row.state.value, row.enqueued_at, row.decided_at
    )


def decision_view(row: decisions.DecisionRow, names: Mapping[str, str]) -> ItemDecision:
    return ItemDecision(
        decision_id=row.decision_id,
        job_id=row.job_id,
        kind=row.kind,
        action_ids=row.action_ids,
        policy_ids=row.policy_ids,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_by_name=names[row.decided_by],
        decided_at=row.decided_at,
        undone_at=row.undone_at,
    )
