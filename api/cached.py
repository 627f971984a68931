"""Values that are read from the database at most every moment, by however many requests."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")
MOST = 10_000


class Cached(Generic[K, V]):
    """load: blocking, run on a thread, once at a time for a key; given the value it replaces.

    A value past half its time is read again while it is still given out, so that a busy key makes
    nobody wait. What `load` raises reaches every request that waits for it and is not kept.
    """

    def __init__(
        self,
        load: Callable[[K, V | None], V],
        keep_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._load = load
        self._keep_s = keep_s
        self._clock = clock
        self._values: dict[K, tuple[V, float]] = {}
        self._loading: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """A value at most `keep_s` old when it is given."""
        kept = self._values.get(key)
        age = self._clock() - kept[1] if kept else self._keep_s
        if kept is None or age >= self._keep_s:
            return await self.fresh(key)
        if age >= self._keep_s / 2:
            self._under_way(key)
        return kept[0]

    async def fresh(self, key: K) -> V:
        """A value read after now, or by a read under way."""
        return await asyncio.shield(self._under_way(key))

    def _under_way(self, key: K) -> asyncio.Task[V]:
        task = self._loading.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key))
            task.add_done_callback(_seen)
            self._loading[key] = task
        return task

    async def _read(self, key: K) -> V:
        started = self._clock()
        kept = self._values.get(key)
        try:
            value = await asyncio.to_thread(self._load, key, kept[0] if kept else None)
        except BaseException:
            self._values.pop(key, None)
            raise
        finally:
            del self._loading[key]
        if len(self._values) >= MOST:
            self._values.clear()
        self._values[key] = value, started
        return value


def _seen(task: asyncio.Task[V]) -> None:
    """What a read raised that nobody waited for is told to the next who asks."""
    if not task.cancelled():
        task.exception()
