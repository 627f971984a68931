"""Actions become rows, webhooks and review jobs, once each, in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.actions.callback import callback_body
from engine.actions.plan import job_source, planned_job
from engine.configuration.actions import ActionType
from store import executions as executed
from store import outbox
from store.jobs import NewJob, open_jobs
from store.outbox import NewMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.actions.execution import Execution
    from engine.actions.plan import PlannedJob
    from engine.configuration.configuration import Configuration

KIND = "action"


def execute_actions(
    tx: Connection,
    executions: Sequence[Execution],
    configuration: Configuration,
    *,
    now: datetime,
    new_id: Callable[[], str],
    not_before: datetime | None = None,
) -> tuple[Execution, ...]:
    """Those that had not been executed before, in order; the others have no effect.

    not_before: when webhooks may go out, for effects that can still be taken back. A webhook's
    idempotency key is its execution's id.
    """
    new = executed.insert(tx, executions, now)
    fresh = tuple(e for e in executions if e.execution_id in new)
    messages = [_message(e) for e in fresh if e.action.type is ActionType.CUSTOM_ACTION]
    outbox.insert(tx, messages, kind=KIND, due=not_before or now, now=now)
    jobs = [job for execution in fresh if (job := planned_job(execution)) is not None]
    ordered = sorted(jobs, key=_job_key)
    open_jobs(tx, [new for job in ordered for new in _openings(job, configuration, now, new_id)])
    return fresh


def _job_key(job: PlannedJob) -> tuple[str, str, str]:
    """One order for everybody, so that two workers do not wait for each other's jobs."""
    return job.type_id, job.item_id, job.kind


def _message(execution: Execution) -> NewMessage:
    action = execution.action
    return NewMessage(
        outbox_id=execution.execution_id,
        idempotency_key=execution.execution_id,
        action_id=action.action_id,
        url=action.callback_url or "",
        headers=action.callback_url_headers,
        body=callback_body(execution),
    )


def _openings(
    job: PlannedJob, configuration: Configuration, now: datetime, new_id: Callable[[], str]
) -> list[NewJob]:
    """One source for each rule, so that a reviewer sees every reason; none without a queue."""
    queue_id = _queue_id(job, configuration)
    if queue_id is None:
        return []
    target = job.execution.target
    about_item = (job.type_id, job.item_id) == (target.type_id, target.item_id)
    return [
        NewJob(
            job_id=new_id(),
            queue_id=queue_id,
            type_id=job.type_id,
            item_id=job.item_id,
            seq=target.seq if about_item else None,
            arrived_at=target.arrived_at if about_item else None,
            source=job_source(job.execution, rule) | {"at": now.isoformat()},
            policy_ids=job.policy_ids,
            now=now,
            kind=job.kind,
        )
        for rule in job.rules or (None,)
    ]


def _queue_id(job: PlannedJob, configuration: Configuration) -> str | None:
    """The action's queue if it still exists, else the default; None without any queue."""
    if job.queue_id in configuration.queues:
        return job.queue_id
    default = configuration.default_queue()
    return default.queue_id if default else None
