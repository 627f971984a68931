"""Items at their places, as COPY wants them: made piece by piece, while Postgres reads the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.waiting import MICROSECOND
from store.window_events import copy_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from api.waiting import Accepted, Place
    from services.intake import CountedEvent

PIECE: Final = 128  # items


class PlacedLines:
    """Of items that take the places after `before`, in their order."""

    def __init__(self, org_id: int, before: Place, items: Sequence[Accepted]) -> None:
        self._org_id = org_id
        self._before = before
        self._items = items
        self._moments: list[bytes] = []

    def submissions(self) -> Iterator[bytes]:
        """Lines for `store.submissions.COPY`, those of PIECE items at a time."""
        org_id, seq, at = self._org_id, self._before.seq, self._before.at
        for first in range(0, len(self._items), PIECE):
            lines = []
            for nth, item in enumerate(self._items[first : first + PIECE], first + 1):
                moment = (at + MICROSECOND * nth).isoformat().encode()
                self._moments.append(moment)
                lines.append(b"%d\t%d\t%b%b" % (org_id, seq + nth, moment, item.tail))
            yield b"".join(lines)

    def events(self, counted: Sequence[tuple[CountedEvent, ...]]) -> bytes:
        """Lines for `store.window_events.COPY`, once those of all submissions are made.

        counted: what each item is to the counters.
        """
        org_id = self._org_id
        placed = enumerate(zip(self._moments, counted, strict=True), self._before.seq + 1)
        return b"".join(
            [
                copy_line(org_id, counter_id, key, moment, seq, tail)
                for seq, (moment, events) in placed
                for counter_id, key, tail in events
            ]
        )
