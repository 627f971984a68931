"""An item as a job's page shows it: field by field, with what rules found in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.configuration.configuration import Configuration
from engine.configuration.highlights import Spans, highlights
from engine.items import Field, ItemType, Role
from store.items_lookup import ItemRow


@dataclass(frozen=True)
class FieldView:
    """type: the field's scalar; container: ARRAY, MAP or None; spans: what rules found in it."""

    name: str
    type: str
    container: str | None
    value: object
    spans: Spans = ()


@dataclass(frozen=True)
class JobItem:
    """fields: in the order of the item type, hidden ones left out; empty for an item unseen.

    name: what the item shows itself as, where its type has a display name. told_at: when the
    platform was asked for an item it had never sent; such a one has no submission.
    """

    item_id: str
    item_type_id: str
    item_type_name: str
    name: str | None
    submission_id: str | None
    arrived_at: datetime | None
    fields: tuple[FieldView, ...]
    told_at: datetime | None = None


def job_item(
    configuration: Configuration,
    type_id: str,
    item_id: str,
    stored: ItemRow | None,
    sources: Sequence[Mapping[str, Any]] = (),
) -> JobItem:
    item_type = configuration.item_types.get(type_id)
    rule_ids = {str(source["ruleId"]) for source in sources if source.get("ruleId")}
    spans = (
        highlights(configuration, item_type, rule_ids, stored.data) if item_type and stored else {}
    )
    return JobItem(
        item_id=item_id,
        item_type_id=type_id,
        item_type_name=item_type.name if item_type else type_id,
        name=_display_name(item_type, stored) if item_type and stored else None,
        submission_id=stored.submission_id if stored else None,
        arrived_at=stored.arrived_at if stored else None,
        fields=_fields(item_type, stored, spans) if item_type and stored else (),
    )


def _display_name(item_type: ItemType, stored: ItemRow) -> str | None:
    field = item_type.roles.get(Role.DISPLAY_NAME)
    if field is None or field in item_type.hidden_fields:
        return None
    value = stored.data.get(field)
    return value if isinstance(value, str) else None


def _fields(
    item_type: ItemType, stored: ItemRow, spans: Mapping[str, Spans]
) -> tuple[FieldView, ...]:
    return tuple(
        _field(field, stored.data[field.name], spans.get(field.name, ()))
        for field in item_type.fields
        if field.name not in item_type.hidden_fields and stored.data.get(field.name) is not None
    )


def _field(field: Field, value: object, spans: Spans) -> FieldView:
    container = field.container.kind if field.container else None
    return FieldView(field.name, field.type.value, container, value, spans)
