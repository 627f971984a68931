"""Deciding a job, and taking the decision back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection

from engine.actions.execution import Execution, Report, Source, Target
from engine.audit import Entry, Event
from engine.casework.decisions import (
    UNDO_WINDOW,
    ChosenAction,
    Verdict,
    check_undo,
    judge,
    labels_of,
)
from engine.casework.leases import LEASE, JobState
from engine.configuration.configuration import Configuration
from engine.errors import NotFound
from engine.items import ItemRef, Kind
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.effects import execute_actions
from services.job_page import submission_of
from services.jobs import held, known_id
from services.people import names_in
from services.rulesets import known_configuration
from services.strikes import withdraw_strikes
from store import audit, decisions, jobs, outbox
from store.decisions import DecisionFilter, DecisionRow
from store.items_lookup import ItemRow
from store.jobs import JobRow


@dataclass(frozen=True)
class Decided:
    decision_id: str
    undo_until: datetime


@dataclass(frozen=True)
class Undone:
    """The job is open again; lease_token: it is the caller's once more, None if he has no claim."""

    decision_id: str
    job_id: str
    lease_token: str | None


@dataclass(frozen=True)
class DecisionView:
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


def decide(context: Context, caller: Caller, job_id: str, token: str, verdict: Verdict) -> Decided:
    """Records the verdict, its labels and its effects, which start when it can no longer be undone.

    Raises NotFound, Conflict (the lease), InvalidInput (the verdict).
    """
    now, decision_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        row = held(context, caller, tx, job_id, token)
        configuration = known_configuration(tx)
        chosen = judge(verdict, row.type_id, row.queue_id, configuration)
        decisions.insert(
            tx,
            decision_id=decision_id,
            job_id=row.job_id,
            verdict=verdict,
            decided_by=caller.actor,
            decided_at=now,
            claimed_at=row.claimed_at,
        )
        jobs.finish(tx, row.job_id, state=JobState.DECIDED, now=now)
        _label(context, tx, caller, row, verdict, now)
        execute_actions(
            tx,
            _executions(tx, caller, configuration, row, decision_id, verdict, chosen),
            configuration,
            now=now,
            new_id=context.new_id,
            not_before=now + UNDO_WINDOW,
        )
        detail = {"jobId": row.job_id, "kind": verdict.kind.value}
        _record(tx, caller, Event.DECISION_CREATE, decision_id, detail, now)
    return Decided(decision_id, now + UNDO_WINDOW)


def _label(
    context: Context, tx: Connection, caller: Caller, row: JobRow, verdict: Verdict, now: datetime
) -> None:
    labels = [(context.new_id(), label) for label in labels_of(verdict, row.policy_ids)]
    decisions.insert_labels(
        tx,
        labels,
        type_id=row.type_id,
        item_id=row.item_id,
        seq=row.seq,
        reviewer=caller.actor,
        now=now,
    )


def _executions(
    tx: Connection,
    caller: Caller,
    configuration: Configuration,
    row: JobRow,
    decision_id: str,
    verdict: Verdict,
    chosen: tuple[ChosenAction, ...],
) -> tuple[Execution, ...]:
    target = target_of(configuration, row, submission_of(tx, row))
    policies = tuple(configuration.policies[policy_id] for policy_id in verdict.policy_ids)
    return tuple(
        Execution(
            execution_id=execution_id(decision_id, one.action.action_id),
            dedupe_key=f"{decision_id}:{one.action.action_id}",
            action=one.action,
            target=target,
            source=Source.MRT_DECISION,
            policies=policies,
            parameters=one.values,
            actor=caller.actor,
            actor_email=caller.user_email,
            decision_reason=verdict.reason or None,
            report_history=_reports(row) if row.kind == "DEFAULT" else None,
        )
        for one in chosen
    )


def execution_id(decision_id: str, action_id: str) -> str:
    """One for each decision and action, found again when the decision is undone."""
    return str(uuid5(UUID(decision_id), action_id))


def target_of(configuration: Configuration, row: JobRow, stored: ItemRow | None) -> Target:
    item_type = configuration.item_types.get(row.type_id)
    creator = None
    if stored is not None and stored.creator_type_id is not None and stored.creator_id is not None:
        creator = ItemRef(stored.creator_type_id, stored.creator_id)
    return Target(
        type_id=row.type_id,
        item_id=row.item_id,
        type_name=item_type.name if item_type else row.type_id,
        kind=item_type.kind if item_type else Kind.CONTENT,
        creator=creator,
        seq=row.seq,
        arrived_at=row.arrived_at,
        submission_id=stored.submission_id if stored else None,
    )


def _reports(row: JobRow) -> tuple[Report, ...]:
    """Reports among the job's sources, latest first."""
    reports = [source for source in row.sources if source.get("kind") == "REPORT"]
    return tuple(_report(source) for source in reversed(reports))


def _report(source: Mapping[str, Any]) -> Report:
    reporter = source.get("reporter")
    known = isinstance(reporter, dict) and {"typeId", "id"} <= reporter.keys()
    return Report(
        reason=source.get("reason"),
        reporter=ItemRef(reporter["typeId"], reporter["id"]) if reporter and known else None,
    )


def undo(context: Context, caller: Caller, decision_id: str) -> Undone:
    """Takes back the decision, its labels and its effects, and opens the job again.

    Raises NotFound; Conflict when it is too late, or somebody else's.
    """
    require(caller, Permission.VIEW_MRT)
    now, token = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        row = decisions.lock_decision(tx, known_id(decision_id))
        if row is None:
            raise NotFound(f"there is no decision `{decision_id}`")
        check_undo(
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            undone=row.undone_at is not None,
            actor=caller.actor,
            now=now,
        )
        decisions.mark_undone(tx, row.decision_id, now)
        decisions.delete_labels(
            tx,
            type_id=row.type_id,
            item_id=row.item_id,
            reviewer=row.decided_by,
            decided_at=row.decided_at,
        )
        undone = [execution_id(row.decision_id, action) for action in row.action_ids]
        outbox.cancel(tx, undone)
        job_id = _reopen(tx, row, caller, token, now)
        _record(tx, caller, Event.DECISION_UNDO, row.decision_id, {"jobId": row.job_id}, now)
        withdraw_strikes(tx, undone, known_configuration(tx))
    return Undone(row.decision_id, job_id, token if job_id == row.job_id else None)


def _reopen(tx: Connection, row: DecisionRow, caller: Caller, token: str, now: datetime) -> str:
    """The job that is open now: the decided one, or the one opened for the item since."""
    newer = jobs.open_since(tx, row.job_id)
    if newer is not None:
        jobs.finish(tx, row.job_id, state=JobState.CLOSED, now=now)
        return newer
    jobs.reopen(tx, row.job_id, holder=caller.actor, token=token, now=now, until=now + LEASE)
    return row.job_id


def listed(
    context: Context, caller: Caller, wanted: DecisionFilter, page: PageRequest
) -> Page[DecisionView]:
    require(caller, Permission.VIEW_MRT_DATA)
    with context.database.transaction(caller.org_id) as tx:
        rows = decisions.decisions(tx, wanted, page)
        names = names_in(tx, [row.decided_by for row in rows])
    found = page_of(rows, page, lambda row: Position(row.decided_at, row.decision_id))
    return map_page(found, lambda row: _view(row, names))


def _view(row: DecisionRow, names: Mapping[str, str]) -> DecisionView:
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
    )


def _record(
    tx: Connection,
    caller: Caller,
    event: Event,
    decision_id: str,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    audit.append(tx, Entry(now, caller.actor, event, "decision", decision_id, detail))
