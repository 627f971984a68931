"""Rows of an item type as the lake holds them, the same as the stored items would give.

A field goes by the type that it has now. Items written when it had another one are in another
column: `history` passes those by, and `reshaped` names their versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError

from engine.errors import Unavailable
from engine.items import row_values
from engine.items.columns import arrow_schema, column_type
from store import lake
from store.lake_columns import column_for, same_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.items import Field, ItemType
    from store.lake import LakeFile, Snapshot

    Shape = Callable[[Any], Any]

ROWS_AT_ONCE: Final = 5_000
_ROUNDING: Final = timedelta(milliseconds=1)
"""The log may round the first and last arrival of a file down to milliseconds."""

_REST: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True)
class PlacedRow:
    """row: at least the fields asked for, as `engine.items.row_values` gives them."""

    seq: int
    arrived_at: datetime
    row: Mapping[str, object]


def reshaped(item_type: ItemType, versions: Iterable[ItemType], fields: frozenset[str]) -> set[int]:
    """The versions in which one of those fields was of a type that the lake keeps elsewhere."""
    now = {each.name.lower(): each for each in item_type.fields if each.name in fields}
    return {
        version.version
        for version in versions
        for field in version.fields
        if field.name.lower() in now and not _same(field, now[field.name.lower()])
    }


def _same(one: Field, other: Field) -> bool:
    return one.name == other.name and same_type(column_type(one), column_type(other))


@dataclass(frozen=True)
class Span:
    """What of the lake is wanted. after, until: places, the first exclusive; but_versions: not."""

    after: datetime
    until: datetime
    but_versions: frozenset[int] = frozenset()


def history(
    snapshot: Snapshot, item_type: ItemType, fields: frozenset[str], span: Span
) -> Iterator[list[PlacedRow]]:
    """In portions, in no order. Raises Unavailable when a file cannot be read."""
    reader = _Reader(snapshot, item_type, fields)
    for file in snapshot.files:
        begun = file.first is None or file.first <= span.until
        if begun and (file.last is None or file.last + _ROUNDING > span.after):
            yield from reader.rows(file, span)


@dataclass(frozen=True)
class Covered:
    """reach: up to that many microseconds since 1970 the items are all there."""

    snapshot: Snapshot
    reach: int


def covered(lake_root: str, org_id: int, type_id: str) -> Covered | None:
    """The newest items of the type; None if there are none.

    The reach is read first: what is added meanwhile lies beyond it. Raises Unavailable when there
    is a table that cannot be read.
    """
    uri = lake.items_uri(lake_root, org_id, type_id)
    try:
        reach = lake.progress(uri)
        found = lake.snapshot(uri)
    except (DeltaError, OSError) as unread:
        raise Unavailable(f"{uri} cannot be read: {unread}") from unread
    return None if reach is None or found is None else Covered(found, reach)


def begins(lake_root: str, org_id: int, type_id: str) -> datetime | None:
    """When the earliest item arrived, up to a millisecond later; None without items.

    Raises Unavailable when there is a table that cannot be read.
    """
    uri = lake.items_uri(lake_root, org_id, type_id)
    try:
        found = lake.snapshot(uri)
    except (DeltaError, OSError) as unread:
        raise Unavailable(f"{uri} cannot be read: {unread}") from unread
    firsts = [file.first for file in found.files if file.first] if found else []
    return min(firsts) + _ROUNDING if firsts else None


class _Reader:
    def __init__(self, snapshot: Snapshot, item_type: ItemType, fields: frozenset[str]) -> None:
        wanted = [each for each in arrow_schema(item_type) if each.name in fields]
        self._columns = {each.name: column_for(each, snapshot.schema).name for each in wanted}
        self._shapes = {each.name: _shape(each.type) for each in wanted}
        self._read = row_values(item_type)

    def rows(self, file: LakeFile, span: Span) -> Iterator[list[PlacedRow]]:
        try:
            parquet = pq.ParquetFile(file.path)
        except OSError as unread:
            raise Unavailable(
                f"{file.path} cannot be read: {unread}", hint="It may have been cleaned meanwhile."
            ) from unread
        with parquet:
            here = set(parquet.schema_arrow.names)
            fields = {name: column for name, column in self._columns.items() if column in here}
            places = ["_seq", "_arrived_at", "_type_version", "_rest"]
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=[*places, *fields.values()]):
                kept = _within(pa.table(batch), span)
                if len(kept):
                    yield self._placed(kept, fields)

    def _placed(self, table: pa.Table, fields: Mapping[str, str]) -> list[PlacedRow]:
        seqs, moments, rests = (
            table.column(name).to_pylist() for name in ("_seq", "_arrived_at", "_rest")
        )
        values = [self._values(table, name, column) for name, column in fields.items()]
        rows = [dict(zip(fields, row, strict=True)) for row in zip(*values, strict=True)]
        rows = rows or [{} for _ in seqs]
        for row, rest in zip(rows, rests, strict=True):
            row.update({name: None for name in self._columns if name not in row})
            if rest:
                row.update(self._unfit(_REST(rest)))
        return [PlacedRow(*each) for each in zip(seqs, moments, rows, strict=True)]

    def _values(self, table: pa.Table, name: str, column: str) -> Sequence[object]:
        found: list[object] = table.column(column).to_pylist()
        shape = self._shapes[name]
        return found if shape is None else [shape(each) for each in found]

    def _unfit(self, rest: Mapping[str, object]) -> dict[str, object]:
        """What no column held, as stored."""
        read = self._read(rest)
        return {name: read[name] for name in rest if name in self._columns}


def _within(table: pa.Table, span: Span) -> pa.Table:
    moments = table.column("_arrived_at")
    kept = pc.and_(pc.greater(moments, span.after), pc.less_equal(moments, span.until))
    if span.but_versions:
        others = pa.array(sorted(span.but_versions), pa.int32())
        kept = pc.and_(kept, pc.invert(pc.is_in(table.column("_type_version"), others)))
    return table.filter(kept)


def _shape(kind: pa.DataType) -> Shape | None:
    """What makes maps again of Arrow's, which are lists of pairs; None for what holds no other."""
    if pa.types.is_map(kind):
        inner = _shape(kind.item_type) or _as_is
        return lambda pairs: None if pairs is None else {key: inner(each) for key, each in pairs}
    if pa.types.is_list(kind):
        inner = _shape(kind.value_type) or _as_is
        return lambda values: None if values is None else [inner(each) for each in values]
    if pa.types.is_struct(kind):
        members = {each.name: _shape(each.type) or _as_is for each in kind}
        return lambda value: (
            None if value is None else {name: shape(value[name]) for name, shape in members.items()}
        )
    return None


def _as_is(value: Any) -> Any:
    return value
