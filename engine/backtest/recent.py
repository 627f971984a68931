"""Counters over rows that are all at hand, as the live counters and the lake's windows count."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """A row as one counter sees it. key: None where a key field is null; counts: `where` holds."""

    key: str | None
    counts: bool
    arrived_at: datetime | None


def recent_counts(events: Iterable[Event], window_us: int) -> Sequence[int | None]:
    """For each row the events of its key in (its arrival - window, its arrival], itself included.

    Rows may come in any order and at the same moment; without a key or an arrival there is no
    count.
    """
    rows = list(events)
    times: dict[str, list[int]] = {}
    for row in rows:
        if row.key is not None and row.counts and row.arrived_at is not None:
            times.setdefault(row.key, []).append(_microseconds(row.arrived_at))
    for each in times.values():
        each.sort()
    return [_count(row, times, window_us) for row in rows]


def _count(row: Event, times: dict[str, list[int]], window_us: int) -> int | None:
    if row.key is None or row.arrived_at is None:
        return None
    mine = _microseconds(row.arrived_at)
    seen = times.get(row.key, [])
    return bisect_right(seen, mine) - bisect_right(seen, mine - window_us)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
