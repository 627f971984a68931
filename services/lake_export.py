"""Copies what is new into the lake: every row once, none left out, however often it is stopped.

Rows and the progress they reach are one Delta commit, so a run that dies is repeated from exactly
where the lake stands. What Postgres remembers (`lake_exports`) only spares looking again at rows
that are known not to be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import Conflict
from engine.items import parse_item_type
from store import config, export_source, lake
from store.config import ConfigKind
from store.export_source import FACT_TABLES, FactTable, from_microseconds, microseconds
from store.lake_rows import item_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from engine.items import ItemType
    from services.context import Context
    from store.export_source import Submitted

PORTION: Final = 50_000
KEEP_HOURS: Final = 168
"""How long files that compaction replaced stay, for backtests that began before it."""


@dataclass(frozen=True)
class TableExport:
    """rows: written by this run. unfit: of those, items with something no typed column holds."""

    table: str
    rows: int
    unfit: int = 0


@dataclass(frozen=True)
class ExportSummary:
    tables: tuple[TableExport, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def export_all(context: Context, org_id: int, *, portion: int = PORTION) -> ExportSummary:
    """Brings every table of the organisation up to now.

    portion: most rows in memory at once. Raises Conflict while another export of it runs, and when
    the lake is ahead of the database (one of them was restored from a backup).
    """
    types = _types(context, org_id)
    with context.database.transaction(org_id) as guard:
        if not export_source.try_lock(guard, org_id):
            raise Conflict(
                "Another export of this organisation is running.", hint="Wait for it to end."
            )
        # What items can find out comes before them, so that the lake never has one without.
        last = export_source.last_place(guard)
        placed = [table for table in FACT_TABLES if table.moved is not None]
        others = [table for table in FACT_TABLES if table.moved is None]
        exports = [
            *(_export_facts(context, org_id, table, portion) for table in placed),
            *(_export_items(context, org_id, type_id, last, portion) for type_id in types),
            *(_export_facts(context, org_id, table, portion) for table in others),
        ]
    return ExportSummary(tuple(exports))


def newest_written(context: Context, org_id: int) -> str:
    """A name for what an export would now find; the same name, nothing new."""
    with context.database.transaction(org_id) as tx:
        return export_source.newest(tx)


def _types(context: Context, org_id: int) -> list[str]:
    with context.database.transaction(org_id) as tx:
        return export_source.item_type_ids(tx)


@dataclass(frozen=True)
class _Target:
    """A table of the lake and how far the export has come in it. name: as `lake_exports` has it."""

    context: Context
    org_id: int
    name: str
    uri: str

    def start(self) -> tuple[int | None, int]:
        """(progress in the table's own log, from where to look for more)."""
        progress = lake.progress(self.uri)
        with self.context.database.transaction(self.org_id) as tx:
            return progress, export_source.seen(tx, self.name, progress)

    def finish(self, seen: int) -> None:
        """Up to `seen` there is nothing that the table does not have."""
        if lake.compact(self.uri):
            lake.vacuum(self.uri, keep_hours=KEEP_HOURS)
        watermark = f"{seen}@{lake.progress(self.uri)}"
        with self.context.database.transaction(self.org_id) as tx:
            export_source.set_watermark(tx, self.name, watermark, self.context.clock())


def _items_target(context: Context, org_id: int, type_id: str) -> _Target:
    uri = lake.items_uri(context.lake_root, org_id, type_id)
    return _Target(context, org_id, export_source.items_name(type_id), uri)


def _export_items(
    context: Context, org_id: int, type_id: str, last: datetime | None, portion: int
) -> TableExport:
    """last: the place up to which they are exported."""
    target = _items_target(context, org_id, type_id)
    progress, seen = target.start()
    end = 0 if last is None else microseconds(last)
    _refuse_if_behind(target, progress, end)
    rows = unfit = 0
    while items := _portion_of_items(target, type_id, seen, end, portion):
        written = item_rows(items, _versions(target, type_id, items), lake.schema_of(target.uri))
        seen = microseconds(items[-1].arrived_at)
        lake.append(target.uri, written.table, day_of="_arrived_at", after=progress, reaches=seen)
        progress, rows, unfit = seen, rows + len(items), unfit + written.unfit
    target.finish(max(seen, end))
    return TableExport(target.name, rows, unfit)


def _portion_of_items(
    target: _Target, type_id: str, seen: int, end: int, portion: int
) -> list[Submitted]:
    if seen >= end:
        return []
    with target.context.database.transaction(target.org_id) as tx:
        return export_source.submissions(
            tx,
            type_id,
            after=from_microseconds(seen),
            through=from_microseconds(end),
            limit=portion,
        )


def _versions(target: _Target, type_id: str, items: Sequence[Submitted]) -> dict[int, ItemType]:
    wanted = {item.type_version for item in items}
    with target.context.database.transaction(target.org_id) as tx:
        revisions = config.versions(tx, ConfigKind.ITEM_TYPE, type_id)
    return {
        each.version: parse_item_type(type_id, each.version, each.document)
        for each in revisions
        if each.version in wanted
    }


def _export_facts(context: Context, org_id: int, table: FactTable, portion: int) -> TableExport:
    uri = lake.fact_uri(context.lake_root, org_id, table.name)
    target = _Target(context, org_id, table.name, uri)
    progress, seen = target.start()
    end = _in_transaction(target, lambda tx: export_source.reach(tx, table))
    _refuse_if_behind(target, progress, end)
    rows = 0
    while seen < end:
        with context.database.transaction(org_id) as tx:
            found = export_source.facts(tx, table, start=seen, end=end, limit=portion)
        seen = found.reaches
        if len(found.rows):
            lake.append(uri, found.rows, day_of=table.day_of, after=progress, reaches=seen)
            progress = seen
        rows += len(found.rows)
    target.finish(seen)
    return TableExport(table.name, rows)


def _in_transaction(target: _Target, read: Callable[[Connection], int]) -> int:
    with target.context.database.transaction(target.org_id) as tx:
        return read(tx)


def _refuse_if_behind(target: _Target, progress: int | None, end: int) -> None:
    if progress is not None and progress > end:
        raise Conflict(
            f"The lake's {target.name} is ahead of the database: one was restored from a backup.",
            hint="Move the organisation's folder of the lake away and export again from the start.",
        )


@dataclass(frozen=True)
class TableCount:
    """postgres, lake: rows. missing: rows that Postgres has and the lake ought to, but has not."""

    table: str
    postgres: int
    lake: int
    missing: int


def compare_counts(context: Context, org_id: int) -> tuple[TableCount, ...]:
    """Both sides up to where the export has come; days that Postgres let go are not compared."""
    items = [_count_items(context, org_id, each) for each in _types(context, org_id)]
    return (*items, *(_count_facts(context, org_id, table) for table in FACT_TABLES))


def _count_items(context: Context, org_id: int, type_id: str) -> TableCount:
    target = _items_target(context, org_id, type_id)
    _, seen = target.start()
    with context.database.transaction(org_id) as tx:
        there = export_source.submissions_by_day(tx, type_id, from_microseconds(seen))
    here: dict[date, int] = dict.fromkeys(there, 0)
    found = lake.snapshot(target.uri)
    for file in found.files if found else ():
        if file.day in here:
            here[file.day] += file.rows
    missing = sum(max(0, count - here[day]) for day, count in there.items())
    return TableCount(target.name, sum(there.values()), sum(here.values()), missing)


def _count_facts(context: Context, org_id: int, table: FactTable) -> TableCount:
    uri = lake.fact_uri(context.lake_root, org_id, table.name)
    _, seen = _Target(context, org_id, table.name, uri).start()
    if table.changes:
        return _count_changing_facts(context, org_id, table, uri, seen)
    with context.database.transaction(org_id) as tx:
        there = export_source.fact_count(tx, table, seen)
    found = lake.snapshot(uri)
    here = found.rows if found else 0
    return TableCount(table.name, there, here, max(0, there - here))


def _count_changing_facts(
    context: Context, org_id: int, table: FactTable, uri: str, seen: int
) -> TableCount:
    with context.database.transaction(org_id) as tx:
        there = export_source.fact_keys(tx, table, seen)
    here = lake.keys(uri, table.key)
    latest = {key for key, _ in here}
    return TableCount(table.name, len(there), len(latest), len(set(there) - here))
