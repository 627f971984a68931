"""One action done to one item, and everything its effects need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.items import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.configuration.actions import Action
    from engine.configuration.policies import Policy
    from engine.configuration.rules import Rule
    from engine.items import ItemRef


class Source(StrEnum):
    """What caused an action, as platforms and analysts read it."""

    POST_ITEMS = "post-items"
    POST_CONTENT = "post-content"
    POST_ACTIONS = "post-actions"
    MRT_DECISION = "mrt-decision"
    MANUAL_ACTION_RUN = "manual-action-run"
    SUBMIT_REPORT = "submit-report"
    SUBMIT_APPEAL = "submit-appeal"
    USER_STRIKE = "user-strike-action-execution"


@dataclass(frozen=True)
class Target:
    """The item acted on; the place and submission are None when only its identifier is known.

    told: its data where the platform was asked for an item that it had never sent.
    """

    type_id: str
    item_id: str
    type_name: str
    kind: Kind
    creator: ItemRef | None = None
    seq: int | None = None
    arrived_at: datetime | None = None
    submission_id: str | None = None
    told: Mapping[str, object] | None = None

    @property
    def person(self) -> tuple[str, str] | None:
        """(type id, item id) of the user behind it: itself, or its author."""
        if self.kind is Kind.USER:
            return self.type_id, self.item_id
        return (self.creator.type_id, self.creator.item_id) if self.creator else None


@dataclass(frozen=True)
class Report:
    reason: str | None
    reporter: ItemRef | None


@dataclass(frozen=True)
class Execution:
    """dedupe_key: unique per organisation; a second execution with it has no effect.

    report_history: given for decisions on reported items alone; None leaves it out.
    reported_items: which items the action is about besides its target, shown to who reviews it.
    """

    execution_id: str
    dedupe_key: str
    action: Action
    target: Target
    source: Source
    rules: tuple[Rule, ...] = ()
    policies: tuple[Policy, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    actor: str | None = None
    actor_email: str | None = None
    actor_note: str | None = None
    decision_reason: str | None = None
    report_history: tuple[Report, ...] | None = None
    user_strike_count: int | None = None
    reported_items: tuple[ItemRef, ...] = ()
