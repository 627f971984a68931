"""The memory that bodies take up in one process, so that many at once cannot exhaust it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from engine.errors import TooLarge, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

# Measured: a body, its values and their text on the way to the database are together about four
# times its bytes, and sixty-four more for each value, as in `[],[],[]`.
TIMES: Final = 4
VALUE_BYTES: Final = 64
STARTS: Final = (b",", b"[", b"{")


class Room:
    """most, taken: bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    @contextmanager
    def shared(self) -> Iterator[Share]:
        """The part of one body, which is given back at the end of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            self.taken -= share.weight


class Share:
    """What one body takes of a room.

    size: bytes of the body so far; weight: what they take up, by an estimate that also counts what
    may begin a value within texts.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.size = 0
        self.weight = 0

    def take(self, piece: bytes) -> None:
        """Raises Unavailable when there is no room for the piece, TooLarge if there never is."""
        weight = TIMES * len(piece) + VALUE_BYTES * sum(map(piece.count, STARTS))
        self.size += len(piece)
        self.weight += weight
        self.room.taken += weight
        if self.weight > self.room.most:
            words = "The body would take up more memory than there is for all of them."
            raise TooLarge(words, hint="Send it in smaller parts.")
        if self.room.taken > self.room.most:
            raise Unavailable("Too much is being received at once.", hint="Try again in a moment.")
