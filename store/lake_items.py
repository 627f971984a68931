"""Items of the lake as one relation with the fields a rule reads, whatever their files hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import Unavailable
from store.analysis import duck_type, literal, quoted
from store.lake_columns import ITEM_COLUMNS, column_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from store.lake import LakeFile, Snapshot

ITEMS: Final = "items"


@dataclass(frozen=True)
class _Column:
    """name: as rules and reports know it. column: as the files do."""

    name: str
    column: str
    kind: pa.DataType


def define_items(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    files: Sequence[LakeFile],
    fields: pa.Schema,
    view: str = ITEMS,
) -> tuple[LakeFile, ...]:
    """Makes the view of these files; `_part` is a file's position in what is returned.

    fields: name -> type as the item type has them now. Rows written when a field was not there, or
    was of another type, are null in it. Raises Unavailable when a file is gone.
    """
    groups: dict[frozenset[str], list[LakeFile]] = {}
    for file in files:
        groups.setdefault(_columns_in(file), []).append(file)
    columns = _columns(snapshot.schema, fields)
    selects: list[str] = []
    ordered: list[LakeFile] = []
    for present, members in groups.items():
        selects.append(_select(members, columns, present, len(ordered)))
        ordered.extend(members)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(selects)}")
    return tuple(ordered)


def _columns(table: pa.Schema, fields: pa.Schema) -> list[_Column]:
    typed = [_Column(each.name, column_for(each, table).name, each.type) for each in fields]
    places = [_Column(each.name, each.name, each.type) for each in ITEM_COLUMNS]
    return [*places, *typed]


def _columns_in(file: LakeFile) -> frozenset[str]:
    try:
        return frozenset(pq.read_schema(file.path).names)
    except FileNotFoundError as gone:
        raise Unavailable(
            f"{file.path} is gone from the lake.",
            hint="It was vacuumed since this run began: start the run again.",
        ) from gone


def _select(
    files: Sequence[LakeFile], columns: Sequence[_Column], present: frozenset[str], first: int
) -> str:
    paths = ", ".join(literal(file.path) for file in files)
    reads = [
        f"{quoted(each.column)} AS {quoted(each.name)}"
        if each.column in present
        else f"CAST(NULL AS {duck_type(each.kind)}) AS {quoted(each.name)}"
        for each in columns
    ]
    return (
        f"SELECT {', '.join(reads)}, CAST(file_index + {first} AS INTEGER) AS _part"
        f" FROM read_parquet([{paths}], hive_partitioning = false)"
    )
