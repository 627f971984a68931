"""Stored items as rows of a lake table. What no typed column holds is kept as JSON in `_rest`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from engine.items.columns import arrow_schema
from engine.items.rows import row_values
from store.lake_columns import ITEM_COLUMNS, column_for

if TYPE_CHECKING:
    from engine.items import ItemType
    from store.export_source import Submitted


@dataclass(frozen=True)
class Converted:
    """unfit: how many items have something in `_rest`."""

    table: pa.Table
    unfit: int


def item_rows(
    submitted: Sequence[Submitted], types: Mapping[int, ItemType], schema: pa.Schema
) -> Converted:
    """types: by version; an item of a version that is not there goes to `_rest` whole.

    schema: the table's, without `_day`; the result adds the columns that are new.
    """
    tables = []
    for version in sorted({each.type_version for each in submitted}):
        items = [each for each in submitted if each.type_version == version]
        table = _of_one_version(items, types.get(version), schema)
        known = set(schema.names)
        schema = pa.schema([*schema, *(f for f in table.schema if f.name not in known)])
        tables.append(table)
    table = pa.concat_tables(tables, promote_options="default").sort_by("_seq")
    return Converted(table, len(table) - table.column("_rest").null_count)


def _of_one_version(
    items: Sequence[Submitted], item_type: ItemType | None, schema: pa.Schema
) -> pa.Table:
    rests = [_unknown_keys(item.data, item_type) for item in items]
    columns: dict[pa.Field, pa.Array] = {}
    if item_type is not None:
        values = row_values(item_type)
        rows = [values(item.data) for item in items]
        for field in arrow_schema(item_type):
            column = column_for(field, schema)
            fitted = _fitted([row[field.name] for row in rows], column.type)
            columns[column] = fitted.array
            for index in fitted.unfit:
                rests[index][field.name] = items[index].data.get(field.name)
    return pa.table(
        [*_places(items), _json_texts(rests), *columns.values()],
        schema=pa.schema([*ITEM_COLUMNS, *columns]),
    )


def _places(items: Sequence[Submitted]) -> list[pa.Array]:
    names = [field.name.removeprefix("_") for field in ITEM_COLUMNS if field.name != "_rest"]
    return [
        pa.array([getattr(item, name) for item in items], ITEM_COLUMNS.field(f"_{name}").type)
        for name in names
    ]


def _unknown_keys(data: Mapping[str, object], item_type: ItemType | None) -> dict[str, object]:
    known = {field.name for field in item_type.fields} if item_type else set()
    return {key: value for key, value in data.items() if key not in known and value is not None}


def _json_texts(rests: Sequence[Mapping[str, object]]) -> pa.Array:
    return pa.array([json.dumps(rest) if rest else None for rest in rests], pa.string())


@dataclass(frozen=True)
class _Fitted:
    array: pa.Array
    unfit: Sequence[int]


def _fitted(values: Sequence[object], kind: pa.DataType) -> _Fitted:
    """All at once; where that fails one by one, to find those that do not fit."""
    shaped = [_shaped(value, kind) for value in values] if _holds_map(kind) else values
    if _fits(shaped, kind):
        return _Fitted(pa.array(shaped, kind), ())
    fitting = [_fits([value], kind) for value in shaped]
    kept = [value if fits else None for value, fits in zip(shaped, fitting, strict=True)]
    return _Fitted(pa.array(kept, kind), [index for index, fits in enumerate(fitting) if not fits])


def _fits(values: Sequence[object], kind: pa.DataType) -> bool:
    try:
        pa.array(values, kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return False
    return True


def _holds_map(kind: pa.DataType) -> bool:
    if pa.types.is_map(kind):
        return True
    if pa.types.is_list(kind):
        return _holds_map(kind.value_type)
    return pa.types.is_struct(kind) and any(_holds_map(field.type) for field in kind)


def _shaped(value: object, kind: pa.DataType) -> object:
    """Maps as Arrow takes them: lists of pairs."""
    if pa.types.is_map(kind) and isinstance(value, Mapping):
        return [(key, _shaped(each, kind.item_type)) for key, each in value.items()]
    if pa.types.is_list(kind) and isinstance(value, Sequence) and not isinstance(value, str):
        return [_shaped(each, kind.value_type) for each in value]
    if pa.types.is_struct(kind) and isinstance(value, Mapping):
        return {field.name: _shaped(value.get(field.name), field.type) for field in kind}
    return value
