"""Routing rules: saved like every configured noun, put in order, tried on an item, looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.actions.execution import Source
from engine.audit import Entry, Event
from engine.casework.routing import Route, Step, Subject, checked_routing_rule
from engine.configuration.references import routing_rule_problems
from engine.configuration.routing_rules import (
    RoutingKind,
    RoutingRule,
    ordered,
    parse_routing_rule,
    routing_rule_document,
)
from engine.errors import InvalidInput, NotFound, Problem
from engine.items import RawItem, coerce_item
from engine.permissions import Permission
from services.configuration import Events, Noun, Saving, refuse
from services.context import Caller, Context, require
from services.job_openings import profiles_read, router_of
from services.rulesets import known_configuration, load_configuration
from store import audit, config, items_lookup
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration


@dataclass(frozen=True)
class Trial:
    """An item that is asked about: its data, or the id of one that was sent before."""

    item_type_id: str
    data: Mapping[str, object] | None = None
    item_id: str | None = None
    kind: RoutingKind = RoutingKind.DEFAULT
    policy_ids: tuple[str, ...] = ()
    source: str = Source.POST_ITEMS.value


@dataclass(frozen=True)
class RouteView:
    """rule_id: None when the default queue takes what no rule sends elsewhere."""

    queue_id: str | None
    queue_name: str | None
    rule_id: str | None
    rule_name: str | None
    trail: tuple[Step, ...]


def try_out(context: Context, caller: Caller, trial: Trial) -> RouteView:
    """Where a job about the item would go now, and what each rule said. Raises NotFound."""
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        data, at = _trial_data(tx, configuration, trial, context.clock())
        router = router_of(configuration)
        profiles = profiles_read(tx, router, trial.item_type_id, data, at)
    subject = Subject(
        trial.kind.value,
        trial.item_type_id,
        data,
        trial.policy_ids,
        trial.source,
        at,
        profiles,
    )
    return _route_view(router.route(subject), configuration)


def _trial_data(
    tx: Connection, configuration: Configuration, trial: Trial, now: datetime
) -> tuple[Mapping[str, object], datetime]:
    """The item's JSON, and when it arrived: now, where it is not one that was sent."""
    item_type = configuration.item_types.get(trial.item_type_id)
    if item_type is None:
        raise NotFound(f"there is no item type `{trial.item_type_id}`")
    if trial.item_id is not None:
        stored = items_lookup.latest(tx, trial.item_type_id, trial.item_id)
        if stored is None:
            raise NotFound(f"no item `{trial.item_id}` of this type was ever sent")
        return stored.data, stored.arrived_at
    raw = RawItem("trial", item_type.type_id, None, "partial", trial.data or {})
    item = coerce_item(raw, item_type, configuration.item_types)
    if isinstance(item, tuple):
        raise InvalidInput("the item is not valid", problems=item)
    return item.data, now


def _route_view(route: Route, configuration: Configuration) -> RouteView:
    queue = configuration.queues.get(route.queue_id or "")
    rule = configuration.routing_rules.get(route.rule_id or "")
    return RouteView(
        queue_id=route.queue_id,
        queue_name=queue.name if queue else None,
        rule_id=route.rule_id,
        rule_name=rule.name if rule else None,
        trail=route.trail,
    )


def reorder(
    context: Context, caller: Caller, kind: RoutingKind, rule_ids: Sequence[str], reason: str
) -> list[str]:
    """The rules of one kind in a new order; each that moves is saved anew.

    Raises InvalidInput unless every rule of the kind is named once.
    """
    require(caller, Permission.MANAGE_ROUTING_RULES)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        config.lock(tx)
        rules = load_configuration(tx).routing_rules
        _check_order([rule.rule_id for rule in ordered(rules.values(), kind)], rule_ids)
        for position, rule_id in enumerate(rule_ids, 1):
            if rules[rule_id].position != position:
                moved = replace(rules[rule_id], position=position)
                config.save(
                    tx,
                    ConfigKind.ROUTING_RULE,
                    rule_id,
                    moved.name,
                    routing_rule_document(moved),
                    author=caller.actor,
                    reason=reason or "put in order",
                    now=now,
                )
        detail = {"kind": kind.value, "ruleIds": list(rule_ids)}
        event = Event.ROUTING_RULE_REORDER
        audit.append(tx, Entry(now, caller.actor, event, "routing-rule", kind.value, detail))
    return list(rule_ids)


def _check_order(current: Sequence[str], wanted: Sequence[str]) -> None:
    if sorted(current) == sorted(wanted):
        return
    missing = [one for one in current if one not in wanted]
    strange = [one for one in wanted if one not in current]
    said = "name every routing rule of this kind once"
    problems = [
        *(Problem(f"`{one}` is missing", "/ruleIds", said) for one in missing),
        *(Problem(f"`{one}` is no routing rule of this kind", "/ruleIds", said) for one in strange),
    ]
    raise InvalidInput(said, problems=tuple(problems) or (Problem(said, "/ruleIds"),))


def _settle(saving: Saving, rule: RoutingRule) -> RoutingRule:
    """References, then the condition. Without a position it keeps its own, or comes last."""
    refuse("routing rule", routing_rule_problems(rule, saving.configuration))
    checked, problems = checked_routing_rule(rule, saving.configuration)
    refuse("routing rule", problems)
    if checked.position is not None:
        return checked
    others = saving.configuration.routing_rules
    before = others.get(saving.object_id)
    if before is not None and before.kind is rule.kind:
        return replace(checked, position=before.position)
    last = max((one.position or 0 for one in ordered(others.values(), rule.kind)), default=0)
    return replace(checked, position=last + 1)


ROUTING_RULES = Noun(
    kind=ConfigKind.ROUTING_RULE,
    title="routing rule",
    events=Events(
        Event.ROUTING_RULE_CREATE,
        Event.ROUTING_RULE_UPDATE,
        Event.ROUTING_RULE_DELETE,
        Event.ROUTING_RULE_ROLLBACK,
    ),
    parse=parse_routing_rule,
    document=routing_rule_document,
    name=lambda rule: rule.name,
    select=lambda configuration: configuration.routing_rules,
    needs=lambda _before, _after: Permission.MANAGE_ROUTING_RULES,
    settle=_settle,
    users=lambda _saving: (),
)
