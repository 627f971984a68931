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

    What it raises reaches every request that waits for it and is not kept.
    """

    def __init__(self, load: Callable[[K, V | None], V], keep_s: float) -> None:
        self._load = load
        self._keep_s = keep_s
        self._values: dict[K, tuple[V, float]] = {}
        self._loading: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """A value at most `keep_s` old when it is given."""
        kept = self._values.get(key)
        if kept and monotonic() < kept[1]:
            return kept[0]
        return await self.fresh(key)

    async def fresh(self, key: K) -> V:
        """A value read after now, or by a read under way."""
        task = self._loading.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key))
            self._loading[key] = task
        return await asyncio.shield(task)

    async def _read(self, key: K) -> V:
        started = monotonic()
        try:
            kept = self._values.pop(key, None)
            value = await asyncio.to_thread(self._load, key, kept[0] if kept else None)
        finally:
            del self._loading[key]
        if len(self._values) >= MOST:
            self._values.clear()
        self._values[key] = value, started + self._keep_s
        return value
