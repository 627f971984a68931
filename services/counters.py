"""Counters that rules ask for: registered once, backfilled, and shared by all that ask the same.

A counter's identity leaves its window out, so that `1 hour` and `1 day` of the same thing are one
stored series, kept for the longest window anybody asked for. Registered counters go on counting,
so that a rule that comes back finds no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.language import Counter
from engine.language.counters import compile_events, parse_counter
from engine.language.nodes import Carries
from engine.language.schemas import schema_of_item_type
from services.counter_history import history
from store import clock, pending, window_events
from store.window_events import WindowEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items import ItemType
    from services.counter_history import ItemLake
    from store.window_events import Registered

SCHEMA = 1


@dataclass(frozen=True)
class RunningCounter:
    counter_id: int
    counter: Counter


def register_counters(
    tx: Connection, item_type: ItemType, counters: Iterable[Counter], lake: ItemLake | None = None
) -> None:
    """Starts those that are not running, and widens those kept for too short a time.

    lake: where history is read as far as it has it; without one it is read from Postgres.

    All of it in the caller's transaction: once that commits, a counter answers as if it had
    always been there, as far back as its window and the kept items reach. History is copied before
    the clock is locked, and only what arrived meanwhile under the lock.
    """
    wanted = _longest(counters)
    if not _lacking(wanted, window_events.registered(tx)):
        return
    window_events.lock_registration(tx)
    lacking = _lacking(wanted, window_events.registered(tx))
    if not lacking:
        return
    started = clock.read(tx)
    earliest = min(pending.oldest(tx) or started.at, started.at)
    series = [_start(tx, counter, known, earliest) for counter, known in lacking]
    _backfill(tx, item_type, series, started.at, lake)
    locked = clock.lock(tx)
    meanwhile = [_Series(each.counter_id, each.counter, started.at) for each in series]
    _backfill(tx, item_type, meanwhile, locked.at)
    clock.bump_counters(tx)


def running_counters(
    tx: Connection, item_types: Mapping[str, ItemType]
) -> dict[str, list[RunningCounter]]:
    """By item type. A counter whose type or fields are gone has nothing to count."""
    found: dict[str, list[RunningCounter]] = {}
    for known in window_events.registered(tx):
        item_type = item_types.get(known.type_id)
        counter = restore(known, item_type) if item_type else None
        if counter is not None:
            found.setdefault(known.type_id, []).append(RunningCounter(known.counter_id, counter))
    return found


def definition(counter: Counter) -> dict[str, object]:
    """As it is stored."""
    return {
        "schema": SCHEMA,
        "keyFields": list(counter.key_fields),
        "where": counter.where,
        "carries": str(counter.measure.carries),
        "value": counter.value,
    }


def restore(known: Registered, item_type: ItemType) -> Counter | None:
    """The counter as the language understands it for the type as it is now; None if it cannot."""
    stored = known.definition
    schema = schema_of_item_type(item_type)
    carries, value = Carries(stored.get("carries", "")), stored.get("value", "")
    found = parse_counter(
        stored["keyFields"], stored["where"], known.window_us, schema, carries, value
    )
    return found if isinstance(found, Counter) else None


@dataclass(frozen=True)
class _Series:
    """after: the events from there on are to be written."""

    counter_id: int
    counter: Counter
    after: datetime


def _longest(counters: Iterable[Counter]) -> dict[str, Counter]:
    """By identity, the one with the longest window."""
    longest: dict[str, Counter] = {}
    for counter in counters:
        known = longest.get(counter.identity)
        if known is None or known.window_us < counter.window_us:
            longest[counter.identity] = counter
    return longest


def _lacking(
    wanted: Mapping[str, Counter], registered: Iterable[Registered]
) -> list[tuple[Counter, Registered | None]]:
    known = {each.identity: each for each in registered}
    return [
        (counter, known.get(identity))
        for identity, counter in wanted.items()
        if identity not in known or known[identity].window_us < counter.window_us
    ]


def _start(
    tx: Connection, counter: Counter, known: Registered | None, earliest: datetime
) -> _Series:
    """earliest: the arrival of the oldest item whose window may still be asked for."""
    after = earliest - timedelta(microseconds=counter.window_us)
    if known is not None:
        window_events.widen(tx, known.counter_id, counter.window_us)
        return _Series(known.counter_id, counter, after)
    counter_id = window_events.register(
        tx, counter.identity, counter.type_id, definition(counter), counter.window_us
    )
    return _Series(counter_id, counter, after)


def _backfill(
    tx: Connection,
    item_type: ItemType,
    series: Iterable[_Series],
    until: datetime,
    lake: ItemLake | None = None,
) -> None:
    """One pass over the history for all of them; events that exist are left alone."""
    lines = list(series)
    counters = [each.counter for each in lines]
    events_of = compile_events(counters)
    after = min(each.after for each in lines)
    for chunk in history(tx, lake, item_type, counters, after, until):
        placed = [(each.seq, each.arrived_at, events_of(each.row)) for each in chunk]
        for number, each in enumerate(lines):
            events = [
                WindowEvent(event.key, at, seq, event.number, event.member)
                for seq, at, found in placed
                if at > each.after and (event := found[number]) is not None
            ]
            if events:
                window_events.insert(tx, each.counter_id, events)
