"""The loops of a worker process: evaluate, deliver, keep time, run backtests.

Each loop runs on a thread of its own, wakes on NOTIFY, and looks for itself now and then in case
a notification was lost. When the database goes away, a loop says so and tries again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from clients.webhooks import Sender
from engine.errors import Unavailable
from services import backtests
from services.collector import calm_collector
from services.delivery import Deliverer
from services.delivery import Pace as DeliveryPace
from services.evaluation import ALONE, FRESH, SUSPECT, Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from services.timers import every_organisation, timers
from store import configuration_events, outbox, pending

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.context import Context
    from services.evaluation import Tier
    from services.media import Hasher

POLL_S = 0.5
RETRIES_EVERY_S = 0.25
AFTER_TROUBLE_S = 1.0
LOST = (Unavailable, DBAPIError, psycopg.Error)

log = structlog.get_logger()


@dataclass(frozen=True)
class Options:
    """evaluators: threads that evaluate; one talks to Postgres while another computes.

    hasher: of media; without one, media wait for their hashes and are forgotten in time.
    """

    evaluators: int = 2
    deliver: bool = True
    keep_time: bool = True
    run_backtests: bool = True
    export_every_s: float | None = None
    hasher: Hasher | None = None
    pace: Pace = field(default_factory=Pace)
    delivery: DeliveryPace = field(default_factory=DeliveryPace)


class Worker:
    def __init__(self, context: Context, options: Options | None = None) -> None:
        self.context = context
        self.options = options or Options()
        self.configurations = LiveConfigurations(context.clock, context.lake_root)
        self.stopping = threading.Event()
        self._items = threading.Event()
        self._messages = threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Until `stop` is called, from a signal or another thread."""
        self.start()
        self.stopping.wait()
        self.join()

    def start(self) -> None:
        calm_collector()
        options = self.options
        loops: list[tuple[str, Callable[[], None]]] = [("listen", self._listen)]
        loops += [(f"evaluate-{n}", self._evaluate) for n in range(options.evaluators)]
        loops += [("deliver", self._deliver)] if options.deliver else []
        loops += [("timers", self._keep_time)] if options.keep_time else []
        loops += [("backtests", self._run_backtests)] if options.run_backtests else []
        for name, loop in loops:
            thread = threading.Thread(target=self._guarded, args=(name, loop), name=name)
            self._threads.append(thread)
            thread.start()
        log.info("worker_started", loops=[name for name, _ in loops])

    def stop(self) -> None:
        """Batches under way are seen through; nothing new is begun."""
        self.stopping.set()
        self._items.set()
        self._messages.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        log.info("worker_stopped")

    def _guarded(self, name: str, loop: Callable[[], None]) -> None:
        """A loop that fails is said aloud and begun again."""
        while not self.stopping.is_set():
            try:
                loop()
            except LOST as error:
                log.warning("database_lost", loop=name, error=str(error).partition("\n")[0][:300])
            except Exception:
                log.exception("loop_failed", loop=name)
            self.stopping.wait(AFTER_TROUBLE_S)

    def _listen(self) -> None:
        with configuration_events.listen(self.context.database) as heard:
            while not self.stopping.is_set():
                for channel in heard(POLL_S):
                    if channel == configuration_events.OUTBOX:
                        self._messages.set()
                    else:
                        self._items.set()

    def _evaluate(self) -> None:
        retries_at = monotonic()
        while not self.stopping.is_set():
            self._items.clear()
            worked = self._round(FRESH)
            if monotonic() >= retries_at:
                worked += self._round(SUSPECT) + self._round(ALONE)
                retries_at = monotonic() + RETRIES_EVERY_S
            if not worked:
                self._items.wait(POLL_S)

    def _round(self, tier: Tier) -> int:
        """One batch of every organisation that waits; gives how many items were evaluated."""
        worked = 0
        with self.context.database.system() as tx:
            waiting = pending.orgs_waiting(tx)
        for org_id in waiting:
            if self.stopping.is_set():
                break
            worked += evaluate_next(
                self.context, org_id, self.configurations, self.options.pace, tier
            )
        return worked

    def _deliver(self) -> None:
        with Sender() as sender:
            deliverer = Deliverer(self.context, sender, self.options.delivery)
            while not self.stopping.is_set():
                self._messages.clear()
                started = self._start_deliveries(deliverer)
                if deliverer.flights:
                    deliverer.finish(0.05)
                elif not started:
                    self._messages.wait(POLL_S)
            deliverer.finish(0)

    def _start_deliveries(self, deliverer: Deliverer) -> int:
        with self.context.database.system() as tx:
            waiting = outbox.orgs_waiting(tx)
        return sum(deliverer.start(org_id) for org_id in waiting)

    def _keep_time(self) -> None:
        clocks = timers(self.options.export_every_s, self.options.hasher)
        while not self.stopping.is_set():
            for timer in clocks:
                try:
                    timer.tick(self.context, monotonic())
                except LOST:
                    raise
                except Exception:
                    log.exception("timer_failed", timer=timer.name)
            self.stopping.wait(POLL_S)

    def _run_backtests(self) -> None:
        while not self.stopping.is_set():
            ran = [
                backtests.run_next(self.context, org_id)
                for org_id in every_organisation(self.context)
            ]
            if not any(ran):
                self.stopping.wait(POLL_S)
