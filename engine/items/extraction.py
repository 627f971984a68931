"""The scalars inside a field's stored value, each with its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from engine.items.item_type import Field


class TaggedValue(TypedDict):
    type: str
    value: object


def field_value(field: Field, data: Mapping[str, object]) -> TaggedValue | list[TaggedValue] | None:
    """A container's values as a list, empty where it is not given; any other field's one value."""
    if field.container is not None:
        return [_tagged(field, each) for each in _contained(data.get(field.name))]
    value = data.get(field.name)
    return None if value is None else _tagged(field, value)


def values_of(fields: Iterable[Field], data: Mapping[str, object]) -> list[TaggedValue]:
    """The values of several fields as one flat list, in the order of the fields."""
    flat: list[TaggedValue] = []
    for field in fields:
        found = field_value(field, data)
        if isinstance(found, list):
            flat.extend(found)
        elif found is not None:
            flat.append(found)
    return flat


def _contained(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _tagged(field: Field, value: object) -> TaggedValue:
    return {"type": field.type.value, "value": value}
