"""Fields that are kept from people: reviewers judge an item without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from engine.items.item_type import ItemType


def hidden_from(item_type: ItemType | None, permissions: Container[Permission]) -> frozenset[str]:
    """The names of the fields that whoever has these permissions does not see."""
    if item_type is None or Permission.VIEW_HIDDEN_FIELDS in permissions:
        return frozenset()
    return item_type.hidden_fields


def shown_data(
    data: Mapping[str, object], item_type: ItemType | None, permissions: Container[Permission]
) -> dict[str, object]:
    hidden = hidden_from(item_type, permissions)
    return {name: value for name, value in data.items() if name not in hidden}
