"""What comes before a rule goes LIVE, or changes while it is: a backtest, a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.rules import Rule, Status, rule_document
from engine.errors import Problem
from engine.language import check
from store import approvals, audit, backtests, config
from store.approvals import Approval
from store.backtests import BacktestState
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from services.configuration import Saving
    from store.backtests import BacktestRow

FRESH = timedelta(days=7)
MOST_BACKTESTS = 1000
SUPERSEDED = "another change took its place"


def acts_otherwise(before: Rule | None, after: Rule) -> bool:
    """Whether a save changes what is done to items: the rule goes LIVE, or is and differs."""
    if after.status is not Status.LIVE:
        return False
    return before is None or _effect(before) != _effect(after)


def _effect(rule: Rule) -> tuple[object, ...]:
    return (
        rule.status,
        rule.where,
        rule.rollout_percent,
        rule.item_type_ids,
        rule.action_ids,
        rule.policy_ids,
        rule.max_daily_actions,
        rule.expires_at,
    )


def ask_second_person(
    saving: Saving, before: Rule | None, after: Rule, reason: str
) -> Approval | None:
    """The change as it waits, where the organisation wants a second person to look at it."""
    wanted = saving.configuration.settings.live_needs_second_person
    if not (wanted and acts_otherwise(before, after)):
        return None
    return keep_waiting(saving, before, after, reason)


def keep_waiting(saving: Saving, before: Rule | None, after: Rule, reason: str) -> Approval:
    """In the place of any other change of the rule that waits."""
    now, actor = saving.context.clock(), saving.caller.actor
    approval = Approval(
        approval_id=saving.context.new_id(),
        rule_id=saving.object_id,
        base_version=before.version if before else 0,
        name=after.name,
        document=rule_document(after),
        reason=reason,
        author=actor,
        created_at=now,
    )
    approvals.supersede(saving.tx, saving.object_id, actor=actor, comment=SUPERSEDED, now=now)
    approvals.insert(saving.tx, approval)
    detail = {"approvalId": approval.approval_id, "name": after.name, "reason": reason}
    event = Event.RULE_ASK_APPROVAL
    audit.append(saving.tx, Entry(now, actor, event, "rule", saving.object_id, detail))
    return approval


def backtest_problems(saving: Saving, before: Rule | None, after: Rule) -> list[Problem]:
    """A problem for each item type whose items the condition has not been tried on lately.

    Only where the organisation wants it, and where the condition or its reach is new.
    """
    wanted = saving.configuration.settings.live_needs_fresh_backtest
    if not wanted or after.status is not Status.LIVE or _is_tried_already(before, after):
        return []
    now = saving.context.clock()
    tried = set(_tried(saving, after, now))
    return [
        Problem(
            "a rule goes LIVE after a finished backtest of the same condition over"
            f" `{saving.configuration.item_types[type_id].name}`,"
            f" no older than {FRESH.days} days",
            "/where",
            "run one at POST /backtests, or save the rule as SHADOW",
            slug="backtest-needed",
        )
        for type_id in after.item_type_ids
        if type_id not in tried
    ]


def _is_tried_already(before: Rule | None, after: Rule) -> bool:
    if before is None or before.status is not Status.LIVE or before.where != after.where:
        return False
    return set(after.item_type_ids) <= set(before.item_type_ids)


def _tried(saving: Saving, rule: Rule, now: datetime) -> Iterator[str]:
    """Item types over which the rule's condition has been run."""
    rows = backtests.latest(saving.tx, limit=MOST_BACKTESTS)
    for row in _finished(rows, now - FRESH):
        type_id = row.request["itemTypeId"]
        text = row.request["where"] or _text_of_rule(saving.tx, row)
        if text and _canonical(text, type_id, saving.configuration) == rule.where:
            yield type_id


def _finished(rows: Iterable[BacktestRow], since: datetime) -> Iterator[BacktestRow]:
    for row in rows:
        if row.state is BacktestState.DONE and row.finished_at and row.finished_at >= since:
            yield row


def _text_of_rule(tx: Connection, row: BacktestRow) -> str:
    """The condition of the rule a backtest was about, as it stood when the run started."""
    rule_id, started = row.request["ruleId"], row.started_at
    if rule_id is None or started is None:
        return ""
    versions = config.versions(tx, ConfigKind.RULE, rule_id)
    stood = (each for each in versions if each.created_at <= started)
    return next((str(each.document["where"]) for each in stood), "")


def _canonical(text: str, type_id: str, configuration: Configuration) -> str:
    item_type = configuration.item_types.get(type_id)
    if item_type is None:
        return ""
    checked = check(text, schema_of(configuration, item_type), environment_of(configuration))
    return checked.predicate.text if checked.predicate else ""
