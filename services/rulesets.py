"""What an organisation has configured, read in one go, and the rulesets it compiles to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import structlog

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
from engine.configuration.routing_rules import parse_routing_rule
from engine.configuration.rules import parse_rule
from engine.configuration.settings import OBJECT_ID, OrgSettings, parse_settings
from engine.errors import InvalidConfiguration, Unavailable
from engine.items import parse_item_type
from services.signal_calls import asker_of
from services.signals import installed
from store import config, past_configuration
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from store.config import Revision

__all__ = [
    "BrokenRule",
    "LiveRuleset",
    "TypeRuleset",
    "compile_configuration",
    "known_configuration",
    "load_configuration",
]

T = TypeVar("T")

log = structlog.get_logger()
MOST_KNOWN = 64
MOST_PARSED = 4096
_known: WeakKeyDictionary[Engine, dict[int, Configuration]] = WeakKeyDictionary()
_unread: WeakKeyDictionary[Engine, dict[int, tuple[int, str]]] = WeakKeyDictionary()
_lock = threading.Lock()
_parsed_before: dict[tuple[ConfigKind, str, int], tuple[Mapping[str, object], Any]] = {}


def known_configuration(tx: Connection) -> Configuration:
    """As `load_configuration`, read anew only when the version has moved on.

    For transactions that read: one that saves must load, or what it rolls back would be kept.
    Where a stored document cannot be read, as by an older version of Winnow, the last one that
    could goes on being used. Raises Unavailable when there is none: nobody's request is wrong.
    """
    org_id, config_version = config.organisation(tx)
    with _lock:
        found = _known.setdefault(tx.engine, {}).get(org_id)
        unread, _ = _unread.setdefault(tx.engine, {}).get(org_id, (None, ""))
    if found is not None and config_version in {found.config_version, unread}:
        return found
    try:
        loaded = load_configuration(tx)
    except InvalidConfiguration as broken:
        log.exception("configuration_not_read", org_id=org_id)
        refused = unreadable(broken)
        with _lock:
            _unread.setdefault(tx.engine, {})[org_id] = config_version, refused.message
        if found is None:
            raise refused from broken
        return found
    with _lock:
        _unread.setdefault(tx.engine, {}).pop(org_id, None)
        kept = _known.setdefault(tx.engine, {})
        if len(kept) >= MOST_KNOWN:
            kept.clear()
        kept[org_id] = loaded
    return loaded


def unread_problem(tx: Connection) -> str:
    """Why the newest configuration is not the one that `known_configuration` gives, or nothing."""
    known_configuration(tx)
    with _lock:
        _, problem = _unread.setdefault(tx.engine, {}).get(config.organisation(tx)[0], (0, ""))
    return problem


def unreadable(broken: InvalidConfiguration) -> Unavailable:
    return Unavailable(
        f"The stored configuration cannot be read: {broken.message}.",
        hint="Run the version of Winnow that saved it.",
    )


def _parsed(parse: Callable[[str, int, object], T], revision: Revision) -> T:
    """Parsed once for as long as the document stays the same; a bank may be long."""
    key = revision.kind, revision.object_id, revision.version
    with _lock:
        found = _parsed_before.get(key)
    if found is not None and found[0] == revision.document:
        value: T = found[1]
        return value
    value = parse(revision.object_id, revision.version, revision.document)
    with _lock:
        if len(_parsed_before) >= MOST_PARSED:
            _parsed_before.clear()
        _parsed_before[key] = revision.document, value
    return value


def load_configuration(tx: Connection) -> Configuration:
    """Every current object of the organisation, and its version, as of one moment."""
    return _read(tx, *config.snapshot(tx))


def configuration_as_of(tx: Connection, config_version: int) -> Configuration:
    """As it stood at an earlier version; signals are those of today."""
    org_id, _ = config.organisation(tx)
    return _read(tx, org_id, config_version, past_configuration.as_of(tx, config_version))


def _read(
    tx: Connection, org_id: int, config_version: int, revisions: Sequence[Revision]
) -> Configuration:
    def read(kind: ConfigKind, parse: Callable[[str, int, object], T]) -> dict[str, T]:
        return {
            revision.object_id: _parsed(parse, revision)
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
        routing_rules=read(ConfigKind.ROUTING_RULE, parse_routing_rule),
        settings=read(ConfigKind.SETTINGS, parse_settings).get(OBJECT_ID, OrgSettings()),
        signals=installed().signals,
        ask=asker_of(tx.engine, org_id),
    )
