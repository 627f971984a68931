"""The traces of rules that matched, made from what the whole ruleset was told of an item."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.language.traces import tracer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language import Environment, Predicate, Ruleset
    from engine.language.asking import Case, Outcomes
    from engine.language.traces import KeptLeaf, Tracer


@dataclass(frozen=True)
class _RuleTracer:
    """inputs: places of the rule's counters and facts, calls: of its signals, in the ruleset."""

    tracer: Tracer
    inputs: tuple[int, ...]
    calls: tuple[int, ...]


@dataclass(frozen=True)
class Tracers:
    """Of one item type's rules, each made when it first matches."""

    ruleset: Ruleset
    predicates: Mapping[str, Predicate]
    environment: Environment
    _made: dict[str, _RuleTracer] = field(default_factory=dict, compare=False, repr=False)

    def kept(self, rule_id: str, case: Case, told: Outcomes) -> tuple[KeptLeaf, ...]:
        """case, told: of the ruleset."""
        made = self._made.get(rule_id) or self._make(rule_id)
        mine = case._replace(counts=[case.counts[place] for place in made.inputs])
        return made.tracer.kept(mine, _of_calls(told, made.calls))

    def _make(self, rule_id: str) -> _RuleTracer:
        ruleset, predicate = self.ruleset, self.predicates[rule_id]
        tracer = tracer_of(predicate, self.environment)
        every = (*ruleset.counters, *ruleset.facts)
        inputs = tuple(every.index(each) for each in (*predicate.counters, *predicate.facts))
        known = ruleset.asking.plan.calls if ruleset.asking else ()
        made = _RuleTracer(tracer, inputs, tuple(known.index(each) for each in tracer.calls))
        self._made[rule_id] = made
        return made


def _of_calls(told: Outcomes, calls: tuple[int, ...]) -> Outcomes:
    """What was told of some calls, by their places among them."""
    if not calls:
        return told
    missing = (replace(m, place=calls.index(m.place)) for m in told.missing if m.place in calls)
    asked = frozenset(place for place, call in enumerate(calls) if call in told.asked)
    answers = tuple(told.answers[call] for call in calls)
    return told._replace(values=(), missing=tuple(missing), asked=asked, answers=answers)
