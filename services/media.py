"""Media of items: noted when an item is evaluated, hashed later and by whoever is installed.

Nothing here is done while a platform waits, and nothing is fetched: that is the hasher's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from engine.items.media import has_media, media_references
from store import media, organisations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.configuration.configuration import Configuration
    from engine.items.media import MediaReference
    from services.context import Context
    from store.media import WaitingMedium
    from store.submissions import Submission

Hasher = Callable[["WaitingMedium"], Mapping[str, str]]
"""From a medium to its hashes, by algorithm. Whatever it raises is noted, and it is asked again."""

BATCH = 50
LEASE = timedelta(minutes=5)
PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
KEPT = timedelta(days=30)
DECODE = msgspec.json.Decoder().decode

log = structlog.get_logger()


def note(
    tx: Connection, items: Sequence[Submission], configuration: Configuration, now: datetime
) -> None:
    """Every medium the items point at, in any field, waits for its hashes from now on."""
    media.insert(tx, _pointed_at(items, configuration), now)


def is_any(items: Sequence[Submission], configuration: Configuration) -> bool:
    return any(references for _, references in _pointed_at(items, configuration))


def _pointed_at(
    items: Sequence[Submission], configuration: Configuration
) -> list[tuple[Submission, Sequence[MediaReference]]]:
    found: list[tuple[Submission, Sequence[MediaReference]]] = []
    for item in items:
        item_type = configuration.item_types.get(item.type_id)
        if item_type is not None and has_media(item_type):
            found.append((item, media_references(item_type, DECODE(item.data))))
    return found


def hash_waiting(context: Context, org_id: int, hasher: Hasher) -> int:
    """Hashes what is due of an organisation, a batch; gives how many were tried."""
    now = context.clock()
    with context.database.transaction(org_id) as tx:
        leased = media.lease(tx, now=now, until=now + LEASE, most=BATCH)
    for medium in leased:
        _hash(context, org_id, hasher, medium)
    return len(leased)


def _hash(context: Context, org_id: int, hasher: Hasher, medium: WaitingMedium) -> None:
    try:
        hashes = hasher(medium)
    except Exception as error:  # whoever wrote the hasher: one medium does not stop the others
        log.exception("medium_not_hashed", org_id=org_id, url=medium.url[:200])
        final = medium.attempts > len(PAUSES)
        now = context.clock()
        pause = timedelta() if final else PAUSES[medium.attempts - 1]
        reason = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
        with context.database.transaction(org_id) as tx:
            media.failed(tx, medium, error=reason, due_at=now + pause, final=final, now=now)
        return
    with context.database.transaction(org_id) as tx:
        media.hashed(tx, medium, hashes, context.clock())


def hash_all(context: Context, hasher: Hasher) -> int:
    """What is due of every organisation."""
    return sum(hash_waiting(context, org_id, hasher) for org_id in _organisations(context))


def forget_media(context: Context) -> int:
    """Deletes what is older than a month, hashed or not."""
    before = context.clock() - KEPT
    forgotten = 0
    for org_id in _organisations(context):
        with context.database.transaction(org_id) as tx:
            forgotten += media.forget(tx, before)
    return forgotten


def _organisations(context: Context) -> list[int]:
    with context.database.system() as tx:
        return list(organisations.ids(tx))
