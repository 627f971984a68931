"""Names in files, ids in a configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule
    from engine.items import Field


@dataclass(frozen=True)
class Names:
    """Id -> name, of everything that a rule can refer to."""

    item_types: Mapping[str, str]
    actions: Mapping[str, str]
    policies: Mapping[str, str]

    @staticmethod
    def of(configuration: Configuration) -> Names:
        return Names(
            {each.type_id: each.name for each in configuration.item_types.values()},
            {each.action_id: each.name for each in configuration.actions.values()},
            {each.policy_id: each.name for each in configuration.policies.values()},
        )

    def named(self, rule: Rule) -> Rule:
        """The rule with names where it holds ids, and without an id of its own."""
        return replace(
            rule,
            rule_id="",
            version=0,
            item_type_ids=tuple(self.item_types.get(each, each) for each in rule.item_type_ids),
            action_ids=tuple(self.actions.get(each, each) for each in rule.action_ids),
            policy_ids=tuple(self.policies.get(each, each) for each in rule.policy_ids),
        )

    def resolved(self, rule: Rule) -> tuple[Rule, tuple[Problem, ...]]:
        """The rule with ids where it holds names, and a problem for each name that is unknown."""
        problems: list[Problem] = []
        if not rule.item_type_ids:
            problems.append(
                Problem(
                    "no item type has all the fields that the pack declares",
                    hint="name the item types under `itemTypes`, or rename the fields in the pack",
                )
            )
        resolved = replace(
            rule,
            item_type_ids=_ids(rule.item_type_ids, self.item_types, "item type", problems),
            action_ids=_ids(rule.action_ids, self.actions, "action", problems),
            policy_ids=_ids(rule.policy_ids, self.policies, "policy", problems),
        )
        return resolved, tuple(problems)


def _ids(
    names: tuple[str, ...], known: Mapping[str, str], noun: str, problems: list[Problem]
) -> tuple[str, ...]:
    by_name = {name: identity for identity, name in known.items()}
    problems.extend(
        Problem(f"there is no {noun} `{name}`", hint=f"create the {noun} first, or take it out")
        for name in names
        if name not in by_name
    )
    return tuple(by_name[name] for name in names if name in by_name)


def field_of(given: Field) -> Field:
    """A field as rules see it: whether it must be sent and how it is described is no matter."""
    inner = tuple(field_of(each) for each in given.fields)
    return replace(given, required=False, description="", fields=inner)
