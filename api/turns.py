"""Turns of the event loop, taken one after the other by those who have much to do."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Final

OLDEST_EVERY: Final = 4


class Turns:
    """However many work at once, only one of them goes on in a turn of the loop.

    So what else is ready, such as an answer of the database to a flush, waits for one piece of
    work, not for a piece of everybody's.

    Whoever has the least left goes first, so that some are done, and can be written, while others
    are still read; if all went on in step, all would be done at the same time. Every fourth turn is
    for whoever has asked first, so that nobody waits for ever.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count(1)
        self._turns = count(1)
        self._is_giving = False

    async def next(self, left: int) -> None:
        """Returns in a later turn, of which the caller is the only one to be given.

        left: how much the caller has to do, in any unit that all callers share.
        """
        loop = asyncio.get_running_loop()
        given: asyncio.Future[None] = loop.create_future()
        self._waiting.append((left, next(self._numbers), given))
        if not self._is_giving:
            self._is_giving = True
            loop.call_soon(self._give)
        await given

    def _give(self) -> None:
        while self._waiting:
            oldest = next(self._turns) % OLDEST_EVERY == 0
            chosen = self._waiting[0] if oldest else min(self._waiting)
            self._waiting.remove(chosen)
            _, _, given = chosen
            if not given.done():  # else its caller has gone
                given.set_result(None)
                asyncio.get_running_loop().call_soon(self._give)
                return
        self._is_giving = False
