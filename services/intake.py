"""What a process must know of an organisation to take its items in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.items import Kind, parse_item_type, row_values
from engine.language.counters import EventProbe, compile_events
from services.counters import running_counters
from store import clock, config
from store.config import ConfigKind
from store.submissions import copy_text
from store.window_events import NOTHING_CARRIED, carried

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.items import ItemType
    from engine.language.measures import Event
    from services.context import Context


Row = Callable[[Mapping[str, object]], dict[str, object]]
CountedEvent = tuple[int, bytes, bytes]
"""Counter id, key, and what the event carries, both as COPY wants them."""


@dataclass(frozen=True)
class TypeCounters:
    """row: from stored JSON data to the values that conditions are evaluated on.

    events_of: for each counter the event that a row is, None where it does not count.
    """

    row: Row
    events_of: EventProbe
    counter_ids: tuple[int, ...]

    def events(self, data: Mapping[str, object]) -> tuple[CountedEvent, ...]:
        """Of each counter that counts this item."""
        return tuple(
            [
                (counter_id, copy_text(event.key), _tail(event))
                for counter_id, event in zip(
                    self.counter_ids, self.events_of(self.row(data)), strict=True
                )
                if event is not None
            ]
        )


def _tail(event: Event) -> bytes:
    if event.member is None and event.number is None:
        return NOTHING_CARRIED
    return carried(event.number, None if event.member is None else copy_text(event.member))


@dataclass(frozen=True)
class Intake:
    """Item types and counters of one organisation, at the versions named."""

    org_id: int
    config_version: int
    counters_version: int
    item_types: Mapping[str, ItemType] = field(default_factory=dict)
    counters: Mapping[str, TypeCounters] = field(default_factory=dict)

    def events(self, type_id: str, data: Mapping[str, object]) -> tuple[CountedEvent, ...]:
        counted = self.counters.get(type_id)
        return counted.events(data) if counted else ()


def load_intake(context: Context, org_id: int, known: Intake | None = None) -> Intake:
    """known: what was loaded before; it is given back when nothing has changed."""
    with context.database.transaction(org_id) as tx:
        versions = config.config_version(tx), clock.read(tx).counters_version
        if known and versions == (known.config_version, known.counters_version):
            return known
        return _read(tx, org_id, versions)


def current_intake(tx: Connection, org_id: int) -> Intake:
    """Read in the caller's own transaction."""
    return _read(tx, org_id, (config.config_version(tx), clock.read(tx).counters_version))


def _read(tx: Connection, org_id: int, versions: tuple[int, int]) -> Intake:
    """The versions were read first, so a change that slips in between is only loaded again."""
    item_types = {
        head.object_id: parse_item_type(head.object_id, head.version, head.document)
        for head in config.heads(tx, ConfigKind.ITEM_TYPE)
    }
    counters = {
        type_id: TypeCounters(
            row_values(item_types[type_id]),
            compile_events([running.counter for running in found]),
            tuple(running.counter_id for running in found),
        )
        for type_id, found in running_counters(tx, item_types).items()
    }
    return Intake(org_id, *versions, item_types, counters)


def load_item_type(context: Context, org_id: int, type_id: str, version: int) -> ItemType:
    """One past version, which never changes. Raises NotFound."""
    with context.database.transaction(org_id) as tx:
        found = config.at_version(tx, ConfigKind.ITEM_TYPE, type_id, version)
    return parse_item_type(type_id, found.version, found.document)


def kind_of(item_types: Mapping[str, ItemType], type_id: str) -> Kind:
    """CONTENT for a type that has been deleted since."""
    found = item_types.get(type_id)
    return found.kind if found else Kind.CONTENT
