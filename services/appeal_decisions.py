"""What an appeal's decision does: it tells the platform, and an accepted one takes things back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from engine.audit import Entry, Event
from engine.casework.appeals import reversals
from engine.casework.decisions import UNDO_WINDOW, ChosenAction, DecisionKind
from engine.casework.facts import next_life
from engine.casework.strikes import effect_id, strike_id
from engine.configuration.parameters import configured_values
from engine.items import ItemRef
from engine.webhooks.callbacks import AppealDecided, AppealOutcome
from services.callbacks import queue_appeal_decision
from store import appeals, audit, executions, facts, outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.casework.facts import Fact
    from engine.configuration.configuration import Configuration
    from engine.configuration.settings import OrgSettings
    from services.context import Caller
    from store.jobs import JobRow

OUTCOMES = {
    DecisionKind.ACCEPT_APPEAL: AppealOutcome.ACCEPT,
    DecisionKind.REJECT_APPEAL: AppealOutcome.REJECT,
}
EVENTS = {
    AppealOutcome.ACCEPT: Event.APPEAL_ACCEPT,
    AppealOutcome.REJECT: Event.APPEAL_REJECT,
}


def settle_appeals(
    tx: Connection,
    caller: Caller,
    configuration: Configuration,
    row: JobRow,
    kind: DecisionKind,
    *,
    decision_id: str,
    now: datetime,
) -> tuple[ChosenAction, ...]:
    """Every waiting appeal of the job ends; gives the reversals of what they were against."""
    outcome = OUTCOMES[kind]
    waiting = [one for one in appeals.of_job(tx, row.job_id) if one.outcome is None]
    for one in waiting:
        queue_appeal_decision(
            tx,
            configuration.settings,
            AppealDecided(
                one.appeal_id,
                ItemRef(one.appealed_by_type_id, one.appealed_by_id),
                outcome,
                ItemRef(one.type_id, one.item_id),
            ),
            message_id=appeal_callback_id(decision_id, one.id),
            now=now,
            not_before=now + UNDO_WINDOW,
        )
        detail = {"appealId": one.appeal_id, "decisionId": decision_id}
        audit.append(tx, Entry(now, caller.actor, EVENTS[outcome], "appeal", one.id, detail))
    appeals.resolve(tx, row.job_id, outcome=outcome.value, decision_id=decision_id, now=now)
    if outcome is AppealOutcome.REJECT or not configuration.settings.appeal_reversal:
        return ()
    action_ids = [action_id for one in waiting for action_id in one.action_ids]
    return tuple(
        ChosenAction(action, configured_values(action.parameters, {}))
        for action in reversals(action_ids, configuration.actions, row.type_id)
    )


def appeal_callback_id(decision_id: str, identity: str) -> str:
    return str(uuid5(UUID(decision_id), identity))


def to_withdraw(
    tx: Connection, row: JobRow, kind: DecisionKind, settings: OrgSettings
) -> tuple[Fact, ...]:
    """The strikes that hold now and were caused by what the job's appeals are against.

    Whenever it was done to the item: each time it was sent again may have been another strike.
    """
    if kind is not DecisionKind.ACCEPT_APPEAL or not settings.appeal_reversal:
        return ()
    waiting = [one for one in appeals.of_job(tx, row.job_id) if one.outcome is None]
    actions = list(dict.fromkeys(each for one in waiting for each in one.action_ids))
    done = executions.done_to(tx, row.type_id, row.item_id, actions)
    return _that_hold(tx, [strike_id(each.execution_id) for each in done])


def withdraw(tx: Connection, fact_ids: Sequence[str], configuration: Configuration) -> None:
    """With the waiting webhooks of the thresholds they passed.

    Holds the organisation's clock until the transaction ends.
    """
    if fact_ids:
        effects = [effect_id(fact, action) for fact in fact_ids for action in configuration.actions]
        outbox.cancel(tx, effects)
        facts.withdraw(tx, fact_ids)


def give_again(tx: Connection, fact_ids: Sequence[str], actor: str) -> None:
    """Strikes that were taken back by mistake hold from now on: the same, under new ids."""
    lost = [one for fact_id in fact_ids if (one := facts.find(tx, fact_id)) is not None]
    facts.record(tx, [one.anew(actor) for one in lost])


def _that_hold(tx: Connection, fact_ids: Sequence[str]) -> tuple[Fact, ...]:
    """Of these strikes, or of those that replaced them when they were given again."""
    holding: list[Fact] = []
    while fact_ids:
        found = facts.found(tx, fact_ids)
        holding += [one for one in found if one.withdrawn_at is None]
        fact_ids = [next_life(one.fact_id) for one in found if one.withdrawn_at is not None]
    return tuple(holding)
