"""Counts now and then what recent items hold, so that the lint can tell what no item comes near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine.items import row_values
from engine.language.field_statistics import statistics_of
from services.rulesets import known_configuration
from store import field_statistics, items_lookup

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.items import ItemType
    from engine.language.lint import FieldStatistics
    from services.context import Context

SAMPLE: Final = 2_000
FEWEST: Final = 50
"""Fewer items say little about those to come."""

DECODE = msgspec.json.Decoder(dict[str, Any]).decode


def collect(context: Context, org_id: int) -> int:
    """Looks at the latest items of every type; gives how many types it could tell of."""
    with context.database.transaction(org_id) as tx:
        item_types = known_configuration(tx).item_types.values()
        return sum(_collect(context, tx, item_type) for item_type in item_types)


def _collect(context: Context, tx: Connection, item_type: ItemType) -> bool:
    sampled = items_lookup.sample(tx, item_type.type_id, SAMPLE)
    if len(sampled) < FEWEST:
        return False
    read = row_values(item_type)
    rows = [read(DECODE(item.data)) for item in sampled]
    field_statistics.replace(
        tx,
        item_type.type_id,
        _shown(statistics_of(rows, item_type), item_type),
        sampled=len(rows),
        now=context.clock(),
    )
    return True


def _shown(found: dict[str, FieldStatistics], item_type: ItemType) -> dict[str, FieldStatistics]:
    """Hidden fields tell nothing of themselves, in figures either."""
    hidden = item_type.hidden_fields
    return {name: each for name, each in found.items() if name.split(".")[0] not in hidden}
