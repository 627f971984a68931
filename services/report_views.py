"""Reports as people read them, alone and on the page of their job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine.configuration.configuration import Configuration
from engine.items import ItemRef
from services.items import ItemCard, item_card
from services.people import names_in
from store import items_lookup, reports
from store.items_lookup import ItemRow
from store.jobs import JobRow
from store.reports import ReportRow

MOST_REPORTS = 100


@dataclass(frozen=True)
class Ref:
    """An item pointed at."""

    type_id: str
    id: str


@dataclass(frozen=True)
class ReportView:
    """policy_name: None for a policy that nobody here knows."""

    report_id: str
    state: str
    received_at: datetime
    reported_at: datetime
    item: Ref
    author: Ref | None
    reporter: Ref
    policy_id: str | None
    policy_name: str | None
    reason: str | None
    csam: bool
    thread: tuple[Ref, ...]
    reported_items_in_thread: tuple[Ref, ...]
    additional_items: tuple[Ref, ...]
    job_id: str | None
    invalidated_at: datetime | None
    invalidated_by: str | None
    invalidated_by_name: str | None
    invalidated_reason: str | None


@dataclass(frozen=True)
class ThreadItem:
    """flagged: whether a report names it, too."""

    item: ItemCard
    flagged: bool


@dataclass(frozen=True)
class JobReports:
    """What came with a job's reports: each item once, as it was when it came last."""

    reports: tuple[ReportView, ...]
    thread: tuple[ThreadItem, ...]
    additional_items: tuple[ItemCard, ...]


def report_views(
    tx: Connection, configuration: Configuration, rows: Sequence[ReportRow]
) -> dict[str, ReportView]:
    """By id, in order."""
    names = names_in(tx, [row.invalidated_by for row in rows])
    return {row.report_id: _view(row, configuration, names) for row in rows}


def _view(row: ReportRow, configuration: Configuration, names: Mapping[str, str]) -> ReportView:
    policy = configuration.policies.get(row.policy_id or "")
    return ReportView(
        report_id=row.report_id,
        state=row.state.value,
        received_at=row.received_at,
        reported_at=row.reported_at,
        item=ref_of(row.item),
        author=ref_of(row.author) if row.author else None,
        reporter=ref_of(row.reporter),
        policy_id=row.policy_id,
        policy_name=policy.name if policy else None,
        reason=row.reason,
        csam=row.csam,
        thread=tuple(Ref(each[0], each[1]) for each in row.thread),
        reported_items_in_thread=tuple(Ref(each[0], each[1]) for each in row.flagged),
        additional_items=tuple(Ref(each[0], each[1]) for each in row.additional),
        job_id=row.job_id,
        invalidated_at=row.invalidated_at,
        invalidated_by=row.invalidated_by,
        invalidated_by_name=names.get(row.invalidated_by or ""),
        invalidated_reason=row.invalidated_reason,
    )


def ref_of(item: ItemRef) -> Ref:
    return Ref(item.type_id, item.item_id)


def reports_of_job(tx: Connection, configuration: Configuration, job: JobRow) -> JobReports:
    """The latest hundred, latest first.

    Where the job is about the author, what was reported is among the additional items.
    """
    if not any(source.get("kind") == "REPORT" for source in job.sources):
        return JobReports((), (), ())
    rows = reports.of_job(tx, job.job_id, MOST_REPORTS)
    flagged = {(each[0], each[1]) for row in rows for each in row.flagged}
    thread = _stored(tx, [each for row in rows for each in row.thread])
    itself = ItemRef(job.type_id, job.item_id)
    others = [
        (row.item.type_id, row.item.item_id, row.seq, row.arrived_at)
        for row in rows
        if row.item != itself
    ]
    additional = _stored(tx, [*others, *(each for row in rows for each in row.additional)])
    return JobReports(
        reports=tuple(report_views(tx, configuration, rows).values()),
        thread=tuple(
            ThreadItem(item_card(row, configuration), (row.type_id, row.item_id) in flagged)
            for row in thread
        ),
        additional_items=tuple(item_card(row, configuration) for row in additional),
    )


def _stored(tx: Connection, places: Sequence[Sequence[Any]]) -> list[ItemRow]:
    """In the order given; of an item given twice, the first."""
    once: dict[tuple[str, str], tuple[int, datetime]] = {}
    for type_id, item_id, seq, at in places:
        once.setdefault((type_id, item_id), (seq, _moment(at)))
    found = {(row.type_id, row.item_id): row for row in items_lookup.at_places(tx, once.values())}
    return [found[key] for key in once if key in found]


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
