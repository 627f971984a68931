"""A rule told to leave one item or person alone until a date: it still matches, and never acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.actions.verdict import Held
from engine.audit import Entry, Event
from engine.configuration.reader import write_moment
from engine.configuration.rules import Status
from engine.errors import Conflict, InvalidInput, NotFound, Problem
from engine.items import ItemRef
from engine.permissions import Permission
from services.context import require
from services.rulesets import known_configuration
from store import audit, snoozes
from store.snoozes import Snooze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.actions.verdict import Match
    from engine.configuration.rules import Rule
    from services.context import Caller, Context
    from store.submissions import Submission

LONGEST = timedelta(days=3660)
MAX_REASON = 2000


def snooze(
    context: Context, caller: Caller, rule_id: str, entity: ItemRef, until: datetime, reason: str
) -> Snooze:
    """In force at once, in every process. Raises NotFound for the rule or the entity's type."""
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        _require_rule(tx, caller, rule_id)
        if entity.type_id not in known_configuration(tx).item_types:
            raise NotFound(f"there is no item type `{entity.type_id}`", hint="see item types")
        _refuse_times(until, now, reason)
        made = Snooze(context.new_id(), rule_id, entity, until, reason, caller.actor, now)
        snoozes.insert(tx, made)
        _record(tx, caller, Event.RULE_SNOOZE, made, now)
    return made


def _refuse_times(until: datetime, now: datetime, reason: str) -> None:
    if not now < until <= now + LONGEST:
        problem = Problem(
            "a snooze ends in the future, within ten years", "/until", "pause the rule instead"
        )
        raise InvalidInput(problem.message, hint=problem.hint, problems=(problem,))
    if len(reason) > MAX_REASON:
        raise InvalidInput(f"a reason has at most {MAX_REASON} characters")


def snoozes_of(context: Context, caller: Caller, rule_id: str) -> list[Snooze]:
    """Newest first, those that are over too. Raises NotFound."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        if rule_id not in known_configuration(tx).rules:
            raise NotFound(f"there is no rule `{rule_id}`")
        return snoozes.of_rule(tx, rule_id)


def end_snooze(context: Context, caller: Caller, rule_id: str, snooze_id: str) -> Snooze:
    """The rule acts on the entity again. Raises NotFound, and Conflict when it is over already."""
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        _require_rule(tx, caller, rule_id)
        found = snoozes.get(tx, rule_id, snooze_id)
        if found.ended_at is not None or found.until <= now:
            raise Conflict("this snooze is over already")
        snoozes.end(tx, snooze_id, actor=caller.actor, now=now)
        _record(tx, caller, Event.RULE_UNSNOOZE, found, now)
    return replace(found, ended_at=now, ended_by=caller.actor)


def _require_rule(tx: Connection, caller: Caller, rule_id: str) -> Rule:
    rule = known_configuration(tx).rules.get(rule_id)
    if rule is None:
        raise NotFound(f"there is no rule `{rule_id}`")
    live = rule.status is Status.LIVE
    require(caller, Permission.MUTATE_LIVE_RULES if live else Permission.MUTATE_NON_LIVE_RULES)
    return rule


def _record(tx: Connection, caller: Caller, event: Event, made: Snooze, now: datetime) -> None:
    detail = {
        "snoozeId": made.snooze_id,
        "typeId": made.entity.type_id,
        "itemId": made.entity.item_id,
        "until": write_moment(made.until),
        "reason": made.reason,
    }
    audit.append(tx, Entry(now, caller.actor, event, "rule", made.rule_id, detail))


def hold_snoozed(
    tx: Connection, items: Iterable[Submission], verdicts: Mapping[int, tuple[Match, ...]]
) -> dict[int, tuple[Match, ...]]:
    """The verdicts, with what is snoozed held: for the item itself or for who made it."""
    entities = {item.seq: _entities(item) for item in items}
    asked = {
        (match.rule.rule_id, entity)
        for seq, matches in verdicts.items()
        for match in matches
        if match.held is None
        for entity in entities[seq]
    }
    running = snoozes.running(tx, asked) if asked else {}
    if not running:
        return dict(verdicts)
    arrivals = {item.seq: item.arrived_at for item in items}

    def is_snoozed(seq: int, match: Match) -> bool:
        untils = (running.get((match.rule.rule_id, entity)) for entity in entities[seq])
        return any(until is not None and arrivals[seq] < until for until in untils)

    return {
        seq: tuple(
            replace(match, held=Held.SNOOZE)
            if match.held is None and is_snoozed(seq, match)
            else match
            for match in matches
        )
        for seq, matches in verdicts.items()
    }


def _entities(item: Submission) -> tuple[ItemRef, ...]:
    itself = ItemRef(item.type_id, item.item_id)
    if item.creator_type_id is None or item.creator_id is None:
        return (itself,)
    return itself, ItemRef(item.creator_type_id, item.creator_id)
