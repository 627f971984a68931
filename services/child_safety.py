"""Who may see what is about child safety, and that it was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audit import Entry, Event
from engine.casework.decisions import CHILD_SAFETY_JOB
from engine.permissions import Permission
from services.context import Caller, require
from store import audit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def sees_child_safety(caller: Caller) -> bool:
    return Permission.VIEW_CHILD_SAFETY_DATA in caller.permissions


def require_sight(caller: Caller, job_kind: str) -> None:
    """Raises PermissionDenied for a job about child safety without the permission for it."""
    if job_kind == CHILD_SAFETY_JOB:
        require(caller, Permission.VIEW_CHILD_SAFETY_DATA)


def note_sight(tx: Connection, caller: Caller, job_kind: str, job_id: str, now: datetime) -> None:
    """Whoever opens a job about child safety is in the audit log."""
    if job_kind == CHILD_SAFETY_JOB:
        audit.append(tx, Entry(now, caller.actor, Event.CHILD_SAFETY_VIEW, "job", job_id))
