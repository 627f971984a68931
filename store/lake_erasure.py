"""Rows of the lake that go for good: out of the newest version, and out of every file on disk.

Call only while no export of the organisation runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from pyarrow.dataset import dataset

from store.analysis import literal
from store.lake import org_root

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from deltalake.table import TableMerger

    from engine.items import ItemRef


@dataclass(frozen=True)
class Wanted:
    """Rows of a table. columns: those that the condition reads."""

    columns: frozenset[str]
    condition: pc.Expression

    def __or__(self, other: Wanted) -> Wanted:
        return Wanted(self.columns | other.columns, self.condition | other.condition)


def of_items(items: Iterable[ItemRef], type_column: str, id_column: str) -> Wanted:
    """Rows whose two columns name one of these items."""
    by_type: dict[str, list[str]] = {}
    for item in items:
        by_type.setdefault(item.type_id, []).append(item.item_id)
    found = pc.scalar(value=False)
    for type_id, item_ids in by_type.items():
        found |= (pc.field(type_column) == type_id) & pc.field(id_column).isin(item_ids)
    return Wanted(frozenset({type_column, id_column}), found)


def among(column: str, values: Collection[object]) -> Wanted:
    """Rows whose column is one of the values."""
    condition = pc.field(column).isin(list(values)) if values else pc.scalar(value=False)
    return Wanted(frozenset({column}), condition)


def keys(uri: str, key: str, wanted: Wanted) -> list[str | int]:
    """The values of `key` in the rows wanted, once each; none where there is no table."""
    found: dict[str | int, None] = {}
    for rows in _rows(uri, (key,), wanted):
        found |= dict.fromkeys(rows.column(key).to_pylist())
    return list(found)


def places(uri: str, wanted: Wanted) -> Iterator[list[tuple[int, datetime, str]]]:
    """Of the items wanted the place, when they arrived there, and their id; in portions."""
    columns = ("_seq", "_arrived_at", "_item_id")
    for rows in _rows(uri, columns, wanted):
        if rows.num_rows:
            yield list(zip(*(rows.column(name).to_pylist() for name in columns), strict=True))


def _rows(uri: str, columns: Sequence[str], wanted: Wanted) -> Iterator[pa.Table]:
    table = _open(uri)
    if table is None:
        return
    # Read whole, then looked at: statistics of rewritten files are of another text type.
    known = table.to_pyarrow_dataset()
    files = dataset(known.files, known.schema, format="parquet", filesystem=known.filesystem)
    for batch in files.to_batches(columns=sorted(wanted.columns.union(columns))):
        yield pa.Table.from_batches([batch]).filter(wanted.condition)


def delete(uri: str, key: str, values: Sequence[str | int]) -> None:
    """The rows with these keys go out of the newest version."""
    table = _open(uri)
    if table is not None and values:
        _matching(table, key, values).when_matched_delete().execute()


def change(
    uri: str, key: str, values: Sequence[str | int], columns: Mapping[str, str | None]
) -> None:
    """Sets columns of the rows with these keys to the same texts, or to nothing."""
    updates = {
        column: "NULL" if value is None else literal(value) for column, value in columns.items()
    }
    table = _open(uri)
    if table is not None and values:
        _matching(table, key, values).when_matched_update(updates).execute()


def _matching(table: DeltaTable, key: str, values: Sequence[str | int]) -> TableMerger:
    """Joined, not listed: a hundred thousand keys are no predicate, and stay out of the log."""
    keys = pa.table({key: pa.array(values)})
    return table.merge(keys, f"t.{key} = k.{key}", source_alias="k", target_alias="t")


def forget_past(uri: str) -> None:
    """Deletes every file that the newest version does not name: what was there is nowhere now."""
    table = _open(uri)
    if table is not None:
        table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)


def forget_flips(lake_root: str, org_id: int, places: Collection[int]) -> None:
    """Takes these places out of what backtests kept of the items they judged differently."""
    folder = Path(org_root(lake_root, org_id)) / "backtests"
    for path in folder.rglob("flips-*.parquet"):
        rows = pq.read_table(path)
        gone = pc.is_in(rows.column("_seq"), value_set=pc.cast(list(places), "int64"))
        if pc.any(gone).as_py():
            scratch = path.with_suffix(".writing")
            pq.write_table(rows.filter(pc.invert(gone)), scratch)
            scratch.replace(path)


def _open(uri: str) -> DeltaTable | None:
    try:
        return DeltaTable(uri)
    except TableNotFoundError:
        return None
