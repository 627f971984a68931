"""What a job's page shows of items that were never sent: the platform is asked, if it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from engine.errors import Conflict, Unavailable
from engine.items import ItemRef, ItemType, Role
from services.job_items import FieldView, JobItem
from services.partial_items import PartialItem, partial_items
from services.rulesets import known_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Caller, Context
    from services.job_page import JobView

log = structlog.get_logger()


def completed(context: Context, caller: Caller, view: JobView) -> JobView:
    """The page, with what the platform tells of what is shown there and was never sent.

    One request for all of it. A platform that does not answer leaves the page as it is.
    """
    related = [each.item for each in view.related]
    shown = [view.item, *([view.creator] if view.creator else []), *related]
    missing = [_ref(item) for item in shown if item.submission_id is None]
    if not missing:
        return view
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
    if configuration.settings.partial_items is None:
        return view
    try:
        told = partial_items(context, caller, missing)
    except (Conflict, Unavailable) as error:
        log.warning("partial_items_not_told", org_id=caller.org_id, reason=error.message)
        return view
    known = {ItemRef(item.item_type_id, item.item_id): item for item in told}
    types = configuration.item_types
    return replace(
        view,
        item=_told(view.item, known, types),
        creator=_told(view.creator, known, types) if view.creator else None,
        related=tuple(replace(each, item=_told(each.item, known, types)) for each in view.related),
    )


def _ref(item: JobItem) -> ItemRef:
    return ItemRef(item.item_type_id, item.item_id)


def _told(
    item: JobItem, known: Mapping[ItemRef, PartialItem], types: Mapping[str, ItemType]
) -> JobItem:
    told, item_type = known.get(_ref(item)), types.get(item.item_type_id)
    if told is None or item_type is None:
        return item
    fields = tuple(
        FieldView(
            field.name,
            field.type.value,
            field.container.kind if field.container else None,
            told.data[field.name],
        )
        for field in item_type.fields
        if told.data.get(field.name) is not None
    )
    name = told.data.get(item_type.roles.get(Role.DISPLAY_NAME, ""))
    return replace(
        item,
        name=name if isinstance(name, str) else item.name,
        fields=fields,
        told_at=told.fetched_at,
    )
