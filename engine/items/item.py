"""One item as a platform sent it, and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Variant = Literal["original", "partial"]


@dataclass(frozen=True)
class ItemRef:
    """An item pointed at: an item's id is unique within its type only."""

    type_id: str
    item_id: str


@dataclass(frozen=True)
class RawItem:
    """type_version: the version the platform pinned; None means the latest.

    variant: in `partial` no field is required.
    """

    item_id: str
    type_id: str
    type_version: str | None
    variant: Variant
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Item:
    """data: JSON values, coerced; keys that the type does not know are kept as they came."""

    item_id: str
    type_id: str
    type_version: int
    data: dict[str, object]
    creator: ItemRef | None = None
    created_at: datetime | None = None
    thread: ItemRef | None = None
