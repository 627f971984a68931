"""What counters say of an item at its place: the point-in-time features of a batch of items.

A window is (mine - window, mine]: exclusive below, inclusive above; places are unique, so there
are no ties. Keys with few events answer from the events themselves. For busy keys, what lies in
the windows of all items of the batch is summed up by Postgres, and only the edges come back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language.measures import Measured, millionths, of_numbers
from engine.language.nodes import Carries, Measure
from store import window_minutes
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

MOST_NEWEST = 32
# Events of one window that are read one by one before they are summed by the minute.
MOST_READ = 500

MICROSECONDS = "round(date_part('epoch', w.arrived_at) * 1000000)::bigint::text"
ASKED = """
FROM unnest(%(counters)s::int[], %(keys)b::text[], %(afters)s::bigint[], %(lows)s::bigint[],
            %(firsts)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS q(counter_id, key, after, low, first, last, n)
"""

# The newest events of each key within its widest window, in one index scan a key. Times are
# microseconds since the epoch. A key with `most` of them may have more, and is asked again.
NEWEST = f"""
SELECT q.n, e.times, e.carried
{ASKED}
CROSS JOIN LATERAL (
    SELECT string_agg({MICROSECONDS}, ',') AS times, {{carried}} AS carried
    FROM (
        SELECT arrived_at{{column}} FROM window_events
        WHERE counter_id = q.counter_id AND key = q.key
          AND arrived_at > 'epoch'::timestamptz + q.after * interval '1 microsecond'
          AND arrived_at <= 'epoch'::timestamptz + q.last * interval '1 microsecond'
        ORDER BY arrived_at DESC LIMIT %(most)s
    ) AS w
) AS e
WHERE e.times IS NOT NULL
"""

# For busy keys, one scan a window. The windows begin between `after` and `low` and end between
# `first` and `last`; what lies between `low` and `first` is in all of them.
BUSY = f"""
SELECT q.n, e.*
{ASKED}
CROSS JOIN LATERAL (
    SELECT 'epoch'::timestamptz + q.after * interval '1 microsecond' AS after,
           'epoch'::timestamptz + q.low * interval '1 microsecond' AS low,
           'epoch'::timestamptz + q.first * interval '1 microsecond' AS first,
           'epoch'::timestamptz + q.last * interval '1 microsecond' AS last
) AS b
CROSS JOIN LATERAL ({{events}}) AS e
"""
WITHIN = """
FROM window_events AS w
WHERE w.counter_id = q.counter_id AND w.key = q.key
  AND w.arrived_at > b.after AND w.arrived_at <= b.last
"""
IN_MIDDLE = "w.arrived_at > b.low AND w.arrived_at <= b.first"
AT_EDGES = "w.arrived_at <= b.low OR w.arrived_at > b.first"
# Whole minutes of the middle that are summed already, and the events on both sides of them.
SUMMED = """
FROM (
    SELECT date_bin('1 minute', b.low, 'epoch'::timestamptz) + interval '1 minute' AS low,
           date_bin('1 minute', b.first, 'epoch'::timestamptz) AS first,
           (SELECT min(minute) FROM window_minutes
            WHERE counter_id = q.counter_id AND key = q.key) AS since,
           (SELECT max(minute) + interval '1 minute' FROM window_minutes
            WHERE counter_id = q.counter_id AND key = q.key) AS until
    OFFSET 0
) AS r
CROSS JOIN LATERAL (
    SELECT CASE WHEN useful THEN greatest(r.low, r.since) ELSE b.first END AS begins,
           CASE WHEN useful THEN least(r.first, r.until) ELSE b.first END AS ends
    FROM (SELECT r.since IS NOT NULL
                 AND greatest(r.low, r.since) < least(r.first, r.until) AS useful) AS known
) AS s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(events), 0)::bigint AS events, coalesce(sum(units), 0) AS units,
           max(largest) AS largest
    FROM window_minutes
    WHERE counter_id = q.counter_id AND key = q.key AND minute >= s.begins AND minute < s.ends
) AS u
CROSS JOIN LATERAL (
    SELECT {aggregates}
    FROM (
        SELECT arrived_at, value FROM window_events
        WHERE counter_id = q.counter_id AND key = q.key
          AND arrived_at > b.after AND arrived_at < s.begins
        UNION ALL
        SELECT arrived_at, value FROM window_events
        WHERE counter_id = q.counter_id AND key = q.key
          AND arrived_at >= s.ends AND arrived_at <= b.last
    ) AS w
) AS x
"""
BUSY_TIMES = """
SELECT u.events + x.events, 0 AS units, NULL AS largest, x.times, NULL AS carried, x.events AS read
""" + SUMMED.format(
    aggregates=f"""
    count(*) FILTER (WHERE {IN_MIDDLE}) AS events,
    string_agg({MICROSECONDS}, ',' ORDER BY w.arrived_at) FILTER (WHERE {AT_EDGES}) AS times
"""
)
BUSY_NUMBERS = """
SELECT u.events + x.events, u.units + x.units, greatest(u.largest, x.largest), x.times, x.carried,
       x.events AS read
""" + SUMMED.format(
    aggregates=f"""
    count(*) FILTER (WHERE {IN_MIDDLE}) AS events,
    coalesce(sum(floor(w.value * 1000000 + 0.5)::bigint) FILTER (WHERE {IN_MIDDLE}), 0) AS units,
    max(w.value) FILTER (WHERE {IN_MIDDLE}) AS largest,
    string_agg({MICROSECONDS}, ',' ORDER BY w.arrived_at) FILTER (WHERE {AT_EDGES}) AS times,
    array_agg(w.value ORDER BY w.arrived_at) FILTER (WHERE {AT_EDGES}) AS carried
"""
)
# A member of the middle is in every window, whatever the edges say.
BUSY_MEMBERS = f"""
SELECT count(*) FILTER (WHERE m.middle), 0 AS units, NULL AS largest,
       string_agg(m.times, ',') FILTER (WHERE NOT m.middle),
       array_agg(m.member) FILTER (WHERE NOT m.middle), 0 AS read
FROM (
    SELECT w.member, bool_or({IN_MIDDLE}) AS middle,
           string_agg({MICROSECONDS}, ' ') FILTER (WHERE {AT_EDGES}) AS times
    {WITHIN}
    GROUP BY w.member
) AS m
"""

FIRST = f"""
SELECT q.n, round(date_part('epoch', e.arrived_at) * 1000000)::bigint, e.arrived_at
{ASKED}
CROSS JOIN LATERAL (
    SELECT arrived_at FROM window_events
    WHERE counter_id = q.counter_id AND key = q.key ORDER BY arrived_at LIMIT 1
) AS e
"""


@dataclass(frozen=True)
class _Statements:
    newest: str
    busy: str


STATEMENTS = {
    Carries.NOTHING: _Statements(
        NEWEST.format(carried="NULL::int[]", column=""), BUSY.format(events=BUSY_TIMES)
    ),
    Carries.NUMBER: _Statements(
        NEWEST.format(carried="array_agg(w.value)", column=", value"),
        BUSY.format(events=BUSY_NUMBERS),
    ),
    Carries.MEMBER: _Statements(
        NEWEST.format(carried="array_agg(w.member)", column=", member"),
        BUSY.format(events=BUSY_MEMBERS),
    ),
}


class Part(NamedTuple):
    width_us: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks of the events of `key` in (at - width, at], for each of the parts.

    at_us: microseconds since the epoch, as the widths are. The parts' measures all read events
    that carry the same.
    """

    counter_id: int
    key: str
    parts: tuple[Part, ...]
    at_us: int


@dataclass(frozen=True)
class _Group:
    """Asks that differ in their times only, in the order of these."""

    counter_id: int
    key: str
    parts: tuple[Part, ...]
    members: list[int]


@dataclass(frozen=True)
class _Events:
    """Times in order, what each event carries, and the sum of what is in every window anyway."""

    times: Sequence[int]
    carried: Sequence[Any] | None
    middle: int = 0
    units: int = 0
    largest: float | None = None

    def answer(self, part: Part, at_us: int) -> Measured:
        low = bisect_right(self.times, at_us - part.width_us)
        high = bisect_right(self.times, at_us)
        if self.carried is None:
            return self.middle + high - low
        seen = self.carried[low:high]
        if part.measure is Measure.DISTINCT:
            return self.middle + len(set(seen))
        known = [each for each in (self.largest, max(seen, default=None)) if each is not None]
        units = self.units + sum(map(millionths, seen))
        return of_numbers(part.measure, self.middle + len(seen), units, max(known, default=None))


@dataclass
class _Asked:
    """The questions of one statement: one row each."""

    counters: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    afters: list[int] = field(default_factory=list)
    lows: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)

    def add(self, group: _Group, width_us: int, first: int, last: int) -> None:
        self.counters.append(group.counter_id)
        self.keys.append(group.key)
        self.afters.append(first - width_us)
        self.lows.append(min(last - width_us, first))
        self.firsts.append(first)
        self.lasts.append(last)

    def rows(self, tx: Connection, statement: str, most: int = 0) -> Iterable[Any]:
        written = {
            name: f"{{{','.join(map(str, numbers))}}}"
            for name, numbers in vars(self).items()
            if name != "keys"
        }
        parameters = {**written, "keys": self.keys, "most": most}
        return cursor(tx, binary=True).execute(statement, parameters)


def answers(tx: Connection, asks: Sequence[Ask]) -> list[tuple[Measured, ...]]:
    """One answer an ask, a value for each part. At most two statements for what carries the same.

    asks: in the order of their times.
    """
    found: list[tuple[Measured, ...]] = [()] * len(asks)
    for carries, groups in _grouped(asks).items():
        if carries is Carries.FIRST:
            _fill_first(tx, found, asks, groups)
        else:
            _fill(tx, found, asks, groups, STATEMENTS[carries])
    return found


def _grouped(asks: Sequence[Ask]) -> dict[Carries, list[_Group]]:
    groups: dict[tuple[int, str, int], _Group] = {}
    for index, ask in enumerate(asks):
        key = (ask.counter_id, ask.key, id(ask.parts))  # the same object, of a whole series
        group = groups.get(key)
        if group is None:
            group = groups[key] = _Group(ask.counter_id, ask.key, ask.parts, [])
        group.members.append(index)
    by_kind: dict[Carries, list[_Group]] = defaultdict(list)
    for group in groups.values():
        by_kind[group.parts[0].measure.carries].append(group)
    return by_kind


def _fill(
    tx: Connection, found: list[tuple[Measured, ...]], asks: Sequence[Ask],
    groups: Sequence[_Group], statements: _Statements,
) -> None:  # fmt: skip
    newest = _newest(tx, asks, groups, statements.newest)
    busy: list[_Group] = []
    for number, group in enumerate(groups):
        events = newest.get(number, _Events((), None if _counts_only(group) else ()))
        if len(events.times) >= MOST_NEWEST:
            busy.append(group)
        else:
            for index in group.members:
                at_us = asks[index].at_us
                found[index] = tuple([events.answer(part, at_us) for part in group.parts])
    if busy:
        _fill_busy(tx, found, asks, busy, statements.busy)


def _counts_only(group: _Group) -> bool:
    return group.parts[0].measure is Measure.COUNT


def _newest(
    tx: Connection, asks: Sequence[Ask], groups: Sequence[_Group], statement: str
) -> dict[int, _Events]:
    """By the group's number: its events in its widest window, if there are any."""
    asked = _Asked()
    for group in groups:
        widest = max(part.width_us for part in group.parts)
        asked.add(group, widest, asks[group.members[0]].at_us, asks[group.members[-1]].at_us)
    return {
        n - 1: _in_order(list(map(int, times.split(","))), carried)
        for n, times, carried in asked.rows(tx, statement, MOST_NEWEST)
    }


def _in_order(times: list[int], carried: list[Any] | None) -> _Events:
    if carried is None:
        return _Events(sorted(times), None)
    order = sorted(range(len(times)), key=times.__getitem__)
    return _Events([times[n] for n in order], [carried[n] for n in order])


def _fill_busy(
    tx: Connection, found: list[tuple[Measured, ...]], asks: Sequence[Ask],
    groups: Sequence[_Group], statement: str,
) -> None:  # fmt: skip
    """One window after the other, for keys with many events."""
    asked, questions = _Asked(), []
    for number, group in enumerate(groups):
        for width_us in dict.fromkeys(part.width_us for part in group.parts):
            questions.append((number, width_us))
            first, last = asks[group.members[0]].at_us, asks[group.members[-1]].at_us
            asked.add(group, width_us, first, last)
    summed: dict[tuple[int, int], _Events] = {}
    unsummed = []
    for n, middle, units, largest, times, carried, read in asked.rows(tx, statement):
        number, width_us = questions[n - 1]
        if read > MOST_READ:
            unsummed.append(number)
        edges = _edges(groups[number], times, carried)
        summed[number, width_us] = replace(
            edges, middle=middle, units=int(units or 0), largest=largest
        )
    for number, group in enumerate(groups):
        for index in group.members:
            at_us = asks[index].at_us
            found[index] = tuple(
                [summed[number, part.width_us].answer(part, at_us) for part in group.parts]
            )
    _add_up(tx, asks, [groups[number] for number in dict.fromkeys(unsummed)])


def _add_up(tx: Connection, asks: Sequence[Ask], groups: Sequence[_Group]) -> None:
    """For the batches that follow. What is before an item's place changes no more."""
    busy: dict[tuple[int, str], tuple[int, int]] = {}
    for group in groups:
        first = asks[group.members[0]].at_us
        after = first - max(part.width_us for part in group.parts)
        known = busy.get((group.counter_id, group.key), (after, first))
        busy[group.counter_id, group.key] = max(known[0], after), min(known[1], first)
    window_minutes.add_up(tx, [(*key, *span) for key, span in busy.items()])


def _edges(group: _Group, times: str | None, carried: list[Any] | None) -> _Events:
    """Of members, each with all its times."""
    each = (times or "").split(",") if times else []
    if _counts_only(group):
        return _Events(list(map(int, each)), None)
    if group.parts[0].measure is not Measure.DISTINCT:
        return _Events(list(map(int, each)), carried or ())
    pairs = [
        (int(time), member)
        for shown, member in zip(each, carried or (), strict=True)
        for time in shown.split(" ")
    ]
    pairs.sort()
    return _Events([time for time, _ in pairs], [member for _, member in pairs])


def _fill_first(
    tx: Connection, found: list[tuple[Measured, ...]], asks: Sequence[Ask],
    groups: Sequence[_Group],
) -> None:  # fmt: skip
    """An event that came after the item is none that was seen."""
    asked = _Asked()
    for group in groups:
        at_us = asks[group.members[0]].at_us
        asked.add(group, group.parts[0].width_us, at_us, at_us)
        for index in group.members:
            found[index] = (None,) * len(group.parts)
    for n, at_us, arrived_at in asked.rows(tx, FIRST):
        group = groups[n - 1]
        for index in group.members:
            if at_us <= asks[index].at_us:
                found[index] = (arrived_at.astimezone(UTC),) * len(group.parts)
