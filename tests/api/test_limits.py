from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import pytest

from api.cached import Cached
from api.limits import RateLimit
from engine.errors import RateLimited


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_refills_and_says_how_long_it_takes() -> None:
    clock = Clock()
    limit = RateLimit(items_per_s=10, burst_s=2, clock=clock)
    limit.take("k", 20)
    with pytest.raises(RateLimited) as refused:
        limit.take("k", 1)
    assert refused.value.retry_after_s == pytest.approx(0.1)
    clock.now = 0.2
    limit.take("k", 1)


def test_a_batch_larger_than_the_bucket_passes_once_and_is_owed() -> None:
    clock = Clock()
    limit = RateLimit(items_per_s=10, burst_s=2, clock=clock)
    limit.take("k", 100)
    clock.now = 7.9
    with pytest.raises(RateLimited) as refused:
        limit.take("k", 1)
    assert refused.value.retry_after_s == pytest.approx(0.2)
    clock.now = 8.2
    limit.take("k", 1)


def test_keys_do_not_spend_each_others_share() -> None:
    limit = RateLimit(items_per_s=1, burst_s=1, clock=Clock())
    limit.take("a", 1)
    limit.take("b", 1)
    with pytest.raises(RateLimited):
        limit.take("a", 1)


def test_without_a_rate_there_is_no_limit() -> None:
    limit = RateLimit(items_per_s=None, burst_s=1, clock=Clock())
    limit.take("a", 10**9)
    limit.take("a", 10**9)
    assert limit.buckets == {}


def test_a_value_is_loaded_once_for_all_that_wait_and_kept() -> None:
    release, loads = threading.Event(), []

    def load(key: str, _before: int | None) -> int:
        loads.append(key)
        release.wait(5)
        return len(loads)

    async def session() -> list[int]:
        cached = Cached(load, keep_s=60)
        waiting = [asyncio.create_task(cached.get("k")) for _ in range(5)]
        await asyncio.sleep(0)
        release.set()
        return [*await asyncio.gather(*waiting), await cached.get("k"), await cached.fresh("k")]

    assert asyncio.run(session()) == [1, 1, 1, 1, 1, 1, 2]


def test_what_loading_raises_reaches_every_waiter_and_is_not_kept() -> None:
    loads: list[str] = []

    def load(key: str, _before: str | None) -> str:
        loads.append(key)
        if len(loads) == 1:
            raise ValueError("not now")
        return key

    async def session() -> str:
        cached = Cached(load, keep_s=60)
        with pytest.raises(ValueError, match="not now"):
            await cached.get("k")
        return await cached.get("k")

    assert asyncio.run(session()) == "k"


def test_the_value_that_is_replaced_is_handed_on() -> None:
    async def session() -> list[int]:
        cached: Cached[str, int] = Cached(lambda _, before: (before or 0) + 1, keep_s=0)
        return [await cached.get("k") for _ in range(3)]

    assert asyncio.run(session()) == [1, 2, 3]
