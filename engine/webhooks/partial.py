"""Asking a platform for items it never sent, and reading what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine.errors import Problem, Unavailable
from engine.items import ItemRef, RawItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.items.item import Variant

ENCODER = msgspec.json.Encoder()
INVALID = "PartialItemsInvalidResponseError"
REFUSED = "PartialItemsEndpointResponseError"
MISSING = "PartialItemsMissingEndpointError"
PARTIAL: Variant = "partial"


class _Type(msgspec.Struct, frozen=True):
    id: str
    version: str | UnsetType = UNSET
    schemaVariant: Literal["original", "partial"] = PARTIAL  # noqa: N815


class _Item(msgspec.Struct, frozen=True):
    id: str
    data: dict[str, Any]
    typeId: str | UnsetType = UNSET  # noqa: N815
    typeVersion: str | UnsetType = UNSET  # noqa: N815
    typeSchemaVariant: Literal["original", "partial"] = PARTIAL  # noqa: N815
    type: _Type | UnsetType = UNSET


class _Answer(msgspec.Struct, frozen=True):
    items: list[_Item]


DECODER = msgspec.json.Decoder(_Answer)


class InvalidAnswer(Unavailable):
    """The platform answered something that is not its items."""

    def __init__(self, message: str) -> None:
        hint = "it must answer {items: [{id, typeId, data}]}, each item as its type allows"
        super().__init__(message, hint=hint, problems=(Problem(message, "", hint, INVALID),))


def request_body(items: Sequence[ItemRef], configured: Mapping[str, object]) -> bytes:
    """configured: what the organisation has every request carry, as `custom`."""
    wanted = [{"id": item.item_id, "typeId": item.type_id} for item in items]
    body: dict[str, object] = {"items": wanted}
    return ENCODER.encode(body | ({"custom": dict(configured)} if configured else {}))


def read_answer(body: bytes, wanted: Iterable[ItemRef]) -> tuple[RawItem, ...]:
    """Those that were asked for, each once; an item without a variant is a partial one.

    Raises InvalidAnswer.
    """
    try:
        answer = DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidAnswer(f"the platform's answer cannot be read: {error}") from error
    asked = set(wanted)
    found = {ItemRef(raw.type_id, raw.item_id): raw for raw in map(_raw, answer.items)}
    return tuple(raw for ref, raw in found.items() if ref in asked)


def _raw(item: _Item) -> RawItem:
    nested = item.type
    if isinstance(nested, _Type):
        version = None if nested.version is UNSET else str(nested.version)
        return RawItem(item.id, nested.id, version, nested.schemaVariant, item.data)
    if item.typeId is UNSET:
        raise InvalidAnswer(f"item `{item.id}` of the platform's answer has no type")
    version = None if item.typeVersion is UNSET else str(item.typeVersion)
    return RawItem(item.id, str(item.typeId), version, item.typeSchemaVariant, item.data)
