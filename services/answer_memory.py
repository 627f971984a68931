"""Answers that signals gave, kept by signal, version, options and digest of the value."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.signals import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.signals import Question, Signal
    from engine.signals.signal import Answer
    from store.signal_answers import Shelf

MOST: Final = 200_000
Key = tuple[str, str, bytes]


def key_of(question: Question, value: str) -> Key:
    """The content itself is not kept."""
    written = json.dumps([question.options, value], ensure_ascii=False)
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).digest()
    return question.signal.name, question.signal.version, digest


@dataclass
class Memory:
    """The latest answers of this process; the least recently used give way."""

    most: int = MOST
    _answers: OrderedDict[Key, Answer] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        found: dict[Key, Answer] = {}
        with self._lock:
            for key in keys:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    found[key] = self._answers[key]
        return found

    def keep(self, answers: Mapping[Key, Answer]) -> None:
        with self._lock:
            self._answers.update(answers)
            while len(self._answers) > self.most:
                self._answers.popitem(last=False)


@dataclass(frozen=True)
class Shelves:
    """The memory of the process, and behind it what all processes of an organisation share."""

    memory: Memory
    shelf: Shelf | None = None

    def known(self, signal: Signal, keys: list[Key]) -> dict[Key, Answer]:
        if not signal.kept:
            return {}
        found = self.memory.known(keys)
        if self.shelf is None or not _is_shared(signal) or len(found) == len(keys):
            return found
        digests = [key[2] for key in keys if key not in found]
        told = self.shelf.known(signal.name, signal.version, digests)
        shared = {
            (signal.name, signal.version, digest): _read(signal, number)
            for digest, number in told.items()
        }
        self.memory.keep(shared)
        return {**found, **shared}

    def keep(self, signal: Signal, answers: Mapping[Key, Answer]) -> None:
        if not signal.kept or not answers:
            return
        self.memory.keep(answers)
        if self.shelf is not None and _is_shared(signal):
            numbers = {key[2]: _number(answer) for key, answer in answers.items()}
            self.shelf.keep(signal.name, signal.version, numbers)


def _is_shared(signal: Signal) -> bool:
    """What takes longer to compute than to look up; texts might hold what people wrote."""
    return signal.cost > Cost.LOCAL and signal.gives in {"NUMBER", "BOOLEAN"}


def _number(answer: Answer) -> float | None:
    return float(answer) if isinstance(answer, bool | float) else None


def _read(signal: Signal, number: float | None) -> Answer:
    return bool(number) if signal.gives == "BOOLEAN" and number is not None else number
