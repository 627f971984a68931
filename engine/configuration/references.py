"""Who refers to whom: what a saved object may name, and what keeps one from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.configuration.parameters import given_values
from engine.configuration.policies import parent_problems
from engine.configuration.reader import escape
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from engine.configuration.actions import Action
    from engine.configuration.configuration import Configuration
    from engine.configuration.policies import Policy
    from engine.configuration.queues import Queue
    from engine.configuration.routing_rules import RoutingRule
    from engine.configuration.rules import Rule


def _missing(ids: Sequence[str], known: Container[str], noun: str, key: str) -> list[Problem]:
    return [
        Problem(f"there is no {noun} `{identity}`", f"/{key}/{index}")
        for index, identity in enumerate(ids)
        if identity not in known
    ]


def policy_problems(policy: Policy, configuration: Configuration) -> list[Problem]:
    return list(parent_problems(policy, configuration.policies))


def action_problems(action: Action, configuration: Configuration) -> list[Problem]:
    problems = _missing(action.item_type_ids, configuration.item_types, "item type", "itemTypeIds")
    if action.queue_id is not None and action.queue_id not in configuration.queues:
        problems.append(Problem(f"there is no queue `{action.queue_id}`", "/queueId"))
    if action.reversal_action_id is not None:
        problems.extend(_reversal_problems(action, configuration.actions))
    return problems


def _reversal_problems(action: Action, actions: Mapping[str, Action]) -> list[Problem]:
    """An action is not its own reversal, and one that needs parameters cannot be one unasked."""
    reversal = actions.get(action.reversal_action_id or "")
    pointer = "/reversalActionId"
    if action.reversal_action_id == action.action_id:
        return [Problem("an action does not take itself back", pointer, "name another action")]
    if reversal is None:
        return [Problem(f"there is no action `{action.reversal_action_id}`", pointer)]
    return [
        Problem(f"`{reversal.name}`: {problem.message}", pointer, "give it a default")
        for problem in given_values(reversal.parameters, None, "")[1]
    ]


def routing_rule_problems(rule: RoutingRule, configuration: Configuration) -> list[Problem]:
    problems = _missing(rule.item_type_ids, configuration.item_types, "item type", "itemTypeIds")
    if not rule.item_type_ids:
        problems.append(Problem("name at least one item type", "/itemTypeIds"))
    if rule.queue_id not in configuration.queues:
        problems.append(Problem(f"there is no queue `{rule.queue_id}`", "/queueId"))
    return problems


def queue_problems(queue: Queue, configuration: Configuration) -> list[Problem]:
    return _missing(queue.hidden_action_ids, configuration.actions, "action", "hiddenActionIds")


def rule_problems(rule: Rule, configuration: Configuration) -> list[Problem]:
    problems = [
        *_missing(rule.item_type_ids, configuration.item_types, "item type", "itemTypeIds"),
        *_missing(rule.action_ids, configuration.actions, "action", "actionIds"),
        *_missing(rule.policy_ids, configuration.policies, "policy", "policyIds"),
    ]
    if not rule.item_type_ids:
        problems.append(Problem("name at least one item type", "/itemTypeIds"))
    problems.extend(
        parameter_problems(rule.action_ids, rule.action_parameters, configuration.actions)
    )
    return problems


def parameter_problems(
    action_ids: Sequence[str],
    given: Mapping[str, Mapping[str, object]],
    actions: Mapping[str, Action],
    pointer: str = "",
) -> list[Problem]:
    """What is wrong with values that are kept for actions which happen without a person.

    A parameter that is not named takes its default; one that is required and has none must be
    given.
    """
    problems = [
        Problem(
            f"`{action_id}` is not among the actions",
            f"{pointer}/actionParameters/{escape(action_id)}",
        )
        for action_id in given
        if action_id not in action_ids
    ]
    for action_id in action_ids:
        if action_id in actions:
            place = f"{pointer}/actionParameters/{escape(action_id)}"
            values = given.get(action_id, {})
            problems.extend(given_values(actions[action_id].parameters, values, place)[1])
    return problems


def users_of_policy(configuration: Configuration, policy_id: str) -> tuple[str, ...]:
    return (
        *_rules(rule for rule in configuration.rules.values() if policy_id in rule.policy_ids),
        *(
            f"policy `{policy.name}`"
            for policy in configuration.policies.values()
            if policy.parent_id == policy_id
        ),
    )


def users_of_action(configuration: Configuration, action_id: str) -> tuple[str, ...]:
    return (
        *_rules(rule for rule in configuration.rules.values() if action_id in rule.action_ids),
        *_actions(
            action
            for action in configuration.actions.values()
            if action.reversal_action_id == action_id
        ),
        *(
            f"queue `{queue.name}`"
            for queue in configuration.queues.values()
            if action_id in queue.hidden_action_ids
        ),
    )


def users_of_item_type(configuration: Configuration, type_id: str) -> tuple[str, ...]:
    return (
        *_rules(rule for rule in configuration.rules.values() if type_id in rule.item_type_ids),
        *_actions(a for a in configuration.actions.values() if type_id in a.item_type_ids),
        *_routing(r for r in configuration.routing_rules.values() if type_id in r.item_type_ids),
    )


def users_of_queue(configuration: Configuration, queue_id: str) -> tuple[str, ...]:
    return (
        *_actions(a for a in configuration.actions.values() if a.queue_id == queue_id),
        *_routing(r for r in configuration.routing_rules.values() if r.queue_id == queue_id),
    )


def _rules(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(f"rule `{rule.name}`" for rule in rules)


def _actions(actions: Iterable[Action]) -> tuple[str, ...]:
    return tuple(f"action `{action.name}`" for action in actions)


def _routing(rules: Iterable[RoutingRule]) -> tuple[str, ...]:
    return tuple(f"routing rule `{rule.name}`" for rule in rules)
