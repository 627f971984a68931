"""Questions put to signals, and replies: an answer for each value, or the reason there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.signals.signal import Answer, Signal, Written

LONGEST_REASON: Final = 200


@dataclass(frozen=True)
class Failed:
    """In place of an answer: the value could not be judged, and why."""

    reason: str


@dataclass(frozen=True)
class Question:
    """values: distinct. options: as written in the rule, in order."""

    signal: Signal
    options: tuple[Written, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """answers: one for each value. reasons: place of a value -> why it has no answer."""

    answers: tuple[Answer, ...]
    reasons: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unanswered:
    """count: of distinct values in history, of items in a preview."""

    signal: str
    version: str
    reason: str
    count: int


Ask = Callable[[Sequence[Question]], Sequence[Reply]]
"""Replies in the order of the questions. Never raises on a signal's account."""


def ask_in_turn(questions: Sequence[Question]) -> list[Reply]:
    """One after the other, without deadlines."""
    return [reply_to(question) for question in questions]


def reply_to(question: Question) -> Reply:
    """The signal's answers, each held to its type."""
    signal = question.signal
    try:
        found = list(signal.answer(question.values, signal.named(question.options)))
    except Exception as error:  # noqa: BLE001 - whatever a signal does, an item is judged
        return refused(question, reason_of(error))
    if len(found) != len(question.values):
        return refused(question, f"{len(found)} answers to {len(question.values)} values")
    return reply_of([_read(signal.gives, each) for each in found])


def reason_of(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_REASON]


def refused(question: Question, reason: str) -> Reply:
    """No answer to any of the values."""
    return reply_of([Failed(reason)] * len(question.values))


def reply_of(found: Sequence[Answer | Failed]) -> Reply:
    failed = {place: each for place, each in enumerate(found) if isinstance(each, Failed)}
    return Reply(
        tuple(None if isinstance(each, Failed) else each for each in found),
        {place: each.reason[:LONGEST_REASON] for place, each in failed.items()},
    )


def _read(gives: str, found: object) -> Answer | Failed:
    """What a signal gave, as its output's type says it is held."""
    match gives, found:
        case _, None | Failed():
            return found
        case "BOOLEAN", bool():
            return found
        case "NUMBER", int() | float() if not isinstance(found, bool):
            number = float(found)
            return number if math.isfinite(number) else Failed("the number is not finite")
        case "TEXT", str():
            return found
        case "LIST(TEXT)", list() | tuple() if all(isinstance(each, str) for each in found):
            return tuple(found)
        case _:
            return Failed(f"{type(found).__name__} is no {gives}")
