"""Deciding a job: the verdict, its labels and its effects, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the API reads the annotation
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from engine.actions.execution import Execution, Report, Source, Target
from engine.audit import Entry, Event
from engine.casework.decisions import (
    APPEAL_KINDS,
    UNDO_WINDOW,
    DecisionKind,
    judge,
    labels_of,
)
from engine.casework.leases import JobState, check_free
from engine.items import ItemRef, Kind
from engine.permissions import Permission
from engine.webhooks.callbacks import Ignored
from services.appeal_decisions import settle_appeals, to_withdraw, withdraw
from services.callbacks import queue_ignore
from services.context import Caller, Context, require
from services.effects import execute_actions
from services.job_page import submission_of
from services.jobs import check_independent, held, locked
from services.rulesets import known_configuration
from store import audit, decisions, jobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sqlalchemy import Connection

    from engine.casework.decisions import ChosenAction, Verdict
    from engine.casework.facts import Fact
    from engine.configuration.configuration import Configuration
    from store.items_lookup import ItemRow
    from store.jobs import JobRow


@dataclass(frozen=True)
class Decided:
    decision_id: str
    undo_until: datetime


@dataclass(frozen=True)
class _Case:
    """A job that is being decided. stored: its item, if it was ever sent."""

    context: Context
    tx: Connection
    caller: Caller
    configuration: Configuration
    row: JobRow
    stored: ItemRow | None
    decision_id: str
    verdict: Verdict
    now: datetime


def decide(context: Context, caller: Caller, job_id: str, token: str, verdict: Verdict) -> Decided:
    """Records the verdict, its labels and its effects, which start when it can no longer be undone.

    Raises NotFound, Conflict (the lease), InvalidInput (the verdict).
    """
    with context.database.transaction(caller.org_id) as tx:
        row = held(context, caller, tx, job_id, token)
        return _decide(context, tx, caller, row, verdict)


def submit(context: Context, caller: Caller, job_id: str, verdict: Verdict) -> Decided:
    """As `decide`, by somebody who has not claimed the job, if nobody else has.

    Raises NotFound, Conflict, InvalidInput.
    """
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        row = locked(tx, caller, job_id)
        check_free(row.hold, caller.actor, context.clock())
        check_independent(tx, row, caller)
        return _decide(context, tx, caller, row, verdict)


def _decide(
    context: Context, tx: Connection, caller: Caller, row: JobRow, verdict: Verdict
) -> Decided:
    """The clock, which taking back strikes holds, comes last."""
    configuration, decision_id, now = known_configuration(tx), context.new_id(), context.clock()
    chosen = judge(verdict, row.type_id, row.queue_id, configuration, row.kind)
    case = _Case(
        context=context,
        tx=tx,
        caller=caller,
        configuration=configuration,
        row=row,
        stored=submission_of(tx, row),
        decision_id=decision_id,
        verdict=verdict,
        now=now,
    )
    strikes = to_withdraw(tx, row, verdict.kind, configuration.settings)
    _record(case, strikes)
    reversing = _settle(case)
    execute_actions(
        tx,
        _executions(case, (*chosen, *reversing)),
        configuration,
        now=now,
        new_id=context.new_id,
        not_before=now + UNDO_WINDOW,
        taken_back=strikes,
    )
    withdraw(tx, [strike.fact_id for strike in strikes], configuration)
    return Decided(decision_id, now + UNDO_WINDOW)


def _record(case: _Case, strikes: Sequence[Fact]) -> None:
    """The decision and its labels; the job is done."""
    verdict, row, now = case.verdict, case.row, case.now
    decisions.insert(
        case.tx,
        decision_id=case.decision_id,
        job_id=row.job_id,
        verdict=verdict,
        decided_by=case.caller.actor,
        decided_at=now,
        claimed_at=row.claimed_at,
        withdrew=[strike.fact_id for strike in strikes],
    )
    jobs.finish(case.tx, row.job_id, state=JobState.DECIDED, now=now)
    decisions.insert_labels(
        case.tx,
        [(case.context.new_id(), label) for label in labels_of(verdict, row.policy_ids)],
        type_id=row.type_id,
        item_id=row.item_id,
        seq=row.seq,
        reviewer=case.caller.actor,
        now=now,
        source="appeal" if verdict.kind in APPEAL_KINDS else "review",
    )
    detail = {"jobId": row.job_id, "kind": verdict.kind.value}
    record(case.tx, case.caller, Event.DECISION_CREATE, case.decision_id, detail, now)


def _settle(case: _Case) -> tuple[ChosenAction, ...]:
    """Tells the platform how it ended; gives the actions that take others back."""
    if case.verdict.kind in APPEAL_KINDS:
        return settle_appeals(
            case.tx,
            case.caller,
            case.configuration,
            case.row,
            case.verdict.kind,
            decision_id=case.decision_id,
            now=case.now,
        )
    if case.verdict.kind is DecisionKind.IGNORE:
        queue_ignore(
            case.tx,
            case.configuration.settings,
            Ignored(
                ItemRef(case.row.type_id, case.row.item_id),
                case.stored.data if case.stored else {},
                () if case.row.kind == "NCMEC" else None,
            ),
            message_id=callback_id(case.decision_id),
            now=case.now,
            not_before=case.now + UNDO_WINDOW,
        )
    return ()


def _executions(case: _Case, chosen: Sequence[ChosenAction]) -> tuple[Execution, ...]:
    target = target_of(case.configuration, case.row, case.stored)
    policies = tuple(case.configuration.policies[key] for key in case.verdict.policy_ids)
    return tuple(
        Execution(
            execution_id=execution_id(case.decision_id, one.action.action_id),
            dedupe_key=f"{case.decision_id}:{one.action.action_id}",
            action=one.action,
            target=target,
            source=Source.MRT_DECISION,
            policies=policies,
            parameters=one.values,
            actor=case.caller.actor,
            actor_email=case.caller.user_email,
            decision_reason=case.verdict.reason or None,
            report_history=_reports(case.row) if case.row.kind == "DEFAULT" else None,
        )
        for one in chosen
    )


def execution_id(decision_id: str, action_id: str) -> str:
    """One for each decision and action, found again when the decision is undone."""
    return str(uuid5(UUID(decision_id), action_id))


def callback_id(decision_id: str) -> str:
    """Of the callback that tells of an ignored job."""
    return str(uuid5(UUID(decision_id), "ignore"))


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


def record(
    tx: Connection,
    caller: Caller,
    event: Event,
    decision_id: str,
    detail: Mapping[str, object],
    now: datetime,
) -> None:
    audit.append(tx, Entry(now, caller.actor, event, "decision", decision_id, detail))
