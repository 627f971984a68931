"""Actions become rows, webhooks and review jobs, once each, in the caller's transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.actions.callback import callback_body
from engine.actions.execution import Source
from engine.actions.plan import job_source, planned_job
from engine.casework.strikes import person_of
from engine.configuration.actions import ActionType
from engine.items import ItemRef
from services.job_openings import Opening, open_routed
from services.strikes import count_strikes, record_strikes
from store import executions as executed
from store import outbox
from store.outbox import NewMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.actions.execution import Execution
    from engine.actions.plan import PlannedJob
    from engine.casework.facts import Fact
    from engine.casework.strikes import Tally
    from engine.configuration.configuration import Configuration
    from engine.configuration.settings import OrgSettings

KIND = "action"
TOLD_AGAIN = frozenset({Source.SUBMIT_REPORT, Source.SUBMIT_APPEAL})


def execute_actions(
    tx: Connection,
    executions: Sequence[Execution],
    configuration: Configuration,
    *,
    now: datetime,
    new_id: Callable[[], str],
    not_before: datetime | None = None,
    taken_back: Sequence[Fact] = (),
) -> tuple[Execution, ...]:
    """Those that had not been executed before, in order; the others have no effect.

    After them, the actions of strike thresholds that somebody passed.

    not_before: when webhooks may go out, for effects that can still be taken back. A webhook's
    idempotency key is its execution's id. Strikes are recorded last, because the clock that they
    take their instants from stays locked until the transaction ends.

    taken_back: strikes that this transaction withdraws after it, for the same reason.
    """
    fresh = _executed(tx, _unrepeated(tx, executions), configuration, now, new_id)
    counted = count_strikes(tx, fresh, configuration, taken_back)
    every = fresh + _executed(tx, counted.effects, configuration, now, new_id)
    messages = [
        _message(each, counted, configuration.settings)
        for each in every
        if each.action.type is ActionType.CUSTOM_ACTION
    ]
    outbox.insert(tx, messages, kind=KIND, due=not_before or now, now=now)
    record_strikes(tx, counted, configuration)
    return every


def _unrepeated(tx: Connection, executions: Sequence[Execution]) -> list[Execution]:
    """Without what a rule asks for again because the item was reported or appealed against.

    Otherwise ten reports of one post would be ten strikes for it.
    """
    again = [each for each in executions if each.source in TOLD_AGAIN]
    done = executed.taken(tx, again)
    return [
        each
        for each in executions
        if each.source not in TOLD_AGAIN
        or (each.target.type_id, each.target.item_id, each.action.action_id) not in done
    ]


def _executed(
    tx: Connection,
    executions: Sequence[Execution],
    configuration: Configuration,
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[Execution, ...]:
    """Those that are new, with their jobs opened."""
    new = executed.insert(tx, executions, now)
    fresh = tuple(e for e in executions if e.execution_id in new)
    jobs = [job for execution in fresh if (job := planned_job(execution)) is not None]
    open_routed(tx, configuration, [_opening(job) for job in jobs], now=now, new_id=new_id)
    return fresh


def _message(execution: Execution, counted: Tally, settings: OrgSettings) -> NewMessage:
    """With the person's strikes after this event, where a person is known."""
    action, person = execution.action, person_of(execution.target)
    sum_now = counted.sums.get(person) if person else None
    count = None if sum_now is None else round(sum_now)
    return NewMessage(
        outbox_id=execution.execution_id,
        idempotency_key=execution.execution_id,
        action_id=action.action_id,
        url=action.callback_url or "",
        headers=action.callback_url_headers,
        body=callback_body(replace(execution, user_strike_count=count)),
        item=ItemRef(execution.target.type_id, execution.target.item_id),
        timeout_s=float(action.timeout_seconds or settings.webhook_timeout_seconds),
    )


def _opening(job: PlannedJob) -> Opening:
    """One source for each rule, so that a reviewer sees every reason."""
    target = job.execution.target
    about_item = (job.type_id, job.item_id) == (target.type_id, target.item_id)
    return Opening(
        type_id=job.type_id,
        item_id=job.item_id,
        sources=[job_source(job.execution, rule) for rule in job.rules or (None,)],
        origin=job.execution.source.value,
        kind=job.kind,
        seq=target.seq if about_item else None,
        arrived_at=target.arrived_at if about_item else None,
        policy_ids=job.policy_ids,
        queue_id=job.queue_id,
        data=target.told if about_item else None,
    )
