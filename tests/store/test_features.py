"""Counters answer (mine - window, mine], whatever the batch they are asked in."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from engine.language.measures import Event, Measured, of_events
from engine.language.nodes import Measure
from store import features, window_busy, window_columns, window_events, window_memory
from store.features import Ask, Part, Series
from store.window_events import WindowEvent
from store.window_memory import WindowMemory

if TYPE_CHECKING:
    from types import ModuleType

    from store.database import Database
    from tests.world import Organisation

START = datetime(2026, 3, 1, 12, 0, 0, 500_001, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
US = timedelta(microseconds=1)
SEVEN_SECONDS = 7_000_000
SUMMED = text("SELECT sum(events), sum(units) FROM window_minutes")
Parts = tuple[tuple[int, Measure], ...]
Kind = tuple[tuple[int, Parts], ...]
Stored = dict[tuple[int, str, int], tuple[float, str]]

# A counter's events carry one thing, so its parts ask for measures of that.
COUNTS, MEMBERS, NUMBERS, FIRSTS = 1, 2, 3, 4
MEASURES = {
    COUNTS: [Measure.COUNT],
    MEMBERS: [Measure.DISTINCT],
    NUMBERS: [Measure.SUM, Measure.AVG, Measure.MAX],
    FIRSTS: [Measure.FIRST],
}


def moment(offset_us: int) -> datetime:
    return START + offset_us * US


def parts_of(counter_id: int) -> st.SearchStrategy[Parts]:
    part = st.tuples(
        st.sampled_from([1, 2, 3, 5, 20, 40, 60, 70]), st.sampled_from(MEASURES[counter_id])
    )
    return st.lists(part, min_size=1, max_size=3).map(tuple)


COUNTERS = st.sampled_from(list(MEASURES))
SERIES = st.lists(
    COUNTERS.flatmap(lambda counter: st.tuples(st.just(counter), parts_of(counter))),
    min_size=1,
    max_size=4,
).map(tuple)
OFFSETS = st.integers(0, 60)
EVENTS = st.dictionaries(
    st.tuples(COUNTERS, st.sampled_from("ab"), OFFSETS),
    st.tuples(st.floats(-9e12, 9e12), st.sampled_from("xyz")),
    max_size=80,
)
# Of few kinds, so that several asks share their series.
ASKS = st.lists(SERIES, min_size=1, max_size=3).flatmap(
    lambda kinds: st.lists(
        st.tuples(st.sampled_from(kinds), st.sampled_from("abc"), OFFSETS), max_size=20
    ).map(lambda asks: sorted(asks, key=lambda ask: ask[2]))
)


def store(database: Database, org: Organisation, events: Stored, step: int = 1) -> None:
    with database.transaction(org.org_id) as tx:
        tx.execute(text("DELETE FROM window_events"))
        tx.execute(text("DELETE FROM window_minutes"))
        for n, ((counter_id, key, offset), (number, member)) in enumerate(events.items()):
            value = number if counter_id == NUMBERS else None
            told = member if counter_id == MEMBERS else None
            event = WindowEvent(key, moment(offset * step), n, value, told)
            window_events.insert(tx, counter_id, [event])


@lru_cache
def series(kind: Kind, step: int) -> tuple[Series, ...]:
    """The same object for the same kind, as all items of a type have it."""
    return tuple(
        Series(counter, tuple(Part(width * step, measure) for width, measure in parts))
        for counter, parts in kind
    )


def ask(kind: Kind, key: str, offset: int, step: int = 1) -> Ask:
    return Ask(series(kind, step), key, (moment(offset * step) - EPOCH) // US)


def plain(
    events: Stored, counter: int, key: str, part: tuple[int, Measure], at: int, step: int = 1
) -> Measured:
    """Every event looked at."""
    width, measure = part
    recent = sorted(
        (t, Event(k, number, member))
        for (c, k, t), (number, member) in events.items()
        if (c, k) == (counter, key) and t <= at and (measure is Measure.FIRST or at - width < t)
    )
    first = moment(recent[0][0] * step) if recent else None
    return of_events(measure, [event for _, event in recent], first)


def all_plain(events: Stored, kind: Kind, key: str, at: int, step: int = 1) -> tuple[Measured, ...]:
    return tuple(
        plain(events, counter, key, part, at, step) for counter, parts in kind for part in parts
    )


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=EVENTS,
    asks=ASKS,
    most=st.sampled_from([1, 4, 100]),
    remembered=st.sampled_from([1, 8, 100]),
)
def test_every_answer_is_the_plain_one(
    database: Database,
    org: Organisation,
    events: Stored,
    asks: list[tuple[Kind, str, int]],
    most: int,
    remembered: int,
) -> None:
    """Whether a key counts as busy changes how it is asked, never the answer."""
    store(database, org, events)
    questions = [ask(*each) for each in asks]
    with (
        mock.patch.object(features, "MOST_FIRST_READ", 2 * most),
        mock.patch.object(features, "MOST_REMEMBERED", remembered),
        database.transaction(org.org_id) as tx,
    ):
        found = features.answers(tx, questions)
    assert found == [all_plain(events, *each) for each in asks]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS, batches=st.lists(ASKS, min_size=2, max_size=4))
def test_sums_by_the_minute_change_no_answer(
    database: Database,
    org: Organisation,
    events: Stored,
    batches: list[list[tuple[Kind, str, int]]],
) -> None:
    """Batches in any order, late ones too: each leaves sums for those that follow.

    A moment is seven seconds here, so that the moments lie in eight minutes.
    """
    store(database, org, events, step=SEVEN_SECONDS)
    with (
        mock.patch.object(features, "MOST_FIRST_READ", 1),
        mock.patch.object(features, "MOST_REMEMBERED", 1),
        mock.patch.object(window_busy, "MOST_READ", 0),
    ):
        for asks in batches:
            questions = [ask(*each, step=SEVEN_SECONDS) for each in asks]
            with database.transaction(org.org_id) as tx:
                assert features.answers(tx, questions) == [
                    all_plain(events, *each, step=SEVEN_SECONDS) for each in asks
                ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=EVENTS,
    batches=st.lists(ASKS, min_size=2, max_size=5),
    most_words=st.sampled_from([1, 10, 1000]),
    limits=st.fixed_dictionaries(
        {
            (features, "MOST_FIRST_READ"): st.sampled_from([1, 20]),
            (features, "FEW"): st.sampled_from([0, 20]),
            (features, "MANY"): st.sampled_from([1, 1000]),
            (features, "EVENTS_A_KEY"): st.sampled_from([0, 2, 1000]),
            (window_memory, "SLACK_US"): st.sampled_from([0, 20]),
            (window_columns, "MOST_GATHERED"): st.sampled_from([0, 256]),
            (window_columns, "FEW_SEARCHES"): st.sampled_from([0, 48]),
            (window_columns, "LONG"): st.sampled_from([0, 1000]),
        }
    ),
)
def test_what_is_remembered_changes_no_answer(
    database: Database,
    org: Organisation,
    events: Stored,
    batches: list[list[tuple[Kind, str, int]]],
    most_words: int,
    limits: dict[tuple[ModuleType, str], int],
) -> None:
    """Batches in any order over one memory, while events arrive between them.

    However much of what is new is read at once, or by key, over one connection or two, or for this
    batch alone, and however little room there is.
    """
    memory = WindowMemory(most_words)
    for number, asks in enumerate(batches):
        last = max((at for *_, at in asks), default=0) if number + 1 < len(batches) else 60
        seen = {name: told for name, told in events.items() if name[2] <= last}
        store(database, org, seen)
        questions = [ask(*each) for each in asks]
        with ExitStack() as stack:
            for (module, name), limit in limits.items():
                stack.enter_context(mock.patch.object(module, name, limit))
            stack.enter_context(mock.patch.object(features, "CATCH_UP", 1))
            lent = mock.patch.object(features, "borrowed", return_value=nullcontext(memory))
            stack.enter_context(lent)
            assert features.answers_of(database, org.org_id, questions) == [
                all_plain(seen, *each) for each in asks
            ]


def test_a_busy_key_is_summed_by_the_minute(database: Database, org: Organisation) -> None:
    many = {(NUMBERS, "a", n): (1.0, "") for n in range(0, 60, 2)}
    store(database, org, many, step=SEVEN_SECONDS)
    asked = ask(((NUMBERS, ((10**8, Measure.SUM),)),), "a", 59, step=SEVEN_SECONDS)
    with (
        mock.patch.object(features, "MOST_FIRST_READ", 10),
        mock.patch.object(features, "MOST_REMEMBERED", 10),
        mock.patch.object(window_busy, "MOST_READ", 20),
        database.transaction(org.org_id) as tx,
    ):
        for _ in range(2):
            assert features.answers(tx, [asked]) == [(30.0,)]
            events, units = tx.execute(SUMMED).one()
            assert (events, units) == (26, 26_000_000)


def test_sums_do_not_depend_on_the_order_of_adding(database: Database, org: Organisation) -> None:
    numbers = [9e12, 0.1, -9e12, 0.2, 1e-6, 4e-7]
    store(database, org, {(NUMBERS, "a", n): (each, "") for n, each in enumerate(numbers)})
    asked = ask(((NUMBERS, ((100, Measure.SUM),)),), "a", 50)
    for most in (1, 100):
        with (
            mock.patch.object(features, "MOST_FIRST_READ", 2 * most),
            database.transaction(org.org_id) as tx,
        ):
            assert features.answers(tx, [asked]) == [(0.300001,)]
