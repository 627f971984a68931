"""Items that a job's item names, and items flagged with it, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app.views.item_card import brief
from app.views.job_parts import never_sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.winnow_client.model import RelatedItem


def related_html(related: Sequence[RelatedItem]) -> str:
    return '<div class="w-list">' + "".join(map(_one, related)) + "</div>"


def _one(one: RelatedItem) -> str:
    """By name where it has one; what is known of it, in short."""
    item = one.item
    mark = ' <span class="w-tag">reported</span>' if one.flagged else ""
    field = f" · {escape(one.field)}" if one.field else ""
    said = brief({field.name: field.value for field in item.fields}) if item.fields else ""
    opening = '<div class="w-flagged">' if one.flagged else "<div>"
    return (
        f"{opening}<b>{escape(item.name or item.item_id)}</b>"
        f' <span class="w-quiet">{escape(item.item_type_name)}{field}</span>{mark}'
        f"{never_sent(item)}" + (f'<p dir="auto">{said}</p>' if said else "") + "</div>"
    )
