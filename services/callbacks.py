"""Callbacks of the organisation's settings, queued in the transaction of what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.webhooks.callbacks import appeal_body, close_body, ignore_body
from store import outbox
from store.outbox import NewMessage

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.callbacks import Callback
    from engine.configuration.settings import OrgSettings
    from engine.items.item import ItemRef
    from engine.webhooks.callbacks import AppealDecided, Ignored, JobClosed

APPEAL_DECISION = "appeal-decision"
IGNORE = "ignore"
JOB_CLOSED = "job-closed"


def queue_appeal_decision(
    tx: Connection,
    settings: OrgSettings,
    decided: AppealDecided,
    *,
    message_id: str,
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    """False where no such callback is configured, or appeals are off.

    message_id: a UUID, the callback's idempotency key; one that was queued before is not again,
    and `outbox.cancel` takes it back while nothing was sent. not_before: for what can be undone.
    """
    callback = settings.appeal_callback
    if callback is None or not settings.appeals_enabled:
        return False
    body = appeal_body(decided, callback.body)
    message = _message(message_id, callback, body, decided.item, settings)
    outbox.insert(tx, [message], kind=APPEAL_DECISION, due=not_before or now, now=now)
    return True


def queue_ignore(
    tx: Connection,
    settings: OrgSettings,
    ignored: Ignored,
    *,
    message_id: str,
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    """False where no such callback is configured. The rest as for an appeal's decision."""
    callback = settings.ignore_callback
    if callback is None:
        return False
    body = ignore_body(ignored, callback.body)
    message = _message(message_id, callback, body, ignored.item, settings)
    outbox.insert(tx, [message], kind=IGNORE, due=not_before or now, now=now)
    return True


def queue_job_closed(
    tx: Connection, settings: OrgSettings, closed: JobClosed, *, message_id: str, now: datetime
) -> bool:
    """False where no such callback is configured."""
    callback = settings.close_callback
    if callback is None:
        return False
    body = close_body(closed, callback.body)
    message = _message(message_id, callback, body, closed.item, settings)
    outbox.insert(tx, [message], kind=JOB_CLOSED, due=now, now=now)
    return True


def _message(
    message_id: str, callback: Callback, body: bytes, item: ItemRef, settings: OrgSettings
) -> NewMessage:
    return NewMessage(
        outbox_id=message_id,
        idempotency_key=message_id,
        action_id=None,
        url=callback.url,
        headers=callback.headers,
        body=body,
        item=item,
        timeout_s=float(settings.webhook_timeout_seconds),
    )
