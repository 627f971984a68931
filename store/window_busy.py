"""Keys with very many events: Postgres sums up what lies in all windows, the edges come back.

What is summed is kept by the minute (`store/window_minutes.py`), so that a long window over a busy
key is not read event by event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.language.nodes import Carries
from store import window_minutes
from store.raw import cursor
from store.window_groups import Events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from engine.language.measures import Measured
    from store.window_groups import Group, Part

# Events of one window that are read one by one before they are summed by the minute.
MOST_READ = 500

MICROSECONDS = "round(date_part('epoch', w.arrived_at) * 1000000)::bigint::text"
ASKED = """
FROM unnest(%(counters)b::int[], %(keys)b::text[], %(afters)b::bigint[], %(lows)b::bigint[],
            %(firsts)b::bigint[], %(lasts)b::bigint[])
     WITH ORDINALITY AS q(counter_id, key, after, low, first, last, n)
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

STATEMENTS = {
    Carries.NOTHING: BUSY.format(events=BUSY_TIMES),
    Carries.NUMBER: BUSY.format(events=BUSY_NUMBERS),
    Carries.MEMBER: BUSY.format(events=BUSY_MEMBERS),
}


class Summed(NamedTuple):
    """By the width of a window, the events of all its windows in a batch."""

    windows: dict[int, Events]

    def answer(self, part: Part, at_us: int) -> Measured:
        return self.windows[part.width_us].answer(part, at_us)


def sums(tx: Connection, carries: Carries, groups: Sequence[Group]) -> list[Summed]:
    """In the order of the groups."""
    questions = [
        (number, width_us)
        for number, group in enumerate(groups)
        for width_us in dict.fromkeys(part.width_us for part in group.parts)
    ]
    found = [Summed({}) for _ in groups]
    unsummed: dict[int, None] = {}
    for n, middle, units, largest, times, carried, read in _rows(tx, carries, groups, questions):
        number, width_us = questions[n - 1]
        if read > MOST_READ:
            unsummed[number] = None
        found[number].windows[width_us] = _edges(carries, times, carried)._replace(
            middle=middle, units=int(units or 0), largest=largest
        )
    _add_up(tx, [groups[number] for number in unsummed])
    return found


def _rows(
    tx: Connection, carries: Carries, groups: Sequence[Group], questions: Sequence[tuple[int, int]]
) -> Iterable[Any]:
    """Windows begin between `after` and `low`, and end between `first` and `last`."""
    asked = [(groups[number], width_us) for number, width_us in questions]
    parameters = {
        "counters": [group.name[0] for group, _ in asked],
        "keys": [group.name[1] for group, _ in asked],
        "afters": [group.first_us - width_us for group, width_us in asked],
        "lows": [min(group.last_us - width_us, group.first_us) for group, width_us in asked],
        "firsts": [group.first_us for group, _ in asked],
        "lasts": [group.last_us for group, _ in asked],
    }
    return cursor(tx, binary=True).execute(STATEMENTS[carries], parameters)


def _add_up(tx: Connection, groups: Sequence[Group]) -> None:
    """For the batches that follow. What is before an item's place changes no more."""
    busy: dict[tuple[int, str], tuple[int, int]] = {}
    for group in groups:
        after, first = busy.get(group.name, (group.after_us, group.first_us))
        busy[group.name] = max(after, group.after_us), min(first, group.first_us)
    window_minutes.add_up(tx, [(*name, *span) for name, span in busy.items()])


def _edges(carries: Carries, times: str | None, carried: list[Any] | None) -> Events:
    """Of members, each with all its times."""
    each = times.split(",") if times else []
    if carries is Carries.NOTHING:
        return Events(list(map(int, each)))
    if carries is not Carries.MEMBER:
        return Events(list(map(int, each)), carried or ())
    pairs = [
        (int(time), member)
        for shown, member in zip(each, carried or (), strict=True)
        for time in shown.split(" ")
    ]
    pairs.sort()
    return Events([time for time, _ in pairs], [member for _, member in pairs])
