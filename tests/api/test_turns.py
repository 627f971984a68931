"""Turns of the event loop: much work of many does not keep others from going on."""

from __future__ import annotations

import asyncio

from api.turns import OLDEST_EVERY, Turns

WORKERS, PIECES = 5, 4


def test_of_many_at_work_one_goes_on_in_a_turn_and_each_comes_to_its_end() -> None:
    done: list[tuple[int, int]] = []

    async def work(turns: Turns, worker: int) -> None:
        for piece in range(PIECES):
            await turns.next(PIECES - piece)
            done.append((worker, piece))

    async def most_in_a_turn() -> int:
        turns = Turns()
        working = asyncio.gather(*(work(turns, worker) for worker in range(WORKERS)))
        most = before = 0
        while not working.done():
            await asyncio.sleep(0)
            most, before = max(most, len(done) - before), len(done)
        await working
        return most

    assert asyncio.run(most_in_a_turn()) == 1
    assert sorted(done) == [(w, piece) for w in range(WORKERS) for piece in range(PIECES)]


def test_who_is_nearest_to_the_end_goes_first() -> None:
    order: list[int] = []

    async def work(turns: Turns, pieces: int) -> None:
        for left in range(pieces, 0, -1):
            await turns.next(left)
        order.append(pieces)

    async def all_of_them() -> None:
        turns = Turns()
        await asyncio.gather(*(work(turns, pieces) for pieces in (50, 3, 20, 1)))

    asyncio.run(all_of_them())
    assert order == [1, 3, 20, 50]


def test_who_has_much_to_do_is_not_kept_waiting_by_any_number_of_others() -> None:
    async def others_before_it() -> int:
        turns, given = Turns(), 0
        ends = asyncio.Event()

        async def small() -> None:
            nonlocal given
            while not ends.is_set():
                await turns.next(1)
                given += 1

        others = [asyncio.create_task(small()) for _ in range(WORKERS)]
        await asyncio.sleep(0)
        before = given
        await turns.next(1_000_000)
        ends.set()
        await asyncio.gather(*others)
        return given - before

    assert asyncio.run(others_before_it()) <= OLDEST_EVERY * (WORKERS + 2)


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def left_in_peace() -> None:
        turns = Turns()
        first, second, third = (asyncio.create_task(turns.next(1)) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        await asyncio.wait_for(third, 10)
        await asyncio.wait_for(turns.next(1), 10)

    asyncio.run(left_in_peace())
