"""Items given their places by the runtime itself, a few at a time, beside the batcher's many.

The organisation's clock is held from the statement that places them, if not from before
(`store.clock.lock`), so the places are the next ones; committing releases it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store.raw import cursor, in_one_trip, numbers, texts, whole_numbers
from store.submissions import Submission
from store.window_reads import OF_KEYS_PLACED, begin_of_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from psycopg import Cursor
    from sqlalchemy import Connection

    from store.clock import Clock
    from store.window_reads import KeyQuestion, Read

MICROSECOND = timedelta(microseconds=1)

# All of it in one round trip; whoever does not hold the clock yet, holds it from here on. When the
# counters or the configuration are not those that the items were made for, nothing is placed.
PLACE = """
WITH held AS MATERIALIZED (
    SELECT c.seq, greatest(clock_timestamp(), c.at) AS at
    FROM org_clock AS c CROSS JOIN orgs AS o
    WHERE c.counters_version = %(counters_version)s
      AND (%(config_versions)s::bigint[] IS NULL
           OR o.config_version = ANY(%(config_versions)s::bigint[]))
    FOR UPDATE OF c
), given AS (
    INSERT INTO submissions (org_id, seq, arrived_at, submission_id, type_id, type_version,
                             item_id, creator_type_id, creator_id, data, source)
    SELECT current_setting('app.org_id')::int, held.seq + n,
           held.at + n * interval '1 microsecond', u, t, v, i, ct, ci, d::json, %(source)s
    FROM held, unnest(%(ids)s::uuid[], %(types)s::text[], %(versions)s::int[], %(items)s::text[],
                      %(creator_types)s::text[], %(creators)s::text[], %(data)s::text[])
               WITH ORDINALITY AS e(u, t, v, i, ct, ci, d, n)
), counted AS (
    INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq, value, member)
    SELECT current_setting('app.org_id')::int, c, k, held.at + n * interval '1 microsecond',
           held.seq + n, v, m
    FROM held, unnest(%(counters)s::int[], %(keys)s::text[], %(events_of)s::bigint[],
                      %(numbers)s::float8[], %(members)s::text[]) AS e(c, k, n, v, m)
), waiting AS (
    INSERT INTO pending (org_id, seq, arrived_at, lease_id, leased_until)
    SELECT current_setting('app.org_id')::int, held.seq + n,
           held.at + n * interval '1 microsecond', %(lease)s::uuid, %(until)s::timestamptz
    FROM held, unnest(%(judged)s::bigint[]) AS e(n)
)
UPDATE org_clock AS c
SET seq = held.seq + %(count)s, at = held.at + %(count)s * interval '1 microsecond'
FROM held RETURNING held.seq, held.at, set_config('app.placed_from', held.at::text, false)
"""


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


@dataclass(frozen=True)
class MadeFor:
    """What items were made ready with. config_versions: any of them will do; None for whichever."""

    counters_version: int
    config_versions: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Lease:
    lease_id: str
    until: datetime


def place(
    tx: Connection,
    held: Clock,
    items: Sequence[Unplaced],
    *,
    source: str,
    lease: Lease | None = None,
) -> list[Submission]:
    """The items at the next places; the clock is held, and they are made for its counters.

    With a lease they are the caller's to evaluate from the first moment, without one any worker's.
    """
    if not items:
        return []
    placed = place_if(tx, MadeFor(held.counters_version), items, source=source, lease=lease)
    assert placed is not None, "the counters cannot change while the clock is held"
    return placed


def place_if(
    tx: Connection,
    made_for: MadeFor,
    items: Sequence[Unplaced],
    *,
    source: str,
    lease: Lease | None = None,
) -> list[Submission] | None:
    """As `place`, with nothing held before; None when they are made for what is no longer so."""
    return _placed(_placing(tx, made_for, items, source, lease), items, source)


def place_and_read(
    tx: Connection,
    made_for: MadeFor,
    items: Sequence[Unplaced],
    questions: Sequence[KeyQuestion],
    *,
    source: str,
    lease: Lease | None = None,
) -> tuple[list[Submission], Read] | None:
    """As `place_if`, and what the questions ask for once the items are placed; in one round trip.

    questions: their times are told from the instant before the first of the places.
    """
    with in_one_trip(tx):
        placing = _placing(tx, made_for, items, source, lease)
        reading = begin_of_keys(tx, questions, OF_KEYS_PLACED)
    placed = _placed(placing, items, source)
    return None if placed is None else (placed, reading())


def _placing(
    tx: Connection,
    made_for: MadeFor,
    items: Sequence[Unplaced],
    source: str,
    lease: Lease | None,
) -> Cursor[Any]:
    parameters: dict[str, object] = {
        "counters_version": made_for.counters_version,
        "config_versions": made_for.config_versions and whole_numbers(made_for.config_versions),
        "count": len(items),
        "judged": whole_numbers(n for n, item in enumerate(items, 1) if item.judged),
        "source": source,
        "lease": lease and lease.lease_id,
        "until": lease and lease.until,
    }
    parameters |= _columns(items) | _event_columns(items)
    return cursor(tx).execute(PLACE, parameters)


def _placed(
    placing: Cursor[Any], items: Sequence[Unplaced], source: str
) -> list[Submission] | None:
    before = placing.fetchone()
    if before is None:
        return None
    return [
        Submission(
            before[0] + number,
            before[1] + MICROSECOND * number,
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


def _columns(items: Sequence[Unplaced]) -> dict[str, object]:
    return {
        "ids": texts([item.submission_id for item in items]),
        "types": texts([item.type_id for item in items]),
        "versions": whole_numbers(item.type_version for item in items),
        "items": texts([item.item_id for item in items]),
        "creator_types": texts([item.creator and item.creator[0] for item in items]),
        "creators": texts([item.creator and item.creator[1] for item in items]),
        "data": texts([item.data for item in items]),
    }


def _event_columns(items: Sequence[Unplaced]) -> dict[str, object]:
    counted = [(number, event) for number, item in enumerate(items, 1) for event in item.events]
    return {
        "counters": whole_numbers(event.counter_id for _, event in counted),
        "keys": texts([event.key for _, event in counted]),
        "events_of": whole_numbers(number for number, _ in counted),
        "numbers": numbers(event.number for _, event in counted),
        "members": texts([event.member for _, event in counted]),
    }
