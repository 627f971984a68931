"""A configuration taken out as one document, by name, for another organisation or for git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.configuration.exchange import FORMAT, SCHEMA, Known, exported, without_secrets
from engine.permissions import Permission
from services.actions import ACTIONS
from services.banks import BANKS
from services.context import require
from services.item_types import ITEM_TYPES
from services.policies import POLICIES
from services.queues import QUEUES
from services.routing import ROUTING_RULES
from services.rules import RULES
from services.rulesets import known_configuration
from services.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.configuration.configuration import Configuration
    from services.configuration import Noun
    from services.context import Caller, Context


@dataclass(frozen=True)
class Section:
    """One kind in a document. key: there; attribute: in a `Configuration`."""

    key: str
    attribute: str
    noun: Noun[Any]

    @property
    def kind(self) -> str:
        return self.noun.kind.value.replace("_", "-")


SECTIONS: Final = (
    Section("itemTypes", "item_types", ITEM_TYPES),
    Section("policies", "policies", POLICIES),
    Section("queues", "queues", QUEUES),
    Section("actions", "actions", ACTIONS),
    Section("banks", "banks", BANKS),
    Section("rules", "rules", RULES),
    Section("routingRules", "routing_rules", ROUTING_RULES),
)
SETTLED: Final = Section("settings", "settings", SETTINGS)


def export_configuration(context: Context, caller: Caller) -> dict[str, object]:
    """Everything that is configured, by name, without secrets; people and keys stay here."""
    require(caller, Permission.MANAGE_ORG)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    known = known_objects(configuration)
    document: dict[str, object] = {"schema": SCHEMA, "format": FORMAT}
    for section in SECTIONS:
        values = section.noun.select(configuration).values()
        ordered = sorted(values, key=section.noun.name)
        document[section.key] = [_out(section, value, known) for value in ordered]
    document[SETTLED.key] = _out(SETTLED, configuration.settings, known)
    return document


def _out(section: Section, value: object, known: Sequence[Known]) -> dict[str, object]:
    document = section.noun.document(value)
    secret = section.noun in {ACTIONS, SETTINGS}
    return exported(without_secrets(document) if secret else document, known)


def known_objects(configuration: Configuration) -> tuple[Known, ...]:
    return tuple(
        Known(section.kind, section.noun.name(value), object_id)
        for section in SECTIONS
        for object_id, value in section.noun.select(configuration).items()
    )
