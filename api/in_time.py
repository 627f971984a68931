"""Work that somebody waits for, on a thread, until a deadline."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

log = structlog.get_logger()


async def in_time(
    threads: ThreadPoolExecutor,
    deadline_s: float,
    work: Callable[[Callable[[T], None]], T],
    instead: Callable[[], T],
) -> T:
    """What `work` gives; past the deadline, what it told by then or tells next. It goes on anyway.

    work: told where to say what is to be answered at the deadline; raises whatever it likes.
    instead: done when all threads were busy until the deadline, so that `work` never began.
    """
    told: Future[T] = Future()
    running = threads.submit(copy_context().run, work, told.set_result)
    working = asyncio.wrap_future(running)
    await asyncio.wait({working}, timeout=deadline_s)
    if working.done():
        return working.result()
    log.warning("deadline_passed", deadline_s=deadline_s)
    if running.cancel():
        return await asyncio.to_thread(instead)
    telling = asyncio.wrap_future(told)
    await asyncio.wait({working, telling}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        return working.result()
    working.add_done_callback(_note)
    return telling.result()


def _note(working: asyncio.Future[T]) -> None:
    """Nobody waits for it any more."""
    if not working.cancelled() and (error := working.exception()) is not None:
        log.error("failed_after_its_deadline", exc_info=error)
