"""What a signal says of itself: everything that checker, planner, form and reference need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

INPUTS: Final = ("TEXT", "URL", "EMAIL", "IP", "GEOHASH", "ID", "IMAGE", "VIDEO", "AUDIO")
"""What a signal may be asked about. Each is handed over as text; of media, the address."""

OUTPUTS: Final = ("NUMBER", "BOOLEAN", "TEXT", "LIST(TEXT)")
OPTION_TYPES: Final = ("TEXT", "NUMBER", "BOOLEAN")
LONGEST_DEADLINE_S: Final = 20.0
LARGEST_BATCH: Final = 10_000

Written = str | float | bool
Options = Mapping[str, Written]
Answer = float | bool | str | tuple[str, ...] | None
Answerer = Callable[[Sequence[str], Options], Sequence[Any]]
"""Distinct values and the written options to one answer each, in order: the output's type, None
where nothing can be said, or Failed(reason)."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class Cost(IntEnum):
    """What asking costs, least first: signals are asked in this order.

    LOCAL: computed in this process in microseconds. MODEL: by a model at hand, in milliseconds.
    NETWORK: by another machine. PAID: by somebody who sends a bill.
    """

    LOCAL = 1
    MODEL = 2
    NETWORK = 3
    PAID = 4


@dataclass(frozen=True)
class Option:
    """An argument written out in the rule, after the value."""

    name: str
    type: str = "TEXT"
    optional: bool = True
    summary: str = ""


@dataclass(frozen=True)
class Threshold:
    """value: where a rule might draw the line, and what that is known to do."""

    value: float
    label: str
    summary: str = ""


@dataclass(frozen=True)
class ModelCard:
    """Plain text each; empty where there is nothing to say."""

    intended_use: str = ""
    limitations: str = ""
    training_data: str = ""
    evaluation: str = ""
    licence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Signal:
    """version: changes whenever an answer may. takes: of INPUTS. gives: of OUTPUTS.

    languages: ISO 639 codes it is made for, none for any.
    deadline_s: how long one call may take. at_once: calls under way at the same time.
    batch: values a call. kept: whether an answer may be used again for the same value.
    """

    name: str
    version: str
    summary: str
    takes: tuple[str, ...]
    gives: str
    answer: Answerer = field(compare=False, repr=False)
    cost: Cost = Cost.MODEL
    options: tuple[Option, ...] = ()
    languages: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    card: ModelCard = ModelCard()
    deadline_s: float = 2.0
    at_once: int = 4
    batch: int = 64
    kept: bool = True

    def named(self, written: Sequence[Written]) -> Options:
        """The options by name; those left out are absent."""
        return {option.name: value for option, value in zip(self.options, written, strict=False)}


def problem_with(signal: object) -> str:
    """Why this cannot be a signal; empty where it can."""
    if not isinstance(signal, Signal):
        return f"{type(signal).__name__} is no engine.signals.Signal"
    tests = (
        (_NAME.fullmatch(signal.name), f"{signal.name!r} is no name: write it as vendor.signal"),
        (signal.version, "it has no version"),
        (signal.takes and set(signal.takes) <= set(INPUTS), f"it takes {signal.takes}"),
        (signal.gives in OUTPUTS, f"it gives {signal.gives!r}, none of {', '.join(OUTPUTS)}"),
        (callable(signal.answer), "its answer is no function"),
        (0 < signal.deadline_s <= LONGEST_DEADLINE_S, f"deadline_s is {signal.deadline_s}"),
        (0 < signal.batch <= LARGEST_BATCH, f"batch is {signal.batch}"),
        (signal.at_once > 0, f"at_once is {signal.at_once}"),
        (_are_sound(signal.options), "its options have names and types, the needed ones first"),
    )
    return next((words for holds, words in tests if not holds), "")


def _are_sound(options: tuple[Option, ...]) -> bool:
    names = [option.name for option in options]
    needed = [not option.optional for option in options]
    typed = all(option.type in OPTION_TYPES for option in options)
    named = all(name.isidentifier() for name in names) and len(set(names)) == len(names)
    return typed and named and needed == sorted(needed, reverse=True)
