"""What is done on time rather than on demand: partitions ahead, events forgotten, lake exports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from services import field_statistics
from services.bank_expiry import expire_terms
from services.erasures import erase_all
from services.idempotency import forget_keys
from services.lake_export import export_all
from services.media import forget_media, hash_all
from store import organisations, partitions, pending, signal_answers, window_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.context import Context
    from services.media import Hasher

HOURLY_S = 3600.0
EXPIRY_S = 30.0
MEDIA_S = 1.0
STATISTICS_S = 300.0
ERASURES_S = 5.0
# Kept beyond every window, so that an item evaluated late still finds all its events.
KEPT_LONGER = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=30)
ANSWERS_AT_ONCE = 10_000

log = structlog.get_logger()


def ensure_partitions(context: Context) -> list[str]:
    """Makes the days ahead; gives the names of those that were missing."""
    with context.database.owner() as tx:
        made = partitions.ensure(tx, context.clock().date())
    if made:
        log.info("partitions_made", names=made)
    return made


def forget_window_events(context: Context) -> int:
    """Deletes events that no window of any item, evaluated or waiting, can still reach."""
    forgotten = 0
    for org_id in every_organisation(context):
        with context.database.transaction(org_id) as tx:
            oldest = pending.oldest(tx)
            until = min(oldest or context.clock(), context.clock()) - KEPT_LONGER
            forgotten += window_events.forget(tx, until)
    if forgotten:
        log.info("window_events_forgotten", count=forgotten)
    return forgotten


def expire_bank_entries(context: Context) -> int:
    """Takes entries out of banks when their time has come."""
    expired = sum(expire_terms(context, org_id) for org_id in every_organisation(context))
    if expired:
        log.info("bank_entries_expired", count=expired)
    return expired


def erase_people(context: Context) -> int:
    """Sees through what administrators asked to be erased; how many people went."""
    erased = erase_all(context)
    if erased:
        log.info("people_erased", count=erased)
    return erased


def collect_field_statistics(context: Context) -> int:
    """Looks at recent items of every organisation; gives how many item types it could tell of."""
    return sum(field_statistics.collect(context, org_id) for org_id in every_organisation(context))


def forget_signal_answers(context: Context) -> int:
    """Deletes what signals answered long ago; asked again, they answer again."""
    before, forgotten = context.clock() - ANSWERS_KEPT, 0
    for org_id in every_organisation(context):
        with context.database.transaction(org_id) as tx:
            forgotten += signal_answers.forget(tx, before=before, most=ANSWERS_AT_ONCE)
    return forgotten


def export_lake(context: Context) -> int:
    """Copies what is new of every organisation; gives the rows copied."""
    return sum(export_all(context, org_id).rows for org_id in every_organisation(context))


def every_organisation(context: Context) -> list[int]:
    with context.database.system() as tx:
        return list(organisations.ids(tx))


@dataclass
class Timer:
    """Due at once, then every so often; a run that fails is due again after `every_s`."""

    name: str
    every_s: float
    run: Callable[[Context], object]
    due_at: float = field(default=0.0)

    def tick(self, context: Context, now: float) -> bool:
        """Runs when due; True if it ran."""
        if now < self.due_at:
            return False
        self.due_at = now + self.every_s
        self.run(context)
        return True


def timers(export_every_s: float | None, hasher: Hasher | None = None) -> tuple[Timer, ...]:
    """export_every_s: None leaves the exports to the pipelines. hasher: None leaves media alone."""
    always = (
        Timer("partitions", HOURLY_S, ensure_partitions),
        Timer("bank-entries", EXPIRY_S, expire_bank_entries),
        Timer("erasures", ERASURES_S, erase_people),
        Timer("field-statistics", STATISTICS_S, collect_field_statistics),
        *([Timer("media", MEDIA_S, partial(hash_all, hasher=hasher))] if hasher else []),
        Timer("media-kept", HOURLY_S, forget_media, monotonic() + HOURLY_S),
        Timer("idempotency-keys", HOURLY_S, forget_keys, monotonic() + HOURLY_S),
        Timer("signal-answers", EXPIRY_S, forget_signal_answers),
        Timer("window-events", HOURLY_S, forget_window_events, monotonic() + HOURLY_S),
    )
    if export_every_s is None:
        return always
    first = monotonic() + export_every_s
    return (*always, Timer("lake-export", export_every_s, export_lake, first))
