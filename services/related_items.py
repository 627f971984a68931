"""What a job's page shows beside the item and its author: what it names, and what was flagged.

Bounded, so that a page costs the same whatever points where.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from engine.configuration.configuration import Configuration
from engine.items import ItemRef, ItemType, Role, Scalar
from services.job_items import JobItem, job_item
from services.report_views import ReportView
from store import items_lookup
from store.items_lookup import ItemRow
from store.jobs import JobRow

MOST_RELATED: Final = 50


@dataclass(frozen=True)
class RelatedItem:
    """field: of the job's item, that which names it; None for one that no field does.

    flagged: a report, or whoever asked for the review, says that it is meant too.
    """

    item: JobItem
    field: str | None
    flagged: bool


def related_items(
    tx: Connection,
    configuration: Configuration,
    row: JobRow,
    stored: ItemRow | None,
    reports: Sequence[ReportView],
) -> tuple[RelatedItem, ...]:
    """The first fifty: those that were flagged, the users reported, then those the item names."""
    item_type = configuration.item_types.get(row.type_id)
    named = dict(_named(item_type, stored)) if item_type and stored else {}
    flagged = dict.fromkeys(_flagged(row, reports))
    people = [ItemRef(r.author.type_id, r.author.id) for r in reports if r.author is not None]
    shown = {ItemRef(row.type_id, row.item_id), _author(stored)}
    wanted = dict.fromkeys(ref for ref in (*flagged, *people, *named) if ref not in shown)
    refs = list(islice(wanted, MOST_RELATED))
    asked = [(ref.type_id, ref.item_id) for ref in refs]
    known = {ItemRef(r.type_id, r.item_id): r for r in items_lookup.latest_of(tx, asked)}
    return tuple(
        RelatedItem(
            job_item(configuration, ref.type_id, ref.item_id, known.get(ref)),
            named.get(ref),
            ref in flagged,
        )
        for ref in refs
    )


def _author(stored: ItemRow | None) -> ItemRef | None:
    if stored is None or stored.creator_type_id is None or stored.creator_id is None:
        return None
    return ItemRef(stored.creator_type_id, stored.creator_id)


def _flagged(row: JobRow, reports: Sequence[ReportView]) -> Iterator[ItemRef]:
    """What came along in a thread is shown there."""
    for source in row.sources:
        for one in source.get("reportedItems", ()):
            yield ItemRef(one["typeId"], one["id"])
    for report in reports:
        for ref in report.reported_items_in_thread:
            if ref not in report.thread:
                yield ItemRef(ref.type_id, ref.id)


def _named(item_type: ItemType, stored: ItemRow) -> Iterator[tuple[ItemRef, str]]:
    """By the item's fields, but for those that are hidden and its author's."""
    for field in item_type.fields:
        if field.type is not Scalar.RELATED_ITEM or field.name in item_type.hidden_fields:
            continue
        if field.name != item_type.roles.get(Role.CREATOR_ID):
            for ref in _refs(stored.data.get(field.name)):
                yield ref, field.name


def _refs(value: object) -> Iterator[ItemRef]:
    """A related item is stored as `{id, typeId}`; there may be a list or a map of them."""
    if isinstance(value, list):
        for one in value:
            yield from _refs(one)
    elif isinstance(value, dict) and isinstance(value.get("typeId"), str):
        yield ItemRef(value["typeId"], str(value["id"]))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _refs(one)
