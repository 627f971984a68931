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
    """Every current object of the transaction's organisation, and the configuration version."""
    org_id, config_version = config.version(tx)

    def read(kind: str, parse: Callable[[str, int, object], T]) -> dict[str, T]:
        return {
            head.object_id: parse(head.object_id, head.version, head.document)
            for head in config.heads(tx, kind)
        }

    return Configuration(
        org_id=org_id,
        config_version=config_version,
        item_types=read("item_type", parse_item_type),
        policies=read("policy", parse_policy),
        actions=read("action", parse_action),
        banks=read("bank", parse_bank),
        rules=read("rule", parse_rule),
        queues=read("queue", parse_queue),
    )
