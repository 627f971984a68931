"""Saves whose checks ask signals: these are asked between transactions, never inside one.

A save runs, and ends where its checks would ask what no signal has answered yet. That is asked
then, with nothing held, and the save runs again from its start, over what is configured by then. So
nobody waits for a model while a save holds the configuration, and no change that others made
meanwhile is overlooked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from engine.errors import Conflict
from engine.signals import Failed, Question, Reply
from engine.signals.asking import reply_of
from services.answer_memory import key_of
from services.signal_calls import asker_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from engine.signals import Ask
    from engine.signals.signal import Answer
    from services.answer_memory import Key
    from services.context import Context

T = TypeVar("T")
MOST_ROUNDS: Final = 50
"""A round for each signal that is asked only when another has answered."""

NOT_YET: Final = Failed("not asked yet")


class Unasked(Exception):
    """What was checked is not known yet: signals are to be asked first."""


@dataclass
class Answers:
    """What signals have said so far, and what they are still to be asked."""

    known: dict[Key, Answer | Failed] = field(default_factory=dict)
    lacking: list[Question] = field(default_factory=list)

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Of what is not known: no answer, for now."""
        return [self._reply(question) for question in questions]

    def _reply(self, question: Question) -> Reply:
        keys = {value: key_of(question, value) for value in question.values}
        missing = tuple(value for value, key in keys.items() if key not in self.known)
        if missing:
            self.lacking.append(Question(question.signal, question.options, missing))
        return reply_of([self.known.get(keys[value], NOT_YET) for value in question.values])

    def check(self) -> None:
        """Raises Unasked if anything that was asked is not known."""
        if self.lacking:
            raise Unasked

    def catch_up(self, ask: Ask) -> None:
        questions, self.lacking = self.lacking, []
        for question, reply in zip(questions, ask(questions), strict=True):
            for place, value in enumerate(question.values):
                reason = reply.reasons.get(place)
                answer = reply.answers[place] if reason is None else Failed(reason)
                self.known[key_of(question, value)] = answer


def in_transaction(context: Context, org_id: int, save: Callable[[Connection, Answers], T]) -> T:
    """What `save` gives, in a transaction in which it found every answer that it wanted.

    save: run as often as it raises Unasked; whatever it did is undone then. Raises Conflict when
    there is no end to what it wants.
    """
    answers = Answers()
    for _ in range(MOST_ROUNDS):
        try:
            with context.database.transaction(org_id) as tx:
                ask = asker_of(tx.engine, org_id)
                return save(tx, answers)
        except Unasked:
            answers.catch_up(ask)
    raise Conflict("what signals are asked keeps changing", hint="try again in a moment")
