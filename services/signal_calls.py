"""Signals asked for real: what is known is not asked again, calls run side by side, none for long.

A call that takes longer than its signal's deadline is left behind, and its values have no answer.
Nothing can stop it, so it goes on holding one of the places its signal has until it ends.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache, partial
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog

from engine.signals.asking import Question, Reply, refused, reply_to
from services.answer_memory import Memory, Shelves, key_of
from store.signal_answers import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from engine.signals import Ask, Signal
    from engine.signals.signal import Answer

PATIENCE_S: Final = 12.0
"""How long a batch of items waits for all that it asks one signal, however many calls that is."""

log = structlog.get_logger()


@dataclass
class SignalCaller:
    """One for a process: what it remembers, and how many calls of each signal are under way."""

    memory: Memory = field(default_factory=Memory)
    patience_s: float = PATIENCE_S
    _places: dict[tuple[str, str], threading.Semaphore] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def for_shelf(self, shelf: Shelf | None = None) -> Ask:
        """How an organisation asks, with the answers that its processes share."""
        return partial(self._ask, Shelves(self.memory, shelf))

    def _ask(self, shelves: Shelves, questions: Sequence[Question]) -> list[Reply]:
        asked = [_Asked.of(question, shelves) for question in questions]
        running = [
            _Run(each.open, self._places_of(question.signal), self.patience_s)
            for question, each in zip(questions, asked, strict=True)
        ]
        for each in running:
            each.start()
        return [
            _complete(question, each, run.replies(), shelves)
            for question, each, run in zip(questions, asked, running, strict=True)
        ]

    def _places_of(self, signal: Signal) -> threading.Semaphore:
        with self._lock:
            key = (signal.name, signal.version)
            if key not in self._places:
                self._places[key] = threading.Semaphore(signal.at_once)
            return self._places[key]


@dataclass(frozen=True)
class _Asked:
    """known: answers by place. open: calls to make, and the places of their values."""

    known: dict[int, Answer]
    open: list[Question]
    places: list[list[int]]

    @staticmethod
    def of(question: Question, shelves: Shelves) -> _Asked:
        keys = [key_of(question, value) for value in question.values]
        found = shelves.known(question.signal, keys)
        known = {place: found[key] for place, key in enumerate(keys) if key in found}
        rest = [place for place in range(len(keys)) if place not in known]
        size = question.signal.batch
        places = [rest[start : start + size] for start in range(0, len(rest), size)]
        calls = [
            Question(question.signal, question.options, tuple(question.values[p] for p in each))
            for each in places
        ]
        return _Asked(known, calls, places)


def _complete(
    question: Question, asked: _Asked, replies: Sequence[Reply], shelves: Shelves
) -> Reply:
    answers, reasons, fresh = dict(asked.known), dict[int, str](), {}
    for places, reply in zip(asked.places, replies, strict=True):
        for number, place in enumerate(places):
            answers[place] = reply.answers[number]
            if number in reply.reasons:
                reasons[place] = reply.reasons[number]
            else:
                fresh[key_of(question, question.values[place])] = reply.answers[number]
    shelves.keep(question.signal, fresh)
    if reasons:
        signal = question.signal
        log.warning(
            "signal_failed",
            signal=signal.name,
            version=signal.version,
            values=len(reasons),
            reason=next(iter(reasons.values())),
        )
    return Reply(tuple(answers[place] for place in range(len(question.values))), reasons)


class _Run:
    """The calls of one question, as many at once as its signal allows."""

    def __init__(
        self, calls: Sequence[Question], places: threading.Semaphore, patience_s: float
    ) -> None:
        self._calls = calls
        self._semaphore = places
        self._end = monotonic() + patience_s
        self._patience_s = patience_s
        self._waiting = deque(range(len(calls)))
        self._started: dict[int, float] = {}
        self._replies: dict[int, Reply] = {}
        self._changed = threading.Condition()

    def start(self) -> None:
        if self._calls:
            for number in range(min(self._calls[0].signal.at_once, len(self._calls))):
                name = f"signal-{self._calls[0].signal.name}-{number}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting or monotonic() >= self._end:
                    return
                number = self._waiting.popleft()
            self._call(number)

    def _call(self, number: int) -> None:
        call = self._calls[number]
        if not self._semaphore.acquire(timeout=call.signal.deadline_s):
            self._tell(number, refused(call, "all its calls are still under way"))
            return
        with self._changed:
            self._started[number] = monotonic()
            self._changed.notify_all()
        try:
            reply = reply_to(call)
        finally:
            self._semaphore.release()
        self._tell(number, reply)

    def _tell(self, number: int, reply: Reply) -> None:
        """What comes after the deadline comes too late."""
        with self._changed:
            self._replies.setdefault(number, reply)
            self._changed.notify_all()

    def replies(self) -> list[Reply]:
        """In the order of the calls. Waits no longer than deadlines and patience allow."""
        with self._changed:
            now = monotonic()
            while len(self._replies) < len(self._calls) and now < self._end:
                self._changed.wait(self._next_moment() - now)
                now = monotonic()
                self._give_up(now)
            late = f"no answer within {self._patience_s:g} s"
            return [
                self._replies.setdefault(number, refused(call, late))
                for number, call in enumerate(self._calls)
            ]

    def _give_up(self, now: float) -> None:
        for number, started in self._started.items():
            deadline_s = self._calls[number].signal.deadline_s
            if number not in self._replies and now >= started + deadline_s:
                late = refused(self._calls[number], f"no answer within {deadline_s:g} s")
                self._replies[number] = late

    def _next_moment(self) -> float:
        ends = [
            started + self._calls[number].signal.deadline_s
            for number, started in self._started.items()
            if number not in self._replies
        ]
        return min([self._end, *ends])


@lru_cache(maxsize=1)
def signal_caller() -> SignalCaller:
    return SignalCaller()


def asker_of(engine: Engine | None = None, org_id: int = 0) -> Ask:
    """With a database: answers are shared among the processes of an organisation."""
    return signal_caller().for_shelf(Shelf(engine, org_id) if engine is not None else None)
