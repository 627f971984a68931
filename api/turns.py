"""Turns of the event loop, taken one after the other by those who have much to do."""

from __future__ import annotations

import asyncio


class Turns:
    """However many work at once, only one of them goes on in a turn of the loop.

    So what else is ready, such as an answer of the database to a flush, waits for one piece of
    work, not for a piece of everybody's.
    """

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def next(self) -> None:
        """Returns in a later turn, of which the caller is the only one to be given."""
        async with self._one:
            await asyncio.sleep(0)
