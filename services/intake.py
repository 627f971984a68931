"""What a process must know of an organisation to take its items in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.items import Kind, parse_item_type, row_values
from engine.language.counters import compile_counters
from services.counters import running_counters
from store import clock, config
from store.config import ConfigKind
from store.submissions import copy_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.items import ItemType
    from services.context import Context


Row = Callable[[Mapping[str, object]], dict[str, object]]


@dataclass(frozen=True)
class TypeCounters:
    """row: from stored JSON data to the values that conditions are evaluated on.

    keys: for each counter the key under which a row counts, None where it does not.
    """

    row: Row
    keys: Callable[[Mapping[str, object]], tuple[str | None, ...]]
    counter_ids: tuple[int, ...]

    def events(self, data: Mapping[str, object]) -> tuple[tuple[int, bytes], ...]:
        """(counter id, key escaped for COPY) of each counter that counts this item."""
        keys = self.keys(self.row(data))
        return tuple(
            (counter_id, copy_text(key))
            for counter_id, key in zip(self.counter_ids, keys, strict=True)
            if key is not None
        )


@dataclass(frozen=True)
class Intake:
    """Item types and counters of one organisation, at the versions named."""

    org_id: int
    config_version: int
    counters_version: int
    item_types: Mapping[str, ItemType] = field(default_factory=dict)
    counters: Mapping[str, TypeCounters] = field(default_factory=dict)

    def events(self, type_id: str, data: Mapping[str, object]) -> tuple[tuple[int, bytes], ...]:
        counted = self.counters.get(type_id)
        return counted.events(data) if counted else ()


def load_intake(context: Context, org_id: int, known: Intake | None = None) -> Intake:
    """known: what was loaded before; it is given back when nothing has changed."""
    with context.database.transaction(org_id) as tx:
        versions = config.config_version(tx), clock.read(tx).counters_version
        if known and versions == (known.config_version, known.counters_version):
            return known
        return _read(tx, org_id, versions)


def _read(tx: Connection, org_id: int, versions: tuple[int, int]) -> Intake:
    """The versions were read first, so a change that slips in between is only loaded again."""
    item_types = {
        head.object_id: parse_item_type(head.object_id, head.version, head.document)
        for head in config.heads(tx, ConfigKind.ITEM_TYPE)
    }
    counters = {
        type_id: TypeCounters(
            row_values(item_types[type_id]),
            compile_counters([running.counter for running in found]),
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
