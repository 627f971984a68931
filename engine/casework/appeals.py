"""What an appeal may hold, what it is against, and who may not judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import InvalidInput, Problem
from engine.items import Kind

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime

    from engine.configuration.actions import Action
    from engine.items import Item, ItemRef, ItemType

PERSON = "user:"
MAX_REASON = 100_000


@dataclass(frozen=True)
class NewAppeal:
    """appeal_id: the platform's own. additional_items: what else a reviewer should see."""

    appeal_id: str
    appealed_by: ItemRef
    appealed_at: datetime
    item: Item
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...] = ()
    reason: str = ""
    additional_items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Done:
    """One action done to the item that the appeal is against.

    decision_id: the decision that caused it; None for rules and keys. seq, arrived_at: the place of
    the submission it was done to; None when only the item's id was known.
    """

    execution_id: str
    action_id: str
    actor: str
    at: datetime
    decision_id: str | None = None
    rule_ids: tuple[str, ...] = ()
    policy_ids: tuple[str, ...] = ()
    seq: int | None = None
    arrived_at: datetime | None = None


@dataclass(frozen=True)
class Against:
    """done: latest first; more than once where the item was sent again."""

    done: tuple[Done, ...] = field(default=())

    @property
    def told(self) -> tuple[Done, ...]:
        """The latest of each action."""
        latest: dict[str, Done] = {}
        for one in self.done:
            latest.setdefault(one.action_id, one)
        return tuple(latest.values())

    @property
    def policy_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for one in self.told for key in one.policy_ids))

    @property
    def latest(self) -> Done | None:
        return max(self.done, key=lambda one: one.at, default=None)

    @property
    def people(self) -> tuple[str, ...]:
        """The actors among them that are persons, each once."""
        actors = dict.fromkeys(one.actor for one in self.done)
        return tuple(actor for actor in actors if actor.startswith(PERSON))


def check_appeal(
    appeal: NewAppeal, item_types: Mapping[str, ItemType], actions: Container[str]
) -> None:
    """Raises InvalidInput: one problem for each action that does not exist, one for the items."""
    problems = [
        Problem(f"There is no action with the id '{action_id[:200]}'.")
        for action_id in dict.fromkeys(appeal.action_ids)
        if action_id not in actions
    ]
    about_thread = item_types[appeal.item.type_id].kind is Kind.THREAD
    if appeal.additional_items and about_thread:
        problems.append(Problem("An appeal about a thread has no additionalItems."))
    elif any(item_types[i.type_id].kind is not Kind.CONTENT for i in appeal.additional_items):
        problems.append(Problem("The additionalItems of an appeal must all be content."))
    if problems:
        raise InvalidInput(problems[0].message, problems=tuple(problems))


def barred_reviewers(against: Against, earlier_judges: Iterable[str]) -> tuple[str, ...]:
    """Who may not judge it: who acted, and who judged an earlier appeal about the same item."""
    judges = (actor for actor in earlier_judges if actor.startswith(PERSON))
    return tuple(dict.fromkeys([*against.people, *judges]))


def reversals(
    action_ids: Sequence[str], actions: Mapping[str, Action], type_id: str
) -> tuple[Action, ...]:
    """The actions that take these back, each once, that exist and are for items of the type."""
    wanted = dict.fromkeys(
        actions[action_id].reversal_action_id for action_id in action_ids if action_id in actions
    )
    return tuple(
        actions[action_id]
        for action_id in wanted
        if action_id is not None and action_id in actions and actions[action_id].allows(type_id)
    )


def done_document(one: Done) -> dict[str, object]:
    return {
        "executionId": one.execution_id,
        "actionId": one.action_id,
        "actor": one.actor,
        "decisionId": one.decision_id,
        "ruleIds": list(one.rule_ids),
        "policyIds": list(one.policy_ids),
    }
