"""What the rules would say of an item that arrived now, with nothing kept of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.actions.plan import plan_executions
from services.evaluation import matched, target_of
from services.looks import look_at
from services.placement import unplaced
from services.verdicts import TriggeredAction, Verdict, matched_rule, rule_traces
from store import clock, window_events
from store.database import Database
from store.submissions import Submission
from store.window_events import WindowEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items import Item
    from services.context import Caller
    from services.live_configuration import Live
    from services.looks import Looked
    from services.synchronous_evaluation import SynchronousEvaluation
    from store.placing import Unplaced

NO_PLACE = 0


class OneTransaction(Database):
    """Whatever is asked is asked within a transaction that is under way, and sees its writes."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx

    @contextmanager
    def transaction(self, org_id: int) -> Iterator[Connection]:
        yield self.tx

    at_once = transaction


def dry_run(
    desk: SynchronousEvaluation, caller: Caller, item: Item, *, traced: bool = False
) -> Verdict:
    """The item counts itself, as it would at its place; then its events are taken back."""
    org_id, database = caller.org_id, desk.context.database
    with database.transaction(org_id) as tx:
        live = desk.configurations.current(tx, org_id)
    waiting = unplaced(item, desk.intake(org_id), desk.context.new_id())
    with database.transaction(org_id) as tx:
        at = clock.read(tx).at + timedelta(microseconds=1)
        within = replace(desk.context, database=OneTransaction(tx))
        taken_back = tx.begin_nested()
        _count(tx, waiting, at)
        found = look_at(within, org_id, [_submission(waiting, at)], live)
        taken_back.rollback()
    verdict = Verdict(
        item_id=item.item_id,
        item_type_id=item.type_id,
        submission_id=None,
        seq=None,
        arrived_at=None,
        finished=True,
        dry_run=True,
        config_version=live.configuration.config_version,
        traces=() if traced else None,
    )
    return _judged(desk, verdict, found[0], live, traced=traced) if found else verdict


def _judged(
    desk: SynchronousEvaluation, verdict: Verdict, looked: Looked, live: Live, *, traced: bool
) -> Verdict:
    """Daily caps and snoozes are not asked: they are spent by items that stay."""
    matches = matched(looked, live)
    target = target_of(looked.item, live)
    planned = plan_executions(matches, target, live.configuration, desk.context.new_id)
    return replace(
        verdict,
        matched_rules=tuple(matched_rule(match) for match in matches if match.is_true),
        actions=tuple(
            TriggeredAction(
                each.action.action_id,
                each.action.name,
                None,
                tuple(rule.rule_id for rule in each.rules),
                tuple(policy.policy_id for policy in each.policies),
            )
            for each in sorted(planned, key=lambda each: each.action.action_id)
        ),
        traces=rule_traces(looked, live) if traced else None,
    )


def _count(tx: Connection, item: Unplaced, at: datetime) -> None:
    """No place has the number 0, so nobody else waits for these rows."""
    for event in item.events:
        row = WindowEvent(event.key, at, NO_PLACE, event.number, event.member)
        window_events.insert(tx, event.counter_id, [row])


def _submission(item: Unplaced, at: datetime) -> Submission:
    creator_type_id, creator_id = item.creator or (None, None)
    return Submission(
        NO_PLACE,
        at,
        item.submission_id,
        item.type_id,
        item.type_version,
        item.item_id,
        creator_type_id,
        creator_id,
        item.data,
    )
