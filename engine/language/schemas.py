"""Item types and Arrow schemas as rules see them, and rows read from Arrow.

A file's values mean what ingest would have made of them: every number is a double and NULL where
it is not finite, every time is UTC, naive ones included.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.language.duckdb_sql import quoted, text_sql
from engine.language.signature import unified
from engine.language.types import (
    AUDIO,
    BOOLEAN,
    EMAIL,
    GEOHASH,
    ID,
    IMAGE,
    IP,
    ITEM,
    MEDIA,
    NUMBER,
    TEXT,
    TIME,
    URL,
    VIDEO,
    Profile,
    Schema,
    Type,
    list_of,
    map_of,
    struct_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_SCALARS: Final[Mapping[Scalar, Type]] = {
    Scalar.STRING: TEXT,
    Scalar.ENUM: TEXT,
    Scalar.ID: ID,
    Scalar.POLICY_ID: ID,
    Scalar.USER_ID: ITEM,
    Scalar.RELATED_ITEM: ITEM,
    Scalar.NUMBER: NUMBER,
    Scalar.BOOLEAN: BOOLEAN,
    Scalar.DATETIME: TIME,
    Scalar.URL: URL,
    Scalar.IMAGE: IMAGE,
    Scalar.VIDEO: VIDEO,
    Scalar.AUDIO: AUDIO,
    Scalar.MEDIA: MEDIA,
    Scalar.GEOHASH: GEOHASH,
    Scalar.IP_ADDRESS: IP,
    Scalar.EMAIL_ADDRESS: EMAIL,
}


def schema_of_item_type(item_type: ItemType, item_types: Iterable[ItemType] = ()) -> Schema:
    """item_types: all of the organisation, so that rules may read what authors and threads are."""
    known = tuple(item_types)
    users, threads = (
        [each for each in known if each.kind is kind] for kind in (Kind.USER, Kind.THREAD)
    )
    return Schema(
        item_type.type_id,
        _fields_of(item_type),
        item_type.roles.get(Role.CREATOR_ID),
        thread_field=item_type.roles.get(Role.THREAD_ID),
        profiles={
            word: profile_of(kinds)
            for word, kinds in (("creator", users), ("thread", threads))
            if kinds
        },
    )


def _fields_of(item_type: ItemType) -> Mapping[str, Type]:
    return MappingProxyType({field.name: _field_type(field) for field in item_type.fields})


def profile_of(item_types: Sequence[ItemType]) -> Profile:
    """The fields of all of them; what is a TEXT in one and a URL in another is a TEXT."""
    fields: dict[str, Type | None] = {}
    told: dict[str, list[str]] = {}
    for item_type in item_types:
        for name, given in _fields_of(item_type).items():
            before = fields.get(name, given)
            fields[name] = None if before is None else unified(before, given)
            told.setdefault(name, []).append(f"{given} in {item_type.name}")
    return Profile(
        fields={name: given for name, given in fields.items() if given is not None},
        differing={name: ", ".join(told[name]) for name, given in fields.items() if given is None},
    )


def _field_type(field: Field) -> Type:
    element = (
        struct_of({each.name: _field_type(each) for each in field.fields})
        if field.type is Scalar.OBJECT
        else _SCALARS[field.type]
    )
    if field.container is None:
        return element
    return list_of(element) if field.container.kind == "ARRAY" else map_of(element)


# -- files ----------------------------------------------------------------------------------------


def schema_of_arrow(schema: pa.Schema, rename: Mapping[str, str], name: str = "file") -> Schema:
    """rename: field -> the column that holds it. Columns of types no rule can use are left out."""
    columns = field_columns(schema, rename)
    types = {field: _arrow_type(schema.field(column).type) for field, column in columns.items()}
    fields = {field: each for field, each in types.items() if each is not None}
    reads = {
        field: _read_sql(schema.field(columns[field]).type, quoted(columns[field]))
        for field in fields
    }
    return Schema(name, MappingProxyType(fields), None, MappingProxyType(reads))


def field_columns(schema: pa.Schema, rename: Mapping[str, str]) -> dict[str, str]:
    """Field -> column, for every column; a renamed column is known by its new name alone."""
    taken = set(rename.values())
    kept = {column: column for column in schema.names if column not in taken}
    return {**kept, **{field: col for field, col in rename.items() if col in schema.names}}


def arrow_rows(
    table: pa.Table | pa.RecordBatch, rename: Mapping[str, str], fields: Sequence[str] | None = None
) -> Iterator[dict[str, object]]:
    """Rows for `Ruleset.evaluate`, of the fields named or of all."""
    columns = field_columns(table.schema, rename)
    wanted = [each for each in (columns if fields is None else fields) if each in columns]
    read = [_values(table.column(columns[field])) for field in wanted]
    for values in zip(*read, strict=True) if read else ():
        yield dict(zip(wanted, values, strict=True))
    if not read:
        yield from ({} for _ in range(table.num_rows))


def _arrow_type(given: pa.DataType) -> Type | None:
    types = pa.types
    if types.is_dictionary(given):
        return _arrow_type(given.value_type)
    if types.is_integer(given) or types.is_floating(given) or types.is_decimal(given):
        return NUMBER
    if types.is_boolean(given):
        return BOOLEAN
    if types.is_timestamp(given) or types.is_date(given):
        return TIME
    if _is_text(given) or types.is_null(given):
        return TEXT
    return _nested_type(given)


def _is_text(given: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(given) or types.is_large_string(given) or types.is_string_view(given)
    )


def _nested_type(given: pa.DataType) -> Type | None:
    types = pa.types
    if types.is_map(given):
        value = _arrow_type(given.item_type)
        return map_of(value) if value is not None and _is_text(given.key_type) else None
    if types.is_list(given) or types.is_large_list(given):
        element = _arrow_type(given.value_type)
        return list_of(element) if element is not None else None
    if types.is_struct(given):
        members = {member.name: _arrow_type(member.type) for member in given.fields}
        known = {name: each for name, each in members.items() if each is not None}
        if known.get("id") == known.get("typeId") == TEXT:
            return _item_with(known)
        return struct_of(known)
    return None


def _item_with(members: Mapping[str, Type]) -> Type:
    """A related item, written with more about it than its id and type: its profile, say."""
    more = tuple((name, each) for name, each in members.items() if ITEM.member(name) is None)
    return replace(ITEM, fields=(*ITEM.fields, *more))


# -- the SQL that reads a column ------------------------------------------------------------------


def _read_sql(given: pa.DataType, column: str) -> str:
    types = pa.types
    if types.is_floating(given):
        return f"CASE WHEN isfinite({column}) THEN CAST({column} AS DOUBLE) END"
    if types.is_decimal(given):
        return f"CAST(CAST({column} AS VARCHAR) AS DOUBLE)"
    if types.is_integer(given):
        return f"CAST({column} AS DOUBLE)"
    if types.is_dictionary(given) or types.is_null(given):
        return f"CAST({column} AS VARCHAR)"
    if types.is_timestamp(given) and given.tz is not None:
        return column if given.unit == "us" else f"CAST({column} AS TIMESTAMPTZ)"
    if types.is_timestamp(given) or types.is_date(given):
        return f"make_timestamptz(epoch_us(CAST({column} AS TIMESTAMP)))"
    return _nested_sql(given, column)


def _nested_sql(given: pa.DataType, column: str) -> str:
    types = pa.types
    if types.is_list(given) or types.is_large_list(given):
        element = _read_sql(given.value_type, "_e")
        return column if element == "_e" else f"list_transform({column}, lambda _e: {element})"
    if types.is_map(given):
        value = _read_sql(given.item_type, "_v")
        if value == "_v":
            return column
        values = f"list_transform(map_values({column}), lambda _v: {value})"
        return f"CASE WHEN {column} IS NOT NULL THEN map(map_keys({column}), {values}) END"
    if types.is_struct(given):
        return _struct_sql(given, column)
    return column


def _struct_sql(given: pa.DataType, column: str) -> str:
    reads = {m.name: f"struct_extract({column}, {text_sql(m.name)})" for m in given.fields}
    members = {member.name: _read_sql(member.type, reads[member.name]) for member in given.fields}
    if members == reads:
        return column
    packed = ", ".join(f"{quoted(name)} := {read}" for name, read in members.items())
    return f"CASE WHEN {column} IS NOT NULL THEN struct_pack({packed}) END"


# -- the values of a column -----------------------------------------------------------------------


def _values(column: pa.ChunkedArray | pa.Array) -> list[object]:
    given = column.type
    if pa.types.is_timestamp(given) and given.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=given.tz), safe=False)
    values: list[object] = column.to_pylist(maps_as_pydicts="lossy")
    if _is_text(given) or pa.types.is_boolean(given):
        return values
    return [_plain(value) for value in values]


def _plain(value: object) -> object:
    """One value as ingest would have stored it."""
    match value:
        case None | bool() | str():
            return value
        case datetime():
            return _utc(value)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return _finite(value)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _finite(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None
