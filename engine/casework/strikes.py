"""What an action against somebody's item counts against that person, and what follows from it.

The actions done to one item at once are one event. Of the policies of those that apply strikes, the
single most severe counts, so an item that breaks three policies is not three offences. Of the
thresholds that a person's sum passes with it, the highest alone has effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from engine.actions.execution import Execution, Source, Target
from engine.configuration.parameters import configured_values
from engine.configuration.policies import strike_weight
from engine.configuration.settings import StrikeTarget
from engine.items import ItemRef, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.configuration.configuration import Configuration
    from engine.configuration.policies import Policy
    from engine.configuration.settings import StrikeThreshold


@dataclass(frozen=True)
class Strike:
    """fact_id: made from the first striking execution, so that it is found again to withdraw it."""

    fact_id: str
    person: ItemRef
    policy_id: str
    amount: int
    target: Target
    actor: str


@dataclass(frozen=True)
class Tally:
    """strikes: to record, in order. sums: what is told of each person. effects: of thresholds."""

    strikes: tuple[Strike, ...]
    sums: Mapping[ItemRef, float]
    effects: tuple[Execution, ...]


def person_of(target: Target) -> ItemRef | None:
    """The user behind an item: itself, or its author."""
    return ItemRef(*target.person) if target.person else None


def struck(target: Target) -> ItemRef | None:
    """Whom a strike-enabled action strikes.

    The author of content only where the content itself was at hand: an action that names a mere
    identifier is not known to be about this author's words.
    """
    if target.kind is Kind.USER or target.submission_id is not None:
        return person_of(target)
    return None


def most_severe(
    policies: Iterable[Policy], known: Mapping[str, Policy]
) -> tuple[Policy, int] | None:
    """The policy that counts most, and how much; the first of equals, None without any."""
    weighed = [(policy, strike_weight(policy, known)) for policy in policies]
    return max(weighed, key=lambda pair: pair[1], default=None)


def events(executions: Sequence[Execution]) -> list[list[Execution]]:
    """Those done to one item at once, together, in the order of the first of each."""
    together: dict[tuple[object, ...], list[Execution]] = {}
    for each in executions:
        target = each.target
        key = (target.type_id, target.item_id, target.submission_id, each.source, each.actor)
        together.setdefault(key, []).append(each)
    return list(together.values())


def strike_of(event: Sequence[Execution], policies: Mapping[str, Policy]) -> Strike | None:
    """None when no action applies strikes, no policy weighs anything, or nobody is known."""
    striking = [
        each
        for each in event
        if each.action.apply_user_strikes and each.source is not Source.USER_STRIKE
    ]
    person = struck(striking[0].target) if striking else None
    worst = most_severe((policy for each in striking for policy in each.policies), policies)
    if person is None or worst is None or worst[1] == 0:
        return None
    first = striking[0]
    return Strike(
        fact_id=strike_id(first.execution_id),
        person=person,
        policy_id=worst[0].policy_id,
        amount=worst[1],
        target=first.target,
        actor=first.actor or "system:rules",
    )


def strikes_of(
    executions: Sequence[Execution], policies: Mapping[str, Policy]
) -> tuple[Strike, ...]:
    found = (strike_of(event, policies) for event in events(executions))
    return tuple(strike for strike in found if strike is not None)


def tally(
    strikes: Sequence[Strike], before: Mapping[ItemRef, float], configuration: Configuration
) -> Tally:
    """Adds the strikes up one after the other. before: each person's balance so far."""
    sums = dict(before)
    effects: list[Execution] = []
    for strike in strikes:
        old = sums.get(strike.person, 0.0)
        sums[strike.person] = old + strike.amount
        passed = told(old), told(old + strike.amount)
        threshold = crossed(*passed, configuration.settings.strike_thresholds)
        if threshold is not None:
            effects.extend(_effects(strike, threshold, configuration))
    told_sums = {person: told(balance) for person, balance in sums.items()}
    return Tally(tuple(strikes), told_sums, tuple(effects))


def told(balance: float) -> float:
    """The sum of somebody's strikes; nobody has fewer than none, whatever was taken off by hand."""
    return max(balance, 0.0)


def crossed(
    old: float, new: float, thresholds: Iterable[StrikeThreshold]
) -> StrikeThreshold | None:
    """The highest that is above the old sum and not above the new one."""
    passed = [each for each in thresholds if old < each.threshold <= new]
    return max(passed, key=lambda each: each.threshold, default=None)


def _effects(
    strike: Strike, threshold: StrikeThreshold, configuration: Configuration
) -> list[Execution]:
    """Actions that have been deleted since are left out."""
    target = strike.target
    if threshold.target is StrikeTarget.USER:
        target = user_target(strike.person, configuration)
    return [
        Execution(
            execution_id=effect_id(strike.fact_id, action_id),
            dedupe_key=f"strike:{strike.fact_id}:{action_id}",
            action=configuration.actions[action_id],
            target=target,
            source=Source.USER_STRIKE,
            parameters=configured_values(
                configuration.actions[action_id].parameters,
                threshold.action_parameters.get(action_id, {}),
            ),
        )
        for action_id in threshold.action_ids
        if action_id in configuration.actions
    ]


def user_target(person: ItemRef, configuration: Configuration) -> Target:
    item_type = configuration.item_types.get(person.type_id)
    name = item_type.name if item_type else person.type_id
    return Target(person.type_id, person.item_id, name, Kind.USER)


def strike_id(execution_id: str) -> str:
    """The strike that this execution, first of its event to strike, records."""
    return str(uuid5(UUID(execution_id), "strike"))


def effect_id(fact_id: str, action_id: str) -> str:
    """The execution that a strike causes by passing a threshold."""
    return str(uuid5(UUID(fact_id), action_id))
