"""COPY lines of items at their places."""

from __future__ import annotations

from datetime import UTC, datetime

from api.placed_lines import PIECE, PlacedLines
from api.waiting import Accepted, Place

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def test_items_and_their_events_take_consecutive_places_over_all_pieces() -> None:
    count = 2 * PIECE + 1
    items = [
        Accepted(b"\titem%d\n" % n, "post", {}, ((7, b"key%d" % n, b"-"),), 0) for n in range(count)
    ]
    lines = PlacedLines(3, Place(10, MIDNIGHT), items)
    pieces = list(lines.submissions())
    assert [piece.count(b"\n") for piece in pieces] == [PIECE, PIECE, 1]
    submitted = b"".join(pieces).splitlines()
    assert submitted[0] == b"3\t11\t2026-03-01T00:00:00.000001+00:00\titem0"
    assert submitted[-1] == (
        b"3\t%d\t2026-03-01T00:00:00.%06d+00:00\titem%d" % (10 + count, count, count - 1)
    )
    counted = lines.events([item.events for item in items]).splitlines()
    assert counted[0] == b"3\t7\tkey0\t2026-03-01T00:00:00.000001+00:00\t11\t-"
    assert len(counted) == count
    assert [line.split(b"\t")[4] for line in counted] == [
        line.split(b"\t")[1] for line in submitted
    ]


def test_an_item_that_no_counter_counts_has_no_event() -> None:
    lines = PlacedLines(3, Place(10, MIDNIGHT), [Accepted(b"\titem\n", "post", {}, (), 0)])
    assert len(list(lines.submissions())) == 1
    assert lines.events([()]) == b""
