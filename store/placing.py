"""Items given their places by the runtime itself, a few at a time, beside the batcher's many.

The caller holds the clock (`store.clock.lock`), so the places are the next ones, and committing
releases it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from store.raw import cursor
from store.submissions import Submission

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from store.clock import Clock

MICROSECOND = timedelta(microseconds=1)

# All of it in one round trip, while the clock is held.
PLACE = """
WITH given AS (
    INSERT INTO submissions (org_id, seq, arrived_at, submission_id, type_id, type_version,
                             item_id, creator_type_id, creator_id, data, source)
    SELECT current_setting('app.org_id')::int, s, a, u, t, v, i, ct, ci, d::json, %(source)s
    FROM unnest(%(seqs)s::bigint[], %(at)s::timestamptz[], %(ids)s::uuid[], %(types)s::text[],
                %(versions)s::int[], %(items)s::text[], %(creator_types)s::text[],
                %(creators)s::text[], %(data)s::text[]) AS e(s, a, u, t, v, i, ct, ci, d)
), counted AS (
    INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq, value, member)
    SELECT current_setting('app.org_id')::int, e.*
    FROM unnest(%(counters)s::int[], %(keys)s::text[], %(event_at)s::timestamptz[],
                %(event_seqs)s::bigint[], %(numbers)s::float8[], %(members)s::text[]) AS e
), waiting AS (
    INSERT INTO pending (org_id, seq, arrived_at, lease_id, leased_until)
    SELECT current_setting('app.org_id')::int, s, a, %(lease)s::uuid, %(until)s::timestamptz
    FROM unnest(%(seqs)s::bigint[], %(at)s::timestamptz[], %(judged)s::boolean[]) AS e(s, a, j)
    WHERE j
)
UPDATE org_clock SET seq = %(last_seq)s, at = %(last_at)s
"""

NOTIFY = "SELECT pg_notify('winnow_pending', current_setting('app.org_id'))"


@dataclass(frozen=True, slots=True)
class Counted:
    """An event of a counter that an item is."""

    counter_id: int
    key: str
    number: float | None
    member: str | None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A coerced item that waits for its place.

    data: JSON text. judged: whether rules are to look at it.
    """

    submission_id: str
    type_id: str
    type_version: int
    item_id: str
    creator: tuple[str, str] | None
    data: str
    events: tuple[Counted, ...]
    judged: bool = True


def place(
    tx: Connection,
    held: Clock,
    items: Sequence[Unplaced],
    *,
    source: str,
    lease_id: str | None = None,
    leased_until: datetime | None = None,
) -> list[Submission]:
    """The items at the next places.

    With a lease they are the caller's to evaluate from the first moment, without one any worker's.
    """
    placed = [
        Submission(
            held.seq + number,
            held.at + MICROSECOND * number,
            item.submission_id,
            item.type_id,
            item.type_version,
            item.item_id,
            item.creator[0] if item.creator else None,
            item.creator[1] if item.creator else None,
            item.data,
            source,
        )
        for number, item in enumerate(items, 1)
    ]
    if placed:
        lease = {"source": source, "lease": lease_id, "until": leased_until}
        judged = {"judged": [item.judged for item in items]}
        last = {"last_seq": placed[-1].seq, "last_at": placed[-1].arrived_at}
        cursor(tx).execute(
            PLACE, _columns(placed) | _event_columns(placed, items) | judged | lease | last
        )
    return placed


def _columns(placed: Sequence[Submission]) -> dict[str, object]:
    return {
        "seqs": [one.seq for one in placed],
        "at": [one.arrived_at for one in placed],
        "ids": [one.submission_id for one in placed],
        "types": [one.type_id for one in placed],
        "versions": [one.type_version for one in placed],
        "items": [one.item_id for one in placed],
        "creator_types": [one.creator_type_id for one in placed],
        "creators": [one.creator_id for one in placed],
        "data": [one.data for one in placed],
    }


def _event_columns(placed: Sequence[Submission], items: Sequence[Unplaced]) -> dict[str, object]:
    counted = [(at, event) for at, item in zip(placed, items, strict=True) for event in item.events]
    return {
        "counters": [event.counter_id for _, event in counted],
        "keys": [event.key for _, event in counted],
        "event_at": [at.arrived_at for at, _ in counted],
        "event_seqs": [at.seq for at, _ in counted],
        "numbers": [event.number for _, event in counted],
        "members": [event.member for _, event in counted],
    }
