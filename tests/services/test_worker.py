"""A whole worker in this process: woken by the database, and back after losing it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.timers import Timer, ensure_partitions, forget_window_events, timers
from services.worker import Options, Worker
from tests.services.receiver import Receiver, receiver
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.context import Context
    from tests.world import MovableClock, Organisation

DEADLINE_S = 30.0


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@contextmanager
def working(town: Town, **options: Any) -> Iterator[Worker]:
    worker = Worker(town.context, Options(keep_time=False, run_backtests=False, **options))
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        worker.join()


def until(condition: Callable[[], bool]) -> None:
    deadline, pause = monotonic() + DEADLINE_S, threading.Event()
    while not condition():
        assert monotonic() < deadline, "waited in vain"
        pause.wait(0.02)


def test_an_item_becomes_a_webhook_without_anybody_asking(town: Town, shop: Receiver) -> None:
    town.rule("all", "true", town.hook(callbackUrl=f"{shop.url}/hook"))
    with working(town):
        town.send("x", "y")
        until(lambda: len(shop.received) == 2)
        until(lambda: {r.state for r in town.rows("SELECT state FROM outbox")} == {"delivered"})
    assert town.rows("SELECT 1 FROM pending") == []


def test_a_change_of_a_rule_holds_within_a_second(town: Town) -> None:
    rule_id = town.rule("r", "text = 'a'")
    with working(town, deliver=False):
        town.send("b")
        until(lambda: len(town.matched()) == 1)
        town.save_rule(rule_id, "r", "text = 'b'")
        changed = monotonic()
        while monotonic() - changed < 1:
            town.send("b")
            until(lambda: town.rows("SELECT 1 FROM pending") == [])
    assert town.matched()[1] == []
    assert town.rows("SELECT outcomes FROM evaluations ORDER BY seq DESC LIMIT 1")[0].outcomes


def test_a_worker_that_loses_its_connections_finds_them_again(town: Town) -> None:
    with working(town, deliver=False):
        town.send("before")
        until(lambda: len(town.matched()) == 1)
        with town.context.database.owner() as tx:
            tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        until(lambda: quiet(lambda: town.send("after")))
        until(lambda: quiet(lambda: town.rows("SELECT 1 FROM pending")) and waiting(town) == 0)
    assert len(town.matched()) == 2


def quiet(work: Callable[[], object]) -> bool:
    """Whether it worked, on a connection that may have been cut."""
    try:
        work()
    except Exception:  # noqa: BLE001 - whatever a cut connection raises; the caller tries again
        return False
    return True


def waiting(town: Town) -> int:
    return len(town.rows("SELECT 1 FROM pending"))


def test_partitions_are_made_ahead_once(context: Context) -> None:
    made = ensure_partitions(context)
    assert len(made) == 9
    assert ensure_partitions(context) == []


def test_events_are_kept_for_every_window_that_can_still_be_asked(
    town: Town, clock: MovableClock
) -> None:
    town.rule("hour", "count_recent(author, '1 hour') > 5")
    [arrived] = town.send("x")
    with town.context.database.transaction(town.org_id) as tx:
        tx.execute(
            text(
                "INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq)"
                " SELECT org_id, 1, 'k', arrived_at, seq FROM submissions"
            )
        )
    clock.now = arrived
    clock.advance(days=2)
    assert forget_window_events(town.context) == 0, "the item still waits for its evaluation"
    town.evaluate()
    assert forget_window_events(town.context) == 1


def test_a_timer_runs_when_it_is_due(context: Context) -> None:
    ran: list[float] = []
    timer = Timer("t", 10.0, lambda _: ran.append(1), due_at=5.0)
    assert [timer.tick(context, at) for at in (4.0, 5.0, 14.0, 15.0)] == [False, True, False, True]
    assert len(ran) == 2


def test_the_lake_is_exported_only_when_asked() -> None:
    assert "lake-export" not in {timer.name for timer in timers(None)}
    assert "lake-export" in {timer.name for timer in timers(30.0)}
