"""The lake: Delta tables under one root, `<root>/org=<id>/...`, partitioned by `_day`.

Every append names how far it reaches in the commit itself (Delta's application transaction), so
rows and progress are written in one act and a crash between them cannot happen. Two writers that
reach for the same progress cannot both commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    CommitProperties,
    DeltaTable,
    Transaction,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from engine.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

EXPORTER: Final = "winnow-export"
FACT_TABLES: Final = (
    "evaluations", "actions", "decisions", "jobs", "labels", "appeals", "reports", "facts",
)  # fmt: skip

# Statistics of text columns would copy the beginnings of what people wrote into the log.
_STATISTICS: Final = {"delta.dataSkippingStatsColumns": "_seq,_arrived_at,_xid"}
_FILES_WORTH_COMPACTING: Final = 8
_TARGET_FILE_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True)
class LakeFile:
    """first, last: bounds of `_arrived_at`, None in tables that have none."""

    path: str
    rows: int
    size: int
    day: date
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Snapshot:
    """One version of one table. files are ordered by day, first arrival and path."""

    uri: str
    version: int
    schema: pa.Schema
    files: tuple[LakeFile, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


def org_root(lake_root: str, org_id: int) -> str:
    return f"{lake_root.rstrip('/')}/org={org_id}"


def items_uri(lake_root: str, org_id: int, type_id: str) -> str:
    return f"{org_root(lake_root, org_id)}/items/{_folder_name(type_id)}"


def _folder_name(type_id: str) -> str:
    """Percent signs would be decoded on the way to the file system, so `~` escapes here."""
    return "".join(_plain(character) for character in type_id)


def _plain(character: str) -> str:
    keep = character.isascii() and (character.isalnum() or character in "-_")
    return character if keep else f"~{ord(character):x}~"


def fact_uri(lake_root: str, org_id: int, table: str) -> str:
    return f"{org_root(lake_root, org_id)}/{table}"


def snapshot(uri: str, version: int | None = None) -> Snapshot | None:
    """None when nothing has been written there yet."""
    table = _open(uri, version)
    if table is None:
        return None
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    root = uri.rstrip("/")
    files = [
        LakeFile(
            path=f"{root}/{action['path']}",
            rows=action["num_records"],
            size=action["size_bytes"],
            day=action["partition._day"],
            first=action.get("min._arrived_at"),
            last=action.get("max._arrived_at"),
        )
        for action in actions
    ]
    files.sort(key=lambda file: (file.day, str(file.first), file.path))
    return Snapshot(uri, table.version(), pa.schema(table.schema().to_arrow()), tuple(files))


def schema_of(uri: str) -> pa.Schema:
    """Without `_day`; empty when there is no table yet."""
    table = _open(uri)
    if table is None:
        return pa.schema([])
    columns = pa.schema(table.schema().to_arrow())
    return pa.schema([each for each in columns if each.name != "_day"])


def progress(uri: str) -> int | None:
    """How far the exporter has come in this table; None when it has written nothing."""
    table = _open(uri)
    return None if table is None else table.transaction_version(EXPORTER)


def append(uri: str, rows: pa.Table, *, day_of: str, after: int | None, reaches: int) -> None:
    """Adds rows and new columns, and moves the progress from `after` to `reaches`: one commit.

    day_of: the time column whose UTC date is the partition. Raises Conflict when another exporter
    has moved the progress, before or while this one writes.
    """
    dated = rows.append_column("_day", pc.cast(rows.column(day_of), pa.date32()))
    table = _open(uri) or _create(uri, dated.schema)
    if table.transaction_version(EXPORTER) != after:
        raise _overtaken(uri)
    try:
        write_deltalake(
            table,
            dated,
            mode="append",
            schema_mode="merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(EXPORTER, reaches)]),
        )
    except CommitFailedError as failed:
        raise _overtaken(uri) from failed


def _create(uri: str, schema: pa.Schema) -> DeltaTable:
    return DeltaTable.create(
        uri, schema, mode="ignore", partition_by=["_day"], configuration=_STATISTICS
    )


def _overtaken(uri: str) -> Conflict:
    return Conflict(
        f"Another export wrote to {uri} at the same time.",
        hint="Nothing was written twice; run the export again.",
    )


def keys(uri: str, key: str) -> set[tuple[str, int]]:
    """(key as text, transaction) of every row of a fact table."""
    table = _open(uri)
    if table is None:
        return set()
    columns = table.to_pyarrow_table(columns=[key, "_xid"])
    names = pc.cast(columns.column(key), pa.string()).to_pylist()
    return set(zip(names, columns.column("_xid").to_pylist(), strict=True))


def delete_rows(uri: str, predicate: str) -> int:
    """Rewrites the files that hold such rows; how many rows went. predicate: Delta's SQL."""
    table = _open(uri)
    return int(table.delete(predicate)["num_deleted_rows"]) if table else 0


def compact(uri: str) -> int:
    """Merges small files of a day once there are many; how many files went away."""
    table = _open(uri)
    if table is None or _most_files_in_a_day(table) < _FILES_WORTH_COMPACTING:
        return 0
    metrics = table.optimize.compact(target_size=_TARGET_FILE_BYTES)
    return int(metrics["numFilesRemoved"]) - int(metrics["numFilesAdded"])


def vacuum(uri: str, *, keep_hours: int) -> Sequence[str]:
    """Deletes files that no version of the last `keep_hours` names; older versions go with them."""
    table = _open(uri)
    if table is None:
        return ()
    return table.vacuum(retention_hours=keep_hours, dry_run=False)


def _most_files_in_a_day(table: DeltaTable) -> int:
    days = pa.table(table.get_add_actions(flatten=True)).column("partition._day")
    counts = pc.value_counts(days).field("counts")
    return cast("int", pc.max(counts).as_py() or 0)


def _open(uri: str, version: int | None = None) -> DeltaTable | None:
    try:
        return DeltaTable(uri, version=version)
    except TableNotFoundError:
        return None
