"""Queues as rows of a table: default first, then the longest waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from app.views.documents import person
from app.views.figures import age, aware, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.winnow_client.model import QueueStats


def queue_rows(
    queues: Sequence[QueueStats], now: datetime, href: Callable[[str], str]
) -> list[dict[str, Any]]:
    end = datetime.max.replace(tzinfo=UTC)

    def urgency(queue: QueueStats) -> tuple[bool, datetime, str]:
        oldest = queue.oldest_enqueued_at
        return (not queue.is_default, aware(oldest) if oldest else end, queue.name.lower())

    return [_row(queue, now, href) for queue in sorted(queues, key=urgency)]


def _row(queue: QueueStats, now: datetime, href: Callable[[str], str]) -> dict[str, Any]:
    note = queue.description or ("default queue" if queue.is_default else "")
    return {
        "_id": queue.id,
        "_href": href(queue.id),
        "name": {"text": ("★ " if queue.is_default else "") + queue.name, "note": note},
        "pending": queue.pending,
        "age": _oldest(queue, now),
        "sla": span_of(timedelta(minutes=queue.sla_minutes)) if queue.sla_minutes else None,
        "arriving": queue.enqueued_last_hour,
        "decided": queue.decided_last_hour,
        "reviewers": _named(queue) or (f"{queue.leased} open" if queue.leased else None),
    }


def _named(queue: QueueStats, most: int = 3) -> str:
    names = [person(*who) for who in zip_longest(queue.reviewers, queue.reviewer_names)]
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _oldest(queue: QueueStats, now: datetime) -> dict[str, Any] | None:
    if queue.oldest_enqueued_at is None or not queue.pending:
        return None
    waited = now - aware(queue.oldest_enqueued_at)
    return {
        "text": age(queue.oldest_enqueued_at, now),
        "tone": lateness(waited, queue.sla_minutes),
        "order": waited.total_seconds(),
    }


def lateness(waited: timedelta, sla_minutes: int | None) -> str:
    """Bad past the promise, warn from four fifths of it, soft without one."""
    if not sla_minutes:
        return "soft"
    promised = timedelta(minutes=sla_minutes)
    if waited > promised:
        return "bad"
    return "warn" if waited > promised * 0.8 else "good"
