"""Rules in files against what an organisation has: what would change, and changing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engine.backtest.request import BacktestRequest
from engine.configuration.banks import TextBank, bank_document
from engine.configuration.policies import Policy, policy_document
from engine.configuration.rules import Rule, rule_document
from engine.errors import AwaitsApproval, InvalidInput, WinnowError
from engine.packs.live import packs_of
from engine.packs.names import Names
from engine.packs.plan import Change, Noun, Plan, Waiting, named_changes, plan
from engine.permissions import Permission
from services.backtests import request_backtest, run_backtest
from services.banks import BANKS
from services.configuration import create, update
from services.context import require
from services.policies import POLICIES
from services.rules import RULES
from services.rulesets import known_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.packs import Pack
    from services.context import Caller, Context

ORDER: Final = (Noun.POLICY, Noun.BANK, Noun.RULE)


@dataclass(frozen=True)
class Effect:
    """What a new or changed condition would have matched in the lake.

    hits, baseline_hits: of the condition in the pack, and of the one that is live; None where there
    is none. why: why it is not known.
    """

    rule: str
    item_type: str
    rows: int | None = None
    hits: int | None = None
    baseline_hits: int | None = None
    why: str = ""


def plan_packs(context: Context, caller: Caller, packs: Sequence[Pack]) -> Plan:
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    return plan(packs, configuration, context.clock())


def apply_packs(context: Context, caller: Caller, packs: Sequence[Pack], reason: str) -> Plan:
    """Plans and applies."""
    return apply_plan(context, caller, plan_packs(context, caller, packs), reason)


def apply_plan(context: Context, caller: Caller, planned: Plan, reason: str) -> Plan:
    """Saves what the plan says, each object by itself: policies, banks, rules.

    Raises InvalidInput before anything is saved if the plan has problems, and Conflict for what
    somebody else has changed since it was made. What was saved until then stays; another apply
    goes on. What a second person has to approve is named in `waiting`, and holds up nothing else.
    """
    if planned.problems:
        raise InvalidInput("The packs cannot be applied.", problems=planned.problems)
    waiting: list[Waiting] = []
    for change in sorted(planned.changes, key=lambda change: ORDER.index(change.noun)):
        try:
            _save(context, caller, change, reason)
        except AwaitsApproval as awaiting:
            waiting.append(Waiting(change.name, awaiting.approval_id))
    return replace(planned, waiting=tuple(waiting))


def _save(context: Context, caller: Caller, change: Change, reason: str) -> None:
    value = change.value
    if isinstance(value, Policy):
        create(context, caller, POLICIES, policy_document(value), reason)
    elif isinstance(value, TextBank):
        document = bank_document(value)
        if change.object_id is None:
            create(context, caller, BANKS, document, reason)
        else:
            update(
                *(context, caller, BANKS, change.object_id, document),
                reason=reason,
                expected_version=change.version,
            )
    else:
        _save_rule(context, caller, change, value, reason)


def _save_rule(context: Context, caller: Caller, change: Change, rule: Rule, reason: str) -> None:
    with context.database.transaction(caller.org_id) as tx:
        resolved, problems = Names.of(known_configuration(tx)).resolved(rule)
    if problems:
        raise InvalidInput(f"The rule `{rule.name}` cannot be saved.", problems=problems)
    document = rule_document(resolved)
    if change.object_id is None:
        create(context, caller, RULES, document, reason)
    else:
        update(
            *(context, caller, RULES, change.object_id, document),
            reason=reason,
            expected_version=change.version,
        )


def pull_packs(context: Context, caller: Caller) -> tuple[Pack, ...]:
    """What is live, as packs; applying them again changes nothing."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    with context.database.transaction(caller.org_id) as tx:
        return packs_of(known_configuration(tx))


def effects_of(context: Context, caller: Caller, planned: Plan) -> tuple[Effect, ...]:
    """Backtests every condition that the plan makes or changes, over all of the lake."""
    return tuple(
        effect
        for change in planned.changes
        if isinstance(change.value, Rule)
        if any(each.key in {"where", "itemTypeIds"} for each in change.differences)
        for effect in _effects(context, caller, change, change.value, planned)
    )


def _effects(
    context: Context, caller: Caller, change: Change, rule: Rule, planned: Plan
) -> Iterator[Effect]:
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    names = Names.of(configuration)
    before = configuration.rules.get(change.object_id or "")
    banks = [
        each for each in named_changes(planned.changes, Noun.BANK) if f"'{each}'" in rule.where
    ]
    for type_id, name in names.item_types.items():
        if name not in rule.item_type_ids:
            continue
        if banks:
            why = f"it reads the bank `{min(banks)}`, which the plan itself changes"
            yield Effect(rule.name, name, why=why)
            continue
        compared = before is not None and type_id in before.item_type_ids
        baseline = before.where if before is not None and compared else None
        request = BacktestRequest(type_id, where=rule.where, baseline_where=baseline)
        yield _effect(context, caller, request, Effect(rule.name, name))


def _effect(context: Context, caller: Caller, request: BacktestRequest, asked: Effect) -> Effect:
    try:
        backtest_id = request_backtest(context, caller, request)
    except WinnowError as refused:
        return replace(asked, why=refused.message)
    row = run_backtest(context, caller.org_id, backtest_id)
    if row.report is None:
        return replace(asked, why=row.error or f"the backtest is {row.state.value}")
    baseline = row.report["baseline"]
    return replace(
        asked,
        rows=row.report["rows"],
        hits=row.report["hits"],
        baseline_hits=baseline["hits"] if baseline else None,
    )
