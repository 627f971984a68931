"""Everything an organisation has configured, at one configuration version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.configuration.settings import OrgSettings
from engine.signals import Ask, Signal, ask_in_turn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.configuration.actions import Action
    from engine.configuration.banks import TextBank
    from engine.configuration.policies import Policy
    from engine.configuration.queues import Queue
    from engine.configuration.routing_rules import RoutingRule
    from engine.configuration.rules import Rule
    from engine.items import ItemType


@dataclass(frozen=True)
class Configuration:
    """Current, undeleted objects by id.

    signals: those that rules may name, by name. ask: how they are asked.
    """

    org_id: int
    config_version: int
    item_types: Mapping[str, ItemType] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    banks: Mapping[str, TextBank] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    settings: OrgSettings = field(default_factory=OrgSettings)
    routing_rules: Mapping[str, RoutingRule] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    ask: Ask = field(default=ask_in_turn, compare=False, repr=False)

    def default_queue(self) -> Queue | None:
        """The queue marked default; without one, the first by id."""
        marked = (queue for queue in self.queues.values() if queue.is_default)
        return next(marked, self.queues[min(self.queues)] if self.queues else None)

    def default_appeals_queue(self) -> Queue | None:
        """The queue marked default for appeals; without one, the default queue."""
        marked = (queue for queue in self.queues.values() if queue.is_appeals_default)
        return next(marked, self.default_queue())

    def default_child_safety_queue(self) -> Queue | None:
        """The queue marked default for child safety; without one, the default queue."""
        marked = (queue for queue in self.queues.values() if queue.is_child_safety_default)
        return next(marked, self.default_queue())
