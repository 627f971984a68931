"""Work with a deadline: its answer, or what it told by then, or what is done instead of it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from api.in_time import in_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 20.0
SOON = 0.02


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def instead() -> str:
    return "instead"


def waited(
    threads: ThreadPoolExecutor, deadline_s: float, work: Callable[[Callable[[str], None]], str]
) -> str:
    return asyncio.run(in_time(threads, deadline_s, work, instead))


def test_work_that_is_done_in_time_gives_its_answer(threads: ThreadPoolExecutor) -> None:
    def work(tell: Callable[[str], None]) -> str:
        tell("kept")
        return "done"

    assert waited(threads, LONG, work) == "done"


def test_past_the_deadline_what_was_told_is_the_answer_and_the_work_goes_on(
    threads: ThreadPoolExecutor,
) -> None:
    release, ended = threading.Event(), threading.Event()

    def work(tell: Callable[[str], None]) -> str:
        tell("kept")
        assert release.wait(LONG)
        ended.set()
        return "done"

    assert waited(threads, SOON, work) == "kept"
    assert not ended.is_set()
    release.set()
    assert ended.wait(LONG)


def test_work_that_has_told_nothing_by_its_deadline_is_waited_for(
    threads: ThreadPoolExecutor,
) -> None:
    passed = threading.Event()

    def work(tell: Callable[[str], None]) -> str:
        assert passed.wait(LONG)
        tell("kept")
        return "done"

    async def late() -> str:
        asyncio.get_running_loop().call_later(5 * SOON, passed.set)
        return await in_time(threads, SOON, work, instead)

    assert asyncio.run(late()) in {"kept", "done"}


def test_work_that_found_no_thread_in_time_never_begins(threads: ThreadPoolExecutor) -> None:
    release, begun = threading.Event(), threading.Event()
    threads.submit(release.wait, LONG)

    def work(_: Callable[[str], None]) -> str:
        begun.set()
        return "done"

    assert waited(threads, SOON, work) == "instead"
    release.set()
    threads.shutdown()
    assert not begun.is_set()


@pytest.mark.parametrize("deadline_s", [LONG, SOON])
def test_what_fails_before_anything_is_told_is_raised(
    threads: ThreadPoolExecutor, deadline_s: float
) -> None:
    passed = threading.Event()

    def work(_: Callable[[str], None]) -> str:
        assert deadline_s == LONG or passed.wait(LONG)
        raise ArithmeticError("went wrong")

    async def failing() -> str:
        asyncio.get_running_loop().call_later(5 * SOON, passed.set)
        return await in_time(threads, deadline_s, work, instead)

    with pytest.raises(ArithmeticError, match="went wrong"):
        asyncio.run(failing())
