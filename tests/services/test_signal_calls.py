from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.signals import Cost, Failed, Question, Signal
from services.answer_memory import Memory
from services.signal_calls import SignalCaller
from store.signal_answers import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.signals.signal import Options
    from store.database import Database

WAIT_S = 10.0


@dataclass
class Counted:
    """Answers a text's length and remembers the calls; `gate` holds them until it is opened."""

    calls: list[tuple[str, ...]] = field(default_factory=list)
    gate: threading.Event | None = None
    together: int = 0
    most: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, values: Sequence[str], _options: Options) -> list[float | Failed]:
        with self._lock:
            self.calls.append(tuple(values))
            self.together += 1
            self.most = max(self.most, self.together)
        if self.gate is not None:
            self.gate.wait(WAIT_S)
        with self._lock:
            self.together -= 1
        return [Failed("empty") if value == "" else float(len(value)) for value in values]

    def signal(self, name: str = "acme.size") -> Signal:
        return Signal(name, "1", "", ("TEXT",), "NUMBER", self.answer, Cost.MODEL)


def ask(caller: SignalCaller, signal: Signal, *values: str) -> tuple[object, ...]:
    [reply] = caller.for_shelf()([Question(signal, (), values)])
    return reply.answers


def test_what_was_answered_is_not_asked_again() -> None:
    counted, caller = Counted(), SignalCaller()
    assert ask(caller, counted.signal(), "a", "bb") == (1.0, 2.0)
    assert ask(caller, counted.signal(), "bb", "ccc") == (2.0, 3.0)
    assert counted.calls == [("a", "bb"), ("ccc",)]


def test_another_version_and_other_options_are_asked_anew() -> None:
    counted, caller = Counted(), SignalCaller()
    signal = counted.signal()
    ask(caller, signal, "a")
    ask(caller, replace(signal, version="2"), "a")
    caller.for_shelf()([Question(signal, (0.5,), ("a",))])
    assert counted.calls == [("a",)] * 3


def test_a_failure_is_asked_again_and_answers_beside_it_are_kept() -> None:
    counted, caller = Counted(), SignalCaller()
    [reply] = caller.for_shelf()([Question(counted.signal(), (), ("a", ""))])
    assert (reply.answers, dict(reply.reasons)) == ((1.0, None), {1: "empty"})
    ask(caller, counted.signal(), "a", "")
    assert counted.calls == [("a", ""), ("",)]


def test_a_signal_whose_answers_change_is_asked_every_time() -> None:
    counted, caller = Counted(), SignalCaller()
    for _ in range(2):
        ask(caller, replace(counted.signal(), kept=False), "a")
    assert counted.calls == [("a",), ("a",)]


def test_values_go_in_batches_no_more_at_once_than_the_signal_allows() -> None:
    gate = threading.Event()
    counted = Counted(gate=gate)
    signal = replace(counted.signal(), batch=2, at_once=3, deadline_s=WAIT_S)
    values = tuple("x" * n for n in range(1, 13))
    answers: list[tuple[object, ...]] = []
    caller = SignalCaller()
    asking = threading.Thread(target=lambda: answers.append(ask(caller, signal, *values)))
    asking.start()
    deadline = threading.Event()
    while counted.together < 3 and not deadline.wait(0.01):
        pass
    gate.set()
    asking.join(WAIT_S)
    assert answers == [tuple(float(n) for n in range(1, 13))]
    assert counted.most == 3
    assert {len(call) for call in counted.calls} == {2}


def test_a_call_past_its_deadline_is_left_behind_and_others_answer() -> None:
    gate = threading.Event()
    stuck, quick = Counted(gate=gate), Counted()
    slow = replace(stuck.signal("acme.slow"), deadline_s=0.05)
    replies = SignalCaller().for_shelf()(
        [Question(slow, (), ("a", "b")), Question(quick.signal(), (), ("c",))]
    )
    gate.set()
    assert replies[0].answers == (None, None)
    assert set(replies[0].reasons.values()) == {"no answer within 0.05 s"}
    assert replies[1].answers == (1.0,)


def test_a_signal_whose_calls_all_hang_is_given_up_and_says_so() -> None:
    gate = threading.Event()
    stuck = Counted(gate=gate)
    slow = replace(stuck.signal(), deadline_s=0.05, at_once=1, batch=1)
    caller = SignalCaller()
    assert ask(caller, slow, "a") == (None,)
    [reply] = caller.for_shelf()([Question(slow, (), ("b",))])
    gate.set()
    assert reply.reasons == {0: "all its calls are still under way"}


def test_patience_bounds_what_many_calls_take_together() -> None:
    gate = threading.Event()
    stuck = Counted(gate=gate)
    slow = replace(stuck.signal(), deadline_s=WAIT_S, at_once=1, batch=1)
    [reply] = SignalCaller(patience_s=0.05).for_shelf()([Question(slow, (), ("a", "b"))])
    gate.set()
    assert set(reply.reasons.values()) == {"no answer within 0.05 s"}


def test_memory_lets_the_least_recently_used_go() -> None:
    counted, caller = Counted(), SignalCaller(Memory(most=2))
    for value in ("a", "bb", "a", "ccc", "a", "bb"):
        ask(caller, counted.signal(), value)
    assert counted.calls == [("a",), ("bb",), ("ccc",), ("bb",)]


# -- shared among processes -----------------------------------------------------------------------


def shelf_of(database: Database, org_id: int) -> Shelf:
    with database.transaction(org_id) as tx:
        return Shelf(tx.engine, org_id)


def test_what_one_process_was_answered_another_knows(database: Database) -> None:
    counted = Counted()
    question = Question(counted.signal(), (), ("a", "bb"))
    for _ in range(2):
        [reply] = SignalCaller().for_shelf(shelf_of(database, 1))([question])
        assert reply.answers == (1.0, 2.0)
    assert counted.calls == [("a", "bb")]


def test_another_organisation_does_not(database: Database) -> None:
    counted = Counted()
    question = Question(counted.signal(), (), ("a",))
    for org_id in (1, 2):
        SignalCaller().for_shelf(shelf_of(database, org_id))([question])
    assert len(counted.calls) == 2


def test_true_false_and_nothing_to_say_come_back_as_they_were(database: Database) -> None:
    said = {"a": True, "b": False, "c": None}
    signal = Signal(
        "acme.mood",
        "1",
        "",
        ("TEXT",),
        "BOOLEAN",
        lambda values, _options: [said.pop(value) for value in values],
        Cost.PAID,
    )
    question = Question(signal, (), ("a", "b", "c"))
    for _ in range(2):
        [reply] = SignalCaller().for_shelf(shelf_of(database, 1))([question])
        assert reply.answers == (True, False, None)


def test_what_people_wrote_is_never_shared(database: Database) -> None:
    asked: list[tuple[str, ...]] = []

    def echo(values: Sequence[str], _options: Options) -> list[str]:
        asked.append(tuple(values))
        return list(values)

    signal = Signal("acme.echo", "1", "", ("TEXT",), "TEXT", echo, Cost.PAID)
    for _ in range(2):
        SignalCaller().for_shelf(shelf_of(database, 1))([Question(signal, (), ("secret",))])
    assert asked == [("secret",), ("secret",)]
