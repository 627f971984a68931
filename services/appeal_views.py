"""An appeal as reviewers and platforms see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the API reads the annotation
from typing import TYPE_CHECKING, Any

from services.people import names_in
from store import appeals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from store.appeals import AppealRow

WAITING = "OPEN"


@dataclass(frozen=True)
class DoneView:
    """One action that the appeal is against, and who or what did it.

    rule_names, policy_names: of each id, in its order; the id where it is gone.
    """

    execution_id: str
    action_id: str
    action_name: str
    actor: str
    actor_name: str
    decision_id: str | None
    rule_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]
    rule_names: tuple[str, ...]
    policy_names: tuple[str, ...]


@dataclass(frozen=True)
class SentItem:
    """data: as it came with the appeal, without the item type's hidden fields."""

    item_id: str
    item_type_id: str
    item_type_name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class AppealView:
    """id: ours; appeal_id: the platform's. state: OPEN, ACCEPT or REJECT.

    earlier_id: the appeal about the same item before this one.
    """

    id: str
    appeal_id: str
    state: str
    appealed_by_type_id: str
    appealed_by_id: str
    appealed_at: datetime
    received_at: datetime
    reason: str
    action_ids: tuple[str, ...]
    policy_ids: tuple[str, ...]
    item: SentItem
    additional_items: tuple[SentItem, ...]
    against: tuple[DoneView, ...]
    earlier_id: str | None
    job_id: str
    decision_id: str | None
    resolved_at: datetime | None


def of_job(tx: Connection, configuration: Configuration, job_id: str) -> tuple[AppealView, ...]:
    """Oldest first."""
    rows = appeals.of_job(tx, job_id)
    names = actor_names(tx, rows)
    return tuple(appeal_view(row, configuration, names) for row in rows)


def actor_names(tx: Connection, rows: Sequence[AppealRow]) -> Mapping[str, str]:
    return names_in(tx, [str(done["actor"]) for row in rows for done in row.against])


def appeal_view(
    row: AppealRow, configuration: Configuration, names: Mapping[str, str]
) -> AppealView:
    return AppealView(
        id=row.id,
        appeal_id=row.appeal_id,
        state=row.outcome or WAITING,
        appealed_by_type_id=row.appealed_by_type_id,
        appealed_by_id=row.appealed_by_id,
        appealed_at=row.appealed_at,
        received_at=row.received_at,
        reason=row.reason,
        action_ids=tuple(row.action_ids),
        policy_ids=tuple(row.policy_ids),
        item=_sent(row.item, configuration),
        additional_items=tuple(_sent(item, configuration) for item in row.additional_items),
        against=tuple(_done(done, configuration, names) for done in row.against),
        earlier_id=row.earlier_id,
        job_id=row.job_id,
        decision_id=row.decision_id,
        resolved_at=row.resolved_at,
    )


def _sent(item: Mapping[str, Any], configuration: Configuration) -> SentItem:
    item_type = configuration.item_types.get(item["typeId"])
    hidden = item_type.hidden_fields if item_type else frozenset()
    return SentItem(
        item_id=item["id"],
        item_type_id=item["typeId"],
        item_type_name=item_type.name if item_type else item["typeId"],
        data={key: value for key, value in item["data"].items() if key not in hidden},
    )


def _done(
    done: Mapping[str, Any], configuration: Configuration, names: Mapping[str, str]
) -> DoneView:
    action = configuration.actions.get(done["actionId"])
    rules, policies = configuration.rules, configuration.policies
    return DoneView(
        execution_id=done["executionId"],
        action_id=done["actionId"],
        action_name=action.name if action else done["actionId"],
        actor=done["actor"],
        actor_name=names[done["actor"]],
        decision_id=done["decisionId"],
        rule_ids=tuple(done["ruleIds"]),
        policy_ids=tuple(done["policyIds"]),
        rule_names=tuple(rules[one].name if one in rules else one for one in done["ruleIds"]),
        policy_names=tuple(
            policies[one].name if one in policies else one for one in done["policyIds"]
        ),
    )
