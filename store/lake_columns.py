"""Which column of a lake table holds a field, when types have changed over the years.

A column keeps its first type for ever. A field whose type changes goes on in a column beside it,
`name__<type>`; the rows of before stay readable where they are. A removed field keeps its column.
Names are compared without case, as DuckDB does.
"""

from __future__ import annotations

import hashlib
from typing import Final

import pyarrow as pa

ITEM_COLUMNS: Final = pa.schema(
    [
        pa.field("_seq", pa.int64()),
        pa.field("_arrived_at", pa.timestamp("us", "UTC")),
        pa.field("_submission_id", pa.string()),
        pa.field("_item_id", pa.string()),
        pa.field("_type_version", pa.int32()),
        pa.field("_creator_type_id", pa.string()),
        pa.field("_creator_id", pa.string()),
        pa.field("_rest", pa.string()),
    ]
)
"""Beside the fields. `_rest`: JSON of what no typed column holds, null when there is none."""

DAY: Final = pa.field("_day", pa.date32())


def column_for(field: pa.Field, table: pa.Schema) -> pa.Field:
    """The existing column that holds `field`, or the one to add for it."""
    taken = {each.name.lower(): each for each in table}
    for name in (field.name, f"{field.name}__{_type_slug(field.type)}"):
        existing = taken.get(name.lower())
        if existing is None:
            return pa.field(name, field.type)
        if same_type(existing.type, field.type):
            return existing
    raise AssertionError(f"two types of {field.name} share the slug {_type_slug(field.type)}")


def same_type(one: pa.DataType, other: pa.DataType) -> bool:
    """Equal but for names that Delta gives to the insides of lists and maps, and nullability."""
    return _shape(one) == _shape(other)


def _shape(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "{" + ",".join(f"{each.name}:{_shape(each.type)}" for each in kind) + "}"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"[{_shape(kind.value_type)}]"
    if pa.types.is_map(kind):
        return f"<{_shape(kind.key_type)},{_shape(kind.item_type)}>"
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    return str(kind)


def _type_slug(kind: pa.DataType) -> str:
    shape = _shape(kind)
    if shape.isalnum():
        return shape
    if pa.types.is_timestamp(kind):
        return "time"
    return hashlib.sha256(shape.encode()).hexdigest()[:10]
