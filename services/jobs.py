"""Review: who works on which job."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.casework.leases import LEASE, JobState, check_free, check_hold
from engine.errors import Conflict, NotFound
from engine.paging import Page, PageRequest, Position, map_page, page_of
from engine.permissions import Permission
from services.absent_items import completed
from services.child_safety import note_sight, require_sight, sees_child_safety
from services.context import Caller, Context, require
from services.job_page import JobSummary, JobView, job_view, summary
from services.people import names_in
from services.rulesets import known_configuration
from store import audit, jobs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from store.jobs import JobFilter, JobRow


def claim_next(context: Context, caller: Caller, queue_id: str) -> JobView | None:
    """Leases the oldest free job of a queue to the caller; None when there is none."""
    require(caller, Permission.VIEW_MRT)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        if queue_id not in configuration.queues:
            raise NotFound(f"there is no queue `{queue_id}`")
        row = jobs.claim_next(
            tx,
            queue_id=queue_id,
            holder=caller.actor,
            token=context.new_id(),
            now=now,
            until=now + LEASE,
            independent=configuration.settings.independent_appeal_reviewer,
            child_safety=sees_child_safety(caller),
        )
        if row is None:
            return None
        note_sight(tx, caller, row.kind, row.job_id, now)
        page = job_view(tx, configuration, row, caller)
    return completed(context, caller, page)


def claim(context: Context, caller: Caller, job_id: str) -> JobView:
    """Leases one job to the caller. Raises NotFound, Conflict."""
    require(caller, Permission.VIEW_MRT)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        row = locked(tx, caller, job_id)
        check_free(row.hold, caller.actor, now)
        check_independent(tx, row, caller)
        jobs.lease(
            tx,
            job_id,
            holder=caller.actor,
            token=context.new_id(),
            now=now,
            until=now + LEASE,
        )
        note_sight(tx, caller, row.kind, row.job_id, now)
        page = job_view(tx, known_configuration(tx), locked(tx, caller, job_id), caller)
    return completed(context, caller, page)


def heartbeat(context: Context, caller: Caller, job_id: str, token: str) -> datetime:
    """Extends the caller's lease; returns when it now ends. Raises NotFound, Conflict."""
    until = context.clock() + LEASE
    with context.database.transaction(caller.org_id) as tx:
        held(context, caller, tx, job_id, token)
        jobs.extend(tx, job_id, until)
    return until


def skip(context: Context, caller: Caller, job_id: str, token: str) -> None:
    """Gives the job back; the caller gets it again only when no other is left."""
    with context.database.transaction(caller.org_id) as tx:
        held(context, caller, tx, job_id, token)
        jobs.skip(tx, job_id, caller.actor)


def release(context: Context, caller: Caller, job_id: str, token: str) -> None:
    """Gives the job back."""
    with context.database.transaction(caller.org_id) as tx:
        held(context, caller, tx, job_id, token)
        jobs.release(tx, job_id)


def move(
    context: Context, caller: Caller, job_id: str, token: str, queue_id: str, reason: str
) -> None:
    """To another queue, with everything that is known about it. Raises NotFound, Conflict."""
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        row = held(context, caller, tx, job_id, token)
        queues = known_configuration(tx).queues
        if queue_id not in queues:
            raise NotFound(f"there is no queue `{queue_id}`")
        if queue_id == row.queue_id:
            raise Conflict(f"the job is in `{queues[queue_id].name}` already")
        source = {
            "kind": "MRT_JOB",
            "fromQueueId": row.queue_id,
            "actor": caller.actor,
            "reason": reason,
            "at": now.isoformat(),
        }
        jobs.move(tx, row.job_id, queue_id, source)
        detail = {"from": row.queue_id, "to": queue_id, "reason": reason}
        audit.append(tx, Entry(now, caller.actor, Event.JOB_MOVE, "job", row.job_id, detail))


def view(context: Context, caller: Caller, job_id: str) -> JobView:
    """The job as a reviewer sees it, without claiming it. Raises NotFound."""
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        row = jobs.job(tx, known_id(job_id))
        if row is None:
            raise missing(job_id)
        require_sight(caller, row.kind)
        note_sight(tx, caller, row.kind, row.job_id, context.clock())
        page = job_view(tx, known_configuration(tx), row, caller)
    return completed(context, caller, page)


def listed(
    context: Context, caller: Caller, wanted: JobFilter, page: PageRequest
) -> Page[JobSummary]:
    """Open jobs oldest first, finished ones latest first."""
    require(caller, Permission.VIEW_MRT)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        rows = jobs.jobs(tx, replace(wanted, child_safety=sees_child_safety(caller)), page)
        names = names_in(tx, [row.leased_by for row in rows])
    found = page_of(rows, page, _position)
    return map_page(found, lambda row: summary(row, configuration, names))


def _position(row: JobRow) -> Position:
    at = row.enqueued_at if row.state is JobState.OPEN else row.decided_at
    return Position(at or row.enqueued_at, row.job_id)


def held(context: Context, caller: Caller, tx: Connection, job_id: str, token: str) -> JobRow:
    """The job, locked, if the token is the caller's running lease. Raises NotFound, Conflict."""
    require(caller, Permission.VIEW_MRT)
    row = locked(tx, caller, job_id)
    check_hold(row.hold, token, caller.actor, context.clock())
    return row


def check_independent(tx: Connection, row: JobRow, caller: Caller) -> None:
    """Raises Conflict when the job is about what the caller decided, unless settings allow it."""
    if caller.actor in row.barred and known_configuration(tx).settings.independent_appeal_reviewer:
        raise Conflict(
            "this appeal is against your own decision", hint="another reviewer has to take it"
        )


def locked(tx: Connection, caller: Caller, job_id: str) -> JobRow:
    """Raises NotFound, PermissionDenied."""
    row = jobs.lock_job(tx, known_id(job_id))
    if row is None:
        raise missing(job_id)
    require_sight(caller, row.kind)
    return row


def missing(job_id: str) -> NotFound:
    return NotFound(f"there is no job `{job_id}`")


def known_id(text: str) -> str:
    """Raises NotFound for what cannot be an id of ours."""
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise NotFound(f"there is nothing with the id `{text}`") from error
