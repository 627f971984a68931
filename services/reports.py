"""Reports: taken in whole before they are acknowledged, shown, and taken back from bad faith."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from engine.actions.execution import Source
from engine.audit import Entry, Event
from engine.casework.leases import JobState
from engine.casework.reports import (
    CheckedReport,
    ReportRequest,
    Standing,
    check_report,
    fact_ids,
    job_source,
    policies_without,
    report_facts,
    sources_without,
)
from engine.errors import InvalidInput, NotFound, Problem
from engine.idempotency import Once
from engine.items import Item, ItemRef
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from engine.webhooks.callbacks import JobClosed
from services import idempotency
from services.callbacks import queue_job_closed
from services.child_safety import sees_child_safety
from services.context import Caller, Context, require
from services.intake import Intake, load_intake
from services.job_openings import Opening, open_routed
from services.jobs import known_id
from services.placement import coerced, place_items
from services.report_views import Ref, ReportView, ref_of, report_views
from services.rulesets import known_configuration
from store import audit, facts, items_lookup, job_sources, jobs, reports
from store.reports import Place, ReportFilter
from store.submissions import Submission

CHILD_SAFETY = "NCMEC"
WITHOUT_REPORTS = "Every report that opened it was taken back."


def submit(
    context: Context, caller: Caller, request: ReportRequest, once: Once | None = None
) -> str:
    """Keeps the report, its items and its job, all or nothing; gives the report's id.

    Raises InvalidInput and KeyReused. The clock is locked last: the facts come before the places,
    so that a rule which judges the reported item knows of this report.
    """
    intake = load_intake(context, caller.org_id)
    report = check_report(request, intake.item_types, lambda raw: coerced(context, intake, raw))
    now, report_id = context.clock(), context.new_id()
    with context.database.transaction(caller.org_id) as tx:
        answered = idempotency.begin(tx, once)
        if answered is not None:
            return answered.decode()
        idempotency.finish(tx, once, report_id.encode())
        job_id = _open_job(context, tx, report_id, report, now)
        known = _known(tx, [*report.thread, *report.additional])
        facts.record(tx, report_facts(report_id, report, caller.actor))
        at, places = _place(context, tx, intake, report, known)
        if job_id is not None and report.subject == ItemRef(at.type_id, at.item_id):
            job_sources.point_at(tx, job_id, at.seq, at.arrived_at)
        reports.insert(
            tx,
            report_id=report_id,
            report=report,
            at=at,
            thread=[places[_key(item)] for item in report.thread],
            additional=[places[_key(item)] for item in report.additional],
            job_id=job_id,
            received_at=now,
            received_by=caller.actor,
        )
    return report_id


def _open_job(
    context: Context, tx: Connection, report_id: str, report: CheckedReport, now: datetime
) -> str | None:
    """None in an organisation without any queue. A policy nobody knows is kept as said alone."""
    configuration = known_configuration(tx)
    policy = report.request.policy_id
    about_item = report.subject == ItemRef(report.item.type_id, report.item.item_id)
    opening = Opening(
        type_id=report.subject.type_id,
        item_id=report.subject.item_id,
        sources=[job_source(report_id, report)],
        origin=Source.SUBMIT_REPORT.value,
        kind=CHILD_SAFETY if report.request.csam else "DEFAULT",
        policy_ids=[policy] if policy is not None and policy in configuration.policies else [],
        data=report.item.data if about_item else None,
    )
    [job_id] = open_routed(tx, configuration, [opening], now=now, new_id=context.new_id)
    return job_id


Key = tuple[str, str]


def _key(item: Item) -> Key:
    return item.type_id, item.item_id


def _known(tx: Connection, items: Sequence[Item]) -> dict[Key, Place]:
    """Of items that are stored already just as they came, where."""
    asked = {_key(item): item.data for item in items}
    return {
        key: Place(row.type_id, row.item_id, row.seq, row.arrived_at)
        for row in items_lookup.latest_of(tx, list(asked))
        if (key := (row.type_id, row.item_id)) in asked and row.data == asked[key]
    }


def _place(
    context: Context,
    tx: Connection,
    intake: Intake,
    report: CheckedReport,
    known: Mapping[Key, Place],
) -> tuple[Submission, dict[Key, Place]]:
    """The reported item's place, and that of each item of its context.

    The reported item is always a submission anew, so that rules judge it with what is known now.
    The others are only where they are new or changed: being near a report is not being active.
    """
    itself = _key(report.item)
    around = {_key(item): item for item in (*report.thread, *report.additional)}
    new = [item for key, item in around.items() if key not in known and key != itself]
    placed = place_items(
        tx,
        intake,
        [*new, report.item],
        source=Source.SUBMIT_REPORT.value,
        new_id=context.new_id,
        judged=not report.request.csam,
    )
    places = {
        (one.type_id, one.item_id): Place(one.type_id, one.item_id, one.seq, one.arrived_at)
        for one in placed
    }
    return placed[-1], dict(known) | places


@dataclass(frozen=True)
class StandingView:
    """accuracy: of the reports that were decided or invalidated, the share upheld; None before."""

    reporter: Ref
    reports: int
    open: int
    upheld: int
    dismissed: int
    invalidated: int
    accuracy: float | None


@dataclass(frozen=True)
class Invalidated:
    """jobs_closed: those for which no other reason was left."""

    reports: int
    jobs_closed: int


def listed(
    context: Context, caller: Caller, wanted: ReportFilter, page: PageRequest
) -> Page[ReportView]:
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        seen = replace(wanted, child_safety=sees_child_safety(caller))
        rows = reports.listed(tx, seen, page)
        views = report_views(tx, known_configuration(tx), rows)
    found = page_of(rows, page, lambda row: Position(row.received_at, row.report_id))
    return map_page(found, lambda row: views[row.report_id])


def one(context: Context, caller: Caller, report_id: str) -> ReportView:
    """Raises NotFound."""
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        row = reports.find(tx, known_id(report_id))
        if row is None:
            raise NotFound(f"there is no report `{report_id}`")
        if row.csam:
            require(caller, Permission.VIEW_CHILD_SAFETY_DATA)
        return report_views(tx, known_configuration(tx), [row])[row.report_id]


def standing(context: Context, caller: Caller, reporter: ItemRef) -> StandingView:
    """How much this reporter's word has been worth so far."""
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        found: Standing = reports.standing(tx, reporter)
    return StandingView(reporter=ref_of(reporter), accuracy=found.accuracy, **vars(found))


def invalidate(context: Context, caller: Caller, reporter: ItemRef, reason: str) -> Invalidated:
    """Takes every open report of a reporter back; a job without any other reason is closed.

    Reports of child sexual abuse are left to those who may see them.
    Raises InvalidInput without a reason.
    """
    require(caller, Permission.EDIT_MRT_QUEUES)
    if not reason.strip():
        problem = Problem("an invalidation needs a reason", "/reason")
        raise InvalidInput(problem.message, problems=(problem,))
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        found = reports.open_of(tx, reporter, child_safety=sees_child_safety(caller))
        jobs_of = {job for job in found.values() if job}
        closed = _forget(context, tx, jobs_of, set(found), now)
        count = reports.invalidate(tx, list(found), actor=caller.actor, reason=reason, now=now)
        who = {"typeId": reporter.type_id, "id": reporter.item_id}
        detail = {"reporter": who, "reason": reason, "reports": count, "jobsClosed": closed}
        event = Event.REPORT_INVALIDATE
        audit.append(tx, Entry(now, caller.actor, event, "reporter", reporter.item_id, detail))
        facts.withdraw(tx, [fact for report_id in found for fact in fact_ids(report_id)])
    return Invalidated(count, closed)


def _forget(
    context: Context, tx: Connection, job_ids: set[str], report_ids: set[str], now: datetime
) -> int:
    """Takes the reports out of their jobs' reasons; how many jobs were closed by that."""
    closed, settings = 0, known_configuration(tx).settings
    for job in job_sources.lock_open(tx, sorted(job_ids)):
        left = sources_without(job.sources, report_ids)
        policies = policies_without(job.policy_ids, job.sources, report_ids)
        job_sources.rewrite(tx, job.job_id, left, policies)
        if not left:
            jobs.finish(tx, job.job_id, state=JobState.CLOSED, now=now)
            ended = JobClosed(job.job_id, job.item, WITHOUT_REPORTS, now)
            queue_job_closed(tx, settings, ended, message_id=context.new_id(), now=now)
            closed += 1
    return closed
