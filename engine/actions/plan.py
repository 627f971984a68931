"""From the rules that matched an item to what is done to it.

Several rules that ask for one action cause it once, with their rules and policies merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.actions.execution import Execution, Source
from engine.configuration.actions import ActionType
from engine.configuration.parameters import configured_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.actions.execution import Target
    from engine.actions.verdict import Match
    from engine.configuration.actions import Action
    from engine.configuration.configuration import Configuration
    from engine.configuration.policies import Policy
    from engine.configuration.rules import Rule

JOB_KINDS: Mapping[ActionType, str] = {
    ActionType.ENQUEUE_TO_MRT: "DEFAULT",
    ActionType.ENQUEUE_AUTHOR_TO_MRT: "DEFAULT",
    ActionType.ENQUEUE_TO_NCMEC: "NCMEC",
}
ABOUT_THE_PERSON = frozenset({ActionType.ENQUEUE_AUTHOR_TO_MRT, ActionType.ENQUEUE_TO_NCMEC})


@dataclass(frozen=True)
class PlannedJob:
    """A review job to open. queue_id None: the default queue. rules: why, in order."""

    execution: Execution
    kind: str
    queue_id: str | None
    type_id: str
    item_id: str
    rules: tuple[Rule, ...]
    policy_ids: tuple[str, ...]


def plan_executions(
    matches: Sequence[Match],
    target: Target,
    configuration: Configuration,
    new_id: Callable[[], str],
    source: Source = Source.POST_ITEMS,
) -> tuple[Execution, ...]:
    """One execution for each action that a rule which may act asks for and the item type allows."""
    acting = [match.rule for match in matches if match.held is None]
    return tuple(
        Execution(
            execution_id=new_id(),
            dedupe_key=f"{target.submission_id}:{action.action_id}",
            action=action,
            target=target,
            source=source,
            rules=tuple(rules),
            policies=merged_policies(rules, configuration.policies),
            parameters=configured_values(action.parameters, _configured(action, rules)),
        )
        for action, rules in _by_action(acting, target, configuration.actions)
    )


def _configured(action: Action, rules: Sequence[Rule]) -> Mapping[str, object]:
    """What the first rule that asks for the action says of its parameters."""
    return rules[0].action_parameters.get(action.action_id, {})


def _by_action(
    acting: Iterable[Rule], target: Target, actions: Mapping[str, Action]
) -> list[tuple[Action, list[Rule]]]:
    asked: dict[str, list[Rule]] = {}
    for rule in acting:
        for action_id in rule.action_ids:
            asked.setdefault(action_id, []).append(rule)
    return [
        (actions[action_id], rules)
        for action_id, rules in asked.items()
        if action_id in actions and actions[action_id].allows(target.type_id)
    ]


def merged_policies(rules: Iterable[Rule], policies: Mapping[str, Policy]) -> tuple[Policy, ...]:
    """Each policy once, in the order first named; deleted ones are left out."""
    ids = dict.fromkeys(policy_id for rule in rules for policy_id in rule.policy_ids)
    return tuple(policies[policy_id] for policy_id in ids if policy_id in policies)


def planned_job(execution: Execution) -> PlannedJob | None:
    """The job an enqueueing action opens; None for a webhook, or when nobody is known to review.

    An author's job is about the author; a child-safety job too, where the author is known.
    """
    kind = JOB_KINDS.get(execution.action.type)
    if kind is None:
        return None
    subject = _subject(execution)
    if subject is None:
        return None
    return PlannedJob(
        execution=execution,
        kind=kind,
        queue_id=execution.action.queue_id,
        type_id=subject[0],
        item_id=subject[1],
        rules=execution.rules,
        policy_ids=tuple(policy.policy_id for policy in execution.policies),
    )


def _subject(execution: Execution) -> tuple[str, str] | None:
    itself = execution.target.type_id, execution.target.item_id
    if execution.action.type not in ABOUT_THE_PERSON:
        return itself
    person = execution.target.person
    if execution.action.type is ActionType.ENQUEUE_TO_NCMEC:
        return person or itself
    return person


def job_source(execution: Execution, rule: Rule | None) -> dict[str, object]:
    """Why a job exists, as it is stored with it."""
    document: dict[str, object] = {
        "kind": "ACTION" if rule is None else "RULE_EXECUTION",
        "actionId": execution.action.action_id,
        "executionId": execution.execution_id,
        "source": execution.source.value,
        "itemTypeId": execution.target.type_id,
        "itemId": execution.target.item_id,
    }
    if execution.reported_items:
        document["reportedItems"] = [
            {"id": each.item_id, "typeId": each.type_id} for each in execution.reported_items
        ]
    if rule is None:
        return document
    return document | {
        "ruleId": rule.rule_id,
        "ruleName": rule.name,
        "ruleVersion": rule.version,
        "policyIds": list(rule.policy_ids),
    }
