"""Turns of the event loop: much work of many does not keep others from going on."""

from __future__ import annotations

import asyncio

from api.turns import Turns

WORKERS, PIECES = 5, 4


def test_of_many_at_work_one_goes_on_in_a_turn_and_each_comes_to_its_end() -> None:
    done: list[tuple[int, int]] = []

    async def work(turns: Turns, worker: int) -> None:
        for piece in range(PIECES):
            await turns.next()
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


def test_everybody_has_one_before_anybody_has_two() -> None:
    order: list[int] = []

    async def work(turns: Turns, worker: int) -> None:
        for _ in range(PIECES):
            await turns.next()
            order.append(worker)

    async def all_of_them() -> None:
        turns = Turns()
        await asyncio.gather(*(work(turns, worker) for worker in range(WORKERS)))

    asyncio.run(all_of_them())
    assert order == list(range(WORKERS)) * PIECES


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def left_in_peace() -> None:
        turns = Turns()
        first, second, third = (asyncio.create_task(turns.next()) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        await asyncio.wait_for(third, 10)

    asyncio.run(left_in_peace())
