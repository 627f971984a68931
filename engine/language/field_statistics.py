"""What recent items hold in their fields: how often nothing, and numbers from where to where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.language.lint import FieldStatistics

if TYPE_CHECKING:
    from engine.items import Field, ItemType

Row = Mapping[str, object]


def statistics_of(rows: Sequence[Row], item_type: ItemType) -> dict[str, FieldStatistics]:
    """By name of field; a member of an object is `field.member`. None where there are no rows.

    rows: as `engine.items.row_values` gives them.
    """
    return dict(_fields(rows, item_type.fields, "")) if rows else {}


def _fields(
    rows: Sequence[Row], fields: Iterable[Field], before: str
) -> Iterable[tuple[str, FieldStatistics]]:
    for field in fields:
        values = [row.get(field.name) for row in rows]
        name = f"{before}{field.name}"
        yield name, _statistics(values)
        if field.fields and field.container is None:
            inner = [value if isinstance(value, Mapping) else {} for value in values]
            yield from _fields(inner, field.fields, f"{name}.")


def _statistics(values: Sequence[object]) -> FieldStatistics:
    missing = sum(value is None for value in values)
    numbers = [value for value in values if isinstance(value, float)]
    return FieldStatistics(
        null_share=missing / len(values),
        least=min(numbers, default=None),
        largest=max(numbers, default=None),
    )
