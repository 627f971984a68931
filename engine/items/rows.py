"""From stored JSON to the values that rules are evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.items.instants import instant_of
from engine.items.item_type import Field, ItemType, Scalar

_Reader = Callable[[object], object]


def row_values(item_type: ItemType) -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Prepared once for a type.

    NUMBER becomes float, DATETIME an aware datetime in UTC, everything else stays as it is
    stored. Every field of the type has an entry, None where the item lacks it; keys that the type
    does not know have none.
    """
    readers = [(field.name, _field_reader(field)) for field in item_type.fields]

    def row(data: Mapping[str, object]) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, read in readers:
            value = data.get(name)
            values[name] = value if value is None or read is None else read(value)
        return values

    return row


def _number(value: object) -> object:
    return float(value) if isinstance(value, (int, float)) else None


_READERS: Final[Mapping[Scalar, _Reader]] = {
    Scalar.NUMBER: _number,
    Scalar.DATETIME: instant_of,
}


def _field_reader(field: Field) -> _Reader | None:
    """None where stored values are used as they are."""
    element = _object_reader(field) if field.type is Scalar.OBJECT else _READERS.get(field.type)
    if field.container is None or element is None:
        return element
    return _array_reader(element) if field.container.kind == "ARRAY" else _map_reader(element)


def _object_reader(field: Field) -> _Reader:
    readers = [(each.name, _field_reader(each)) for each in field.fields]

    def read(value: object) -> object:
        if not isinstance(value, Mapping):
            return None
        members = ((name, reader, value.get(name)) for name, reader in readers)
        return {
            name: member if reader is None or member is None else reader(member)
            for name, reader, member in members
        }

    return read


def _array_reader(read: _Reader) -> _Reader:
    return lambda value: [read(each) for each in value] if isinstance(value, list) else None


def _map_reader(read: _Reader) -> _Reader:
    def read_map(value: object) -> object:
        if not isinstance(value, Mapping):
            return None
        return {key: read(each) for key, each in value.items()}

    return read_map
