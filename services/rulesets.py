"""What an organisation has configured, read in one go, and the rulesets it compiles to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from engine.configuration.actions import parse_action
from engine.configuration.banks import parse_bank
from engine.configuration.compiled import (
    BrokenRule,
    LiveRuleset,
    TypeRuleset,
    compile_configuration,
)
from engine.configuration.configuration import Configuration
from engine.configuration.policies import parse_policy
from engine.configuration.queues import parse_queue
from engine.configuration.rules import parse_rule
from engine.items import parse_item_type
from store import config
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

__all__ = [
    "BrokenRule",
    "LiveRuleset",
    "TypeRuleset",
    "compile_configuration",
    "load_configuration",
]

T = TypeVar("T")


def load_configuration(tx: Connection) -> Configuration:
    """Every current object of the organisation; the version is that of the oldest it may show."""
    org_id, config_version = config.organisation(tx)
    revisions = config.heads(tx)

    def read(kind: ConfigKind, parse: Callable[[str, int, object], T]) -> dict[str, T]:
        return {
            revision.object_id: parse(revision.object_id, revision.version, revision.document)
            for revision in revisions
            if revision.kind is kind
        }

    return Configuration(
        org_id=org_id,
        config_version=config_version,
        item_types=read(ConfigKind.ITEM_TYPE, parse_item_type),
        policies=read(ConfigKind.POLICY, parse_policy),
        actions=read(ConfigKind.ACTION, parse_action),
        banks=read(ConfigKind.BANK, parse_bank),
        rules=read(ConfigKind.RULE, parse_rule),
        queues=read(ConfigKind.QUEUE, parse_queue),
    )
