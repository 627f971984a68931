"""Taking a decision back, with everything it did, while nothing of it has left the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audit import Event
from engine.casework.decisions import check_undo
from engine.casework.leases import LEASE, JobState
from engine.casework.strikes import effect_id, strike_id
from engine.errors import NotFound
from engine.permissions import Permission
from services.appeal_decisions import appeal_callback_id, give_again, withdraw
from services.context import Caller, Context, require
from services.decisions import callback_id, execution_id, record
from services.jobs import known_id
from services.rulesets import known_configuration
from store import appeals, decisions, job_sources, jobs, outbox
from store.executions import existing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from store.decisions import DecisionRow


@dataclass(frozen=True)
class Undone:
    """The job is open again; lease_token: it is the caller's once more, None if he has no claim."""

    decision_id: str
    job_id: str
    lease_token: str | None


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
        executions = _executions(row, known_configuration(tx))
        happened = existing(tx, [*executions.ids, *executions.effects])
        job_sources.withdraw_sources(tx, happened, now)
        job_id = _reopen(tx, row, caller, token, now)
        record(tx, caller, Event.DECISION_UNDO, row.decision_id, {"jobId": row.job_id}, now)
        _take_back(tx, row, executions, job_id)
    return Undone(row.decision_id, job_id, token if job_id == row.job_id else None)


@dataclass(frozen=True)
class _Executions:
    """What the decision may have caused. effects: of the strike thresholds it may have passed."""

    ids: tuple[str, ...]
    strikes: tuple[str, ...]
    effects: tuple[str, ...]
    configuration: Configuration


def _executions(row: DecisionRow, configuration: Configuration) -> _Executions:
    """An execution is named by its decision and action, so all that there may be are known."""
    action_ids = dict.fromkeys([*row.action_ids, *configuration.actions])
    ids = tuple(execution_id(row.decision_id, action_id) for action_id in action_ids)
    strikes = tuple(strike_id(each) for each in ids)
    effects = tuple(effect_id(strike, action_id) for strike in strikes for action_id in action_ids)
    return _Executions(ids, strikes, effects, configuration)


def _take_back(tx: Connection, row: DecisionRow, executions: _Executions, job_id: str) -> None:
    """Webhooks and callbacks, the ends of appeals, and strikes, which come last."""
    resolved = [one for one in appeals.of_job(tx, row.job_id) if one.decision_id == row.decision_id]
    callbacks = [appeal_callback_id(row.decision_id, one.id) for one in resolved]
    outbox.cancel(tx, [*executions.ids, *callbacks, callback_id(row.decision_id)])
    appeals.reopen(tx, row.decision_id, job_id)
    withdraw(tx, executions.strikes, executions.configuration)
    give_again(tx, row.withdrew, row.decided_by)


def _reopen(tx: Connection, row: DecisionRow, caller: Caller, token: str, now: datetime) -> str:
    """The job that is open now: the decided one, or the one opened for the item since."""
    newer = jobs.open_since(tx, row.job_id)
    if newer is not None:
        jobs.finish(tx, row.job_id, state=JobState.CLOSED, now=now)
        return newer
    jobs.reopen(tx, row.job_id, holder=caller.actor, token=token, now=now, until=now + LEASE)
    return row.job_id
