"""The newest rows of the lake, for looking at their quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from store import export_source, lake
from store.analysis import session
from store.lake_items import ITEMS, define_items

if TYPE_CHECKING:
    from services.context import Context

SAMPLE: Final = 20_000


@dataclass(frozen=True)
class ItemSample:
    """rows: in the order of arrival, with places and without what people wrote."""

    name: str
    rows: pa.Table


def latest_items(context: Context, org_id: int, *, limit: int = SAMPLE) -> list[ItemSample]:
    """The newest rows of every item type that has any."""
    with context.database.transaction(org_id) as tx:
        type_ids = export_source.item_type_ids(tx)
    samples = []
    for type_id in type_ids:
        found = lake.snapshot(lake.items_uri(context.lake_root, org_id, type_id))
        if found is not None:
            samples.append(ItemSample(f"{org_id}/{type_id}", _newest(found, limit)))
    return samples


_NEWEST: Final = """
SELECT * FROM (
    SELECT _seq, _arrived_at, _submission_id, _item_id, _type_version FROM {items}
    ORDER BY _seq DESC LIMIT {limit}
) ORDER BY _seq
"""


def _newest(found: lake.Snapshot, limit: int) -> pa.Table:
    files, rows = [], 0
    for file in reversed(found.files):
        files.append(file)
        rows += file.rows
        if rows >= limit:
            break
    with session() as connection:
        define_items(connection, found, files, pa.schema([]))
        return connection.sql(_NEWEST.format(items=ITEMS, limit=limit)).to_arrow_table()
