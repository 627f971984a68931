"""Items judged while their sender waits: placed, evaluated once, effects and all, then answered.

An item gets its place as every other does, in a transaction that leases it to this request, so
that no worker takes it too. Should the request die, the lease runs out and a worker sees the item
through. Should it take too long, the sender is answered without a verdict, and the evaluation goes
on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from engine.actions.execution import Source
from services import evaluation
from services.intake import Intake, current_intake, load_intake
from services.live_configuration import LiveConfigurations
from services.looks import asks_ahead
from services.placement import unplaced
from store import clock, features, pending, placing
from store.placing import Lease, MadeFor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from engine.actions.execution import Execution
    from engine.actions.verdict import Match
    from engine.items import Item
    from services.context import Context
    from services.evaluation import Saved
    from services.live_configuration import Live
    from store.submissions import Submission
    from store.window_reads import Read

GRACE = timedelta(seconds=60)
MOST_AT_ONCE = 16

Kept = Callable[[tuple["Judgement", ...]], None]
Along = Callable[["Connection", Sequence["Submission"]], None]

log = structlog.get_logger()


@dataclass(frozen=True)
class Judgement:
    """What the rules said of one item, and what was done.

    finished: False when the deadline passed first; then matches and executions are empty, and
    follow later.
    matches: also those that a cap, a rollout or
    the shadow holds back, which say so. executions: the actions taken.
    """

    submission: Submission
    live: Live
    finished: bool
    matches: tuple[Match, ...] = ()
    executions: tuple[Execution, ...] = ()


@dataclass(frozen=True)
class _Placed:
    """read: what counters say of the submissions, where it was read as they were placed."""

    lease_id: str
    submissions: tuple[Submission, ...]
    live: Live
    read: Read | None = None


@dataclass
class SynchronousEvaluation:
    """One for a process. Keeps each organisation's compiled rules and its intake."""

    context: Context
    configurations: LiveConfigurations = field(init=False)
    _intakes: dict[int, Intake] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, "evaluate")
    )

    def __post_init__(self) -> None:
        self.configurations = LiveConfigurations(self.context.clock, self.context.lake_root)

    def intake(self, org_id: int) -> Intake:
        """The item types an item is coerced against, as they are now."""
        with self._lock:
            known = self._intakes.get(org_id)
        return self._remember(load_intake(self.context, org_id, known))

    def evaluate(
        self,
        org_id: int,
        items: Sequence[Item],
        *,
        deadline_s: float,
        source: Source = Source.POST_ITEMS,
        along: Along | None = None,
    ) -> tuple[Judgement, ...]:
        """Places the items and judges them, in order. Raises what evaluating raised.

        Once they are placed they are accepted: what fails here, a worker repeats.
        along: what else is done in the transaction that places them, the clock being held.
        """
        if not items:
            return ()
        placed = self._place(org_id, items, deadline_s, source, along)
        running = self.threads.submit(self._judge, org_id, placed, source)
        try:
            return running.result(timeout=deadline_s)
        except TimeoutError:
            log.warning("deadline_passed", org_id=org_id, items=len(items), deadline_s=deadline_s)
            return _unfinished(placed)

    def see_through(
        self,
        org_id: int,
        items: Sequence[Item],
        *,
        deadline_s: float,
        kept: Kept,
        source: Source = Source.POST_ITEMS,
        along: Along | None = None,
    ) -> tuple[Judgement, ...]:
        """As `evaluate`, on the caller's own thread and to the end.

        deadline_s: how long somebody waits for it. kept: told what is to be said at the deadline,
        as soon as the items have their places.
        """
        placed = self._place(org_id, items, deadline_s, source, along)
        kept(_unfinished(placed))
        return self._judge(org_id, placed, source)

    def keep(
        self,
        org_id: int,
        items: Sequence[Item],
        *,
        source: Source = Source.POST_ITEMS,
        along: Along | None = None,
    ) -> tuple[Judgement, ...]:
        """Leaves the items to any worker."""
        return _unfinished(self._place_held(org_id, items, None, source, along))

    def close(self) -> None:
        """Evaluations under way are finished first."""
        self.threads.shutdown()

    def _place(
        self,
        org_id: int,
        items: Sequence[Item],
        deadline_s: float,
        source: Source,
        along: Along | None,
    ) -> _Placed:
        until = self.context.clock() + timedelta(seconds=deadline_s) + GRACE
        lease = Lease(self.context.new_id(), until)
        placed = None if along else self._place_at_once(org_id, items, lease, source)
        return placed or self._place_held(org_id, items, lease, source, along)

    def _place_at_once(
        self, org_id: int, items: Sequence[Item], lease: Lease, source: Source
    ) -> _Placed | None:
        """In one round trip, if nothing has changed since the last items; None if something has.

        What their counters have to say is read in it, too, where that is as simple.
        """
        intake, known = self._intakes.get(org_id), self.configurations.known(org_id)
        if intake is None or known is None:
            return None
        live, versions = known
        made_for = MadeFor(intake.counters_version, versions)
        waiting = [unplaced(item, intake, self.context.new_id()) for item in items]
        database, read = self.context.database, None
        questions = features.questions_ahead(database, org_id, asks_ahead(waiting, live))
        with database.at_once(org_id) as tx:
            if questions is None:
                placed = placing.place_if(tx, made_for, waiting, source=source.value, lease=lease)
            else:
                both = placing.place_and_read(
                    tx, made_for, waiting, questions, source=source.value, lease=lease
                )
                placed, read = both or (None, None)
        return None if placed is None else _Placed(lease.lease_id, tuple(placed), live, read)

    def _place_held(
        self,
        org_id: int,
        items: Sequence[Item],
        lease: Lease | None,
        source: Source,
        along: Along | None,
    ) -> _Placed:
        with self.context.database.transaction(org_id) as tx:
            live = self.configurations.current(tx, org_id)
            held, intake = self._hold(tx, org_id)
            waiting = [unplaced(item, intake, self.context.new_id()) for item in items]
            placed = placing.place(tx, held, waiting, source=source.value, lease=lease)
            if along is not None:
                along(tx, placed)
        return _Placed(lease.lease_id if lease else "", tuple(placed), live)

    def _hold(self, tx: Connection, org_id: int) -> tuple[clock.Clock, Intake]:
        """The clock, held, and the counters that are running at this place.

        All is read over this one connection: many who each wait for a second one wait for ever.
        """
        intake = self._intakes.get(org_id) or self._remember(current_intake(tx, org_id))
        held = clock.lock(tx)
        if intake.counters_version != held.counters_version:
            intake = self._remember(current_intake(tx, org_id))
        return held, intake

    def _remember(self, intake: Intake) -> Intake:
        with self._lock:
            self._intakes[intake.org_id] = intake
        return intake

    def _judge(self, org_id: int, placed: _Placed, source: Source) -> tuple[Judgement, ...]:
        try:
            found = evaluation.judge(
                self.context, org_id, placed.submissions, placed.live, placed.read
            )
            return self._save(org_id, placed, found, source)
        except BaseException:
            with self.context.database.transaction(org_id) as tx:
                pending.give_back(tx, placed.lease_id)
            raise

    def _save(
        self,
        org_id: int,
        placed: _Placed,
        found: Mapping[int, tuple[Match, ...]],
        source: Source,
    ) -> tuple[Judgement, ...]:
        """Nothing is done for an item whose lease ran out: a worker has it then."""
        items, live = placed.submissions, placed.live
        if evaluation.is_quiet(items, found, live):
            kept = evaluation.save_quiet(self.context, org_id, placed.lease_id, items, live)
            return tuple(Judgement(each, live, each.seq in kept) for each in items)
        now = self.context.clock()
        with self.context.database.transaction(org_id) as tx:
            kept = pending.complete(tx, placed.lease_id, [item.seq for item in items])
            mine = [item for item in items if item.seq in kept]
            saved = evaluation.save_verdicts(self.context, tx, mine, found, live, now, source)
        return tuple(_judgement(each, live, saved, finished=each.seq in kept) for each in items)


def _unfinished(placed: _Placed) -> tuple[Judgement, ...]:
    return tuple(Judgement(each, placed.live, finished=False) for each in placed.submissions)


def _judgement(submission: Submission, live: Live, saved: Saved, *, finished: bool) -> Judgement:
    return Judgement(
        submission,
        live,
        finished,
        matches=saved.verdicts.get(submission.seq, ()),
        executions=tuple(each for each in saved.executions if each.target.seq == submission.seq),
    )
