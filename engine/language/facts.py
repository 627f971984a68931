"""What is known of an entity when an item arrives, from the facts themselves."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from engine.language.measures import countable, millionths, total
from engine.language.nodes import FactMeasure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.language.nodes import FactFeature

Subject = tuple[str, str]
"""An entity: its type and id."""

_ONE = 1_000_000


class TimedFact(NamedTuple):
    """begins, ends: microseconds since 1970; known from the one on and before the other."""

    name: str | None
    amount: float
    begins: int
    ends: int | None


def subject_of(
    feature: FactFeature, row: Mapping[str, object], item: Subject | None
) -> Subject | None:
    """The entity that a row asks about. item: the row's own item."""
    if not feature.subject:
        return item
    value: object = row
    for part in feature.subject:
        value = value.get(part) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        return None
    type_id, item_id = value.get("typeId"), value.get("id")
    known = isinstance(type_id, str) and isinstance(item_id, str)
    return (str(type_id), str(item_id)) if known else None


class Steps:
    """What one feature says of one entity, as a step function of time."""

    def __init__(self, feature: FactFeature, facts: Iterable[TimedFact]) -> None:
        """facts: of the feature's kind and of one entity, in any order."""
        self._measure = feature.measure
        changes: dict[int, int] = defaultdict(int)
        for fact in facts:
            units = _units(feature, fact)
            ends = _ends(feature, fact)
            if units is None or (ends is not None and ends <= fact.begins):
                continue
            changes[fact.begins] += units
            if ends is not None:
                changes[ends] -= units
        self._moments = sorted(changes)
        self._units = list(accumulate(changes[moment] for moment in self._moments))

    def at(self, moment_us: int) -> float | bool | None:
        place = bisect_right(self._moments, moment_us)
        units = max(self._units[place - 1], 0) if place else 0
        return units > 0 if self._measure is FactMeasure.LABEL else total(units)


def _units(feature: FactFeature, fact: TimedFact) -> int | None:
    """None where the fact does not count."""
    if feature.name and fact.name != feature.name:
        return None
    if feature.measure is not FactMeasure.STRIKES:
        return _ONE
    amount = countable(fact.amount)
    return None if amount is None else millionths(amount)


def _ends(feature: FactFeature, fact: TimedFact) -> int | None:
    if feature.window_us is None:
        return fact.ends
    passes = fact.begins + feature.window_us
    return passes if fact.ends is None else min(passes, fact.ends)


Asked = tuple[str, Subject]
"""A kind of fact, and the entity it is about."""


class Knowledge:
    """Facts by kind and entity, asked for features; each step function is made once."""

    def __init__(self, facts: Mapping[Asked, Sequence[TimedFact]]) -> None:
        self._facts = facts
        self._steps: dict[tuple[FactFeature, Subject], Steps] = {}

    def answer(
        self, feature: FactFeature, subject: Subject | None, moment_us: int
    ) -> float | bool | None:
        """What an item that arrives at that moment finds; None where there is no entity."""
        if subject is None:
            return None
        key = (feature, subject)
        if key not in self._steps:
            found = self._facts.get((feature.measure.kind, subject), ())
            self._steps[key] = Steps(feature, found)
        return self._steps[key].at(moment_us)


NOTHING_KNOWN = Knowledge({})
