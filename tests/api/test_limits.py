from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cached import Cached
from api.limits import DRAWN_S, Admission, Limits
from engine.admission import Gate, drawn, rate_of
from engine.errors import RateLimited, Unavailable
from services.context import Caller

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


def test_a_bucket_refills_and_says_how_long_it_takes() -> None:
    rate = rate_of(10, burst_s=2)
    left = drawn(rate.burst, 20, rate)
    with pytest.raises(RateLimited) as refused:
        drawn(left, 1, rate)
    assert refused.value.retry_after_s == pytest.approx(0.1)
    assert drawn(rate.after(left, 0.2), 1, rate) == pytest.approx(1)


def test_a_batch_larger_than_the_bucket_passes_once_and_is_owed() -> None:
    rate = rate_of(10, burst_s=2)
    owed = drawn(rate.burst, 100, rate)
    with pytest.raises(RateLimited) as refused:
        drawn(rate.after(owed, 7.9), 1, rate)
    assert refused.value.retry_after_s == pytest.approx(0.2)
    assert drawn(rate.after(owed, 8.2), 1, rate) == pytest.approx(1)


def test_a_slow_key_still_saves_up_one_item() -> None:
    rate = rate_of(0.01, burst_s=2)
    assert drawn(rate.burst, 1, rate) == 0


@given(
    per_second=st.floats(0.01, 1e5),
    steps=st.lists(st.tuples(st.floats(0, 60), st.integers(1, 5000)), max_size=30),
)
def test_over_any_time_no_more_passes_than_rate_burst_and_one_batch(
    per_second: float, steps: list[tuple[float, int]]
) -> None:
    rate = rate_of(per_second)
    level, passed, elapsed = rate.burst, 0, 0.0
    for pause, items in steps:
        level, elapsed = rate.after(level, pause), elapsed + pause
        try:
            level = drawn(level, items, rate)
        except RateLimited:
            continue
        passed += items
    largest = max((items for _, items in steps), default=0)
    assert passed <= rate.burst + elapsed * per_second + largest + 1e-6 * (1 + passed)


def test_a_line_that_is_older_than_allowed_takes_nothing_in() -> None:
    Gate(None, oldest_s=299, most_s=300).check_backlog()
    Gate(None, oldest_s=None, most_s=300).check_backlog()
    with pytest.raises(Unavailable) as refused:
        Gate(None, oldest_s=301, most_s=300).check_backlog()
    assert refused.value.retry_after_s > 1


def caller(key: str, own: float | None = None) -> Caller:
    return Caller(1, f"key:{key}", frozenset(), items_per_second=own)


def spent(admission: Admission, who: Caller, items: int) -> bool:
    """Whether the items passed."""
    try:
        admission.admit(who, items)
    except RateLimited:
        return False
    return True


def test_two_processes_share_one_bucket_a_key(context: Context, org: Organisation) -> None:
    assert org.org_id == 1
    first, second = (Admission(context, Limits(items_per_s=5)) for _ in range(2))
    passed = [spent(each, caller("a"), 1) for _ in range(12) for each in (first, second)]
    assert 10 <= sum(passed) < 20
    assert spent(first, caller("b"), 1)


def test_a_keys_own_limit_comes_before_all_others(context: Context, org: Organisation) -> None:
    assert org.org_id == 1
    admission = Admission(context, Limits(items_per_s=1))
    generous = [spent(admission, caller("a", own=1000), 1) for _ in range(50)]
    assert all(generous)
    assert not all(spent(admission, caller("b"), 1) for _ in range(50))


def test_people_and_keys_without_a_limit_never_wait(context: Context, org: Organisation) -> None:
    person = Caller(org.org_id, "user:1", frozenset())
    assert spent(Admission(context, Limits(items_per_s=1)), person, 10**9)
    assert spent(Admission(context, Limits()), caller("a"), 10**9)


def test_requests_that_come_at_once_do_not_each_draw_for_all(
    context: Context, org: Organisation
) -> None:
    assert org.org_id == 1
    admission = Admission(context, Limits(items_per_s=1000, burst_s=1))
    gate = admission.read_gate(1)
    with ThreadPoolExecutor(24) as threads:  # none has waited when the others found nothing left
        for drawn in [threads.submit(admission.draw, gate, caller("a"), 1) for _ in range(24)]:
            drawn.result()
    assert 1000 * DRAWN_S - 24 <= admission.purses[caller("a").actor] <= 1000 * DRAWN_S


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


def test_a_value_past_half_its_time_is_read_again_while_nobody_waits() -> None:
    loads: list[int] = []
    again = threading.Event()

    def load(_key: str, before: int | None) -> int:
        loads.append(before or 0)
        if before:
            again.set()
        return len(loads)

    async def session() -> list[int]:
        now = [0.0]
        cached = Cached(load, keep_s=10, clock=lambda: now[0])
        seen = [await cached.get("k")]
        now[0] = 4.9
        seen.append(await cached.get("k"))
        assert not again.is_set()
        now[0] = 5.0
        seen.append(await cached.get("k"))
        assert await asyncio.to_thread(again.wait, 5)
        seen.append(await cached.fresh("k"))
        return seen

    assert asyncio.run(session())[:3] == [1, 1, 1]
    assert loads[:2] == [0, 1]


def test_a_read_ahead_that_fails_is_told_to_the_next_who_asks() -> None:
    async def session() -> None:
        now, outcomes = [0.0], iter([1, None])

        def load(_key: str, _before: int | None) -> int:
            found = next(outcomes, None)
            if found is None:
                raise ValueError("gone")
            return found

        cached = Cached(load, keep_s=10, clock=lambda: now[0])
        assert await cached.get("k") == 1
        now[0] = 6.0
        assert await cached.get("k") == 1
        while True:
            await asyncio.sleep(0)
            await cached.get("k")

    with pytest.raises(ValueError, match="gone"):
        asyncio.run(session())
