from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.audit import Event
from engine.configuration.queues import Queue, parse_queue, queue_document
from engine.configuration.references import queue_problems, users_of_queue
from engine.errors import Conflict
from engine.permissions import Permission
from services.child_safety import sees_child_safety
from services.configuration import Events, Noun, Saving, refuse
from services.context import Caller, Context, require
from services.people import names_in
from services.rulesets import known_configuration
from store import config, queues
from store.config import ConfigKind
from store.queues import QueueCounts

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class QueueStats:
    """reviewers: the actors who hold a job at this moment; reviewer_names: theirs, in order."""

    id: str
    name: str
    description: str
    is_default: bool
    is_appeals_default: bool
    is_child_safety_default: bool
    sla_minutes: int | None
    pending: int
    leased: int
    oldest_enqueued_at: datetime | None
    decided_last_hour: int
    enqueued_last_hour: int
    reviewers: tuple[str, ...]
    reviewer_names: tuple[str, ...]


def queue_stats(context: Context, caller: Caller) -> list[QueueStats]:
    """Every queue by name, the default one first; without jobs that the caller may not see."""
    require(caller, Permission.VIEW_MRT)
    now = context.clock()
    with context.database.transaction(caller.org_id) as tx:
        known = known_configuration(tx).queues.values()
        counts = queues.queue_counts(
            tx, now=now, since=now - HOUR, child_safety=sees_child_safety(caller)
        )
        names = names_in(tx, [who for one in counts.values() for who in one.reviewers])
    ordered = sorted(known, key=lambda queue: (not queue.is_default, queue.name))
    return [_stats(queue, counts.get(queue.queue_id), names) for queue in ordered]


def _stats(queue: Queue, counts: QueueCounts | None, names: Mapping[str, str]) -> QueueStats:
    reviewers = counts.reviewers if counts else ()
    return QueueStats(
        id=queue.queue_id,
        name=queue.name,
        description=queue.description,
        is_default=queue.is_default,
        is_appeals_default=queue.is_appeals_default,
        is_child_safety_default=queue.is_child_safety_default,
        sla_minutes=queue.sla_minutes,
        pending=counts.pending if counts else 0,
        leased=counts.leased if counts else 0,
        oldest_enqueued_at=counts.oldest_enqueued_at if counts else None,
        decided_last_hour=counts.decided_last_hour if counts else 0,
        enqueued_last_hour=counts.enqueued_last_hour if counts else 0,
        reviewers=reviewers,
        reviewer_names=tuple(names[who] for who in reviewers),
    )


def _settle(saving: Saving, queue: Queue) -> Queue:
    """One queue is the default, always: the first one, until another takes over."""
    refuse("queue", queue_problems(queue, saving.configuration))
    before = saving.configuration.queues.get(saving.object_id)
    if before is not None and before.is_default and not queue.is_default:
        raise Conflict(
            f"`{before.name}` is the default queue", hint="make another queue the default instead"
        )
    return queue if saving.configuration.queues else replace(queue, is_default=True)


def _stored(saving: Saving, queue: Queue) -> None:
    """A new default, for jobs of some kind, takes over from the old one."""
    for other in saving.configuration.queues.values():
        if other.queue_id == saving.object_id:
            continue
        left = replace(
            other,
            is_default=other.is_default and not queue.is_default,
            is_appeals_default=other.is_appeals_default and not queue.is_appeals_default,
            is_child_safety_default=other.is_child_safety_default
            and not queue.is_child_safety_default,
        )
        if left != other:
            config.save(
                saving.tx,
                ConfigKind.QUEUE,
                other.queue_id,
                other.name,
                queue_document(left),
                author=saving.caller.actor,
                reason=f"`{queue.name}` became the default queue",
                now=saving.context.clock(),
            )


def _users(saving: Saving) -> tuple[str, ...]:
    now = saving.context.clock()
    counts = queues.queue_counts(saving.tx, now=now, since=now).get(saving.object_id)
    queue = saving.configuration.queues[saving.object_id]
    defaults = {
        "the default queue": queue.is_default,
        "the default appeals queue": queue.is_appeals_default,
        "the default queue for child safety": queue.is_child_safety_default,
    }
    return (
        *(f"the organisation: it is {which}" for which, is_it in defaults.items() if is_it),
        *([f"{counts.pending} open jobs"] if counts and counts.pending else []),
        *users_of_queue(saving.configuration, saving.object_id),
    )


QUEUES = Noun(
    kind=ConfigKind.QUEUE,
    title="queue",
    events=Events(Event.QUEUE_CREATE, Event.QUEUE_UPDATE, Event.QUEUE_DELETE, Event.QUEUE_ROLLBACK),
    parse=parse_queue,
    document=queue_document,
    name=lambda queue: queue.name,
    select=lambda configuration: configuration.queues,
    needs=lambda _before, _after: Permission.EDIT_MRT_QUEUES,
    settle=_settle,
    stored=_stored,
    users=_users,
)
