"""Items of the lake with what their authors and threads were when they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from store.analysis import duck_type, literal, quoted
from store.lake_items import ITEMS, define_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from store.lake import Snapshot


@dataclass(frozen=True)
class RelatedColumn:
    """A struct column of a relation of items: what the related item was at each item's place.

    column: its name. field: of the items, which names the related item. members: what to read of
    it. tables: by item type, its table in the lake and its fields.
    """

    column: str
    field: str
    members: pa.Schema
    tables: Mapping[str, tuple[Snapshot, pa.Schema]]


# The latest submission at or before the item's place. Places are unique, so there are no ties.
_RELATED: Final = """(
SELECT i.*, {packed} AS {column} FROM {relation} AS i
ASOF LEFT JOIN {profiles} AS p
    ON struct_extract(i.{field}, 'typeId') = p._related_type
   AND struct_extract(i.{field}, 'id') = p._item_id
   AND i._arrived_at >= p._arrived_at
)"""


def with_related(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[RelatedColumn], relation: str = ITEMS
) -> str:
    """SQL to select from: the relation with those columns; makes views that it needs."""
    for each in columns:
        profiles = f"profiles{each.column}"
        _define(connection, each, profiles)
        packed = ", ".join(
            f"{quoted(member.name)} := p.{quoted(member.name)}" for member in each.members
        )
        relation = _RELATED.format(
            packed=f"struct_pack({packed})",
            column=quoted(each.column),
            relation=relation,
            profiles=profiles,
            field=quoted(each.field),
        )
    return relation


def _define(connection: duckdb.DuckDBPyConnection, related: RelatedColumn, view: str) -> None:
    selects = list(_selects(connection, related, view)) or [_nothing(related.members)]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")


def _selects(
    connection: duckdb.DuckDBPyConnection, related: RelatedColumn, view: str
) -> Iterator[str]:
    for number, (type_id, (table, fields)) in enumerate(related.tables.items()):
        if not table.files:
            continue
        name = f"{view}_{number}"
        known = pa.schema([each for each in related.members if each.name in fields.names])
        define_items(connection, table, table.files, known, name)
        reads = "".join(
            f", {_read(member, known)} AS {quoted(member.name)}" for member in related.members
        )
        yield (
            f"SELECT {literal(type_id)} AS _related_type, _item_id, _arrived_at{reads} FROM {name}"
        )


def _read(member: pa.Field, known: pa.Schema) -> str:
    if member.name in known.names:
        return quoted(member.name)
    return f"CAST(NULL AS {duck_type(member.type)})"


def _nothing(members: pa.Schema) -> str:
    reads = "".join(
        f", CAST(NULL AS {duck_type(each.type)}) AS {quoted(each.name)}" for each in members
    )
    return (
        "SELECT CAST(NULL AS VARCHAR) AS _related_type, CAST(NULL AS VARCHAR) AS _item_id,"
        f" CAST(NULL AS TIMESTAMPTZ) AS _arrived_at{reads} WHERE FALSE"
    )
