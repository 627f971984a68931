"""How an item type's fields look as columns of the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engine.items.item_type import Field, ItemType, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTANT: Final = pa.timestamp("us", tz="UTC")
_REFERENCE: Final = pa.struct([("id", pa.string()), ("typeId", pa.string())])
_MEDIUM: Final = pa.struct([("url", pa.string())])
_TYPED_MEDIUM: Final = pa.struct([("url", pa.string()), ("mediaType", pa.string())])

_COLUMN_TYPES: Final[Mapping[Scalar, pa.DataType]] = {
    Scalar.NUMBER: pa.float64(),
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.DATETIME: INSTANT,
    Scalar.RELATED_ITEM: _REFERENCE,
    Scalar.USER_ID: _REFERENCE,
    Scalar.IMAGE: _MEDIUM,
    Scalar.VIDEO: _MEDIUM,
    Scalar.AUDIO: _MEDIUM,
    Scalar.MEDIA: _TYPED_MEDIUM,
}
"""Every other scalar is text."""


def arrow_schema(item_type: ItemType) -> pa.Schema:
    """One nullable column a field, named like it."""
    return pa.schema([(field.name, column_type(field)) for field in item_type.fields])


def column_type(field: Field) -> pa.DataType:
    element = (
        pa.struct([(each.name, column_type(each)) for each in field.fields])
        if field.type is Scalar.OBJECT
        else _COLUMN_TYPES.get(field.type, pa.string())
    )
    if field.container is None:
        return element
    return pa.list_(element) if field.container.kind == "ARRAY" else pa.map_(pa.string(), element)
