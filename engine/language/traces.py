"""What the conditions of a rule saw of an item it matched, kept beside the verdict.

Counters, facts and answers of models move on; what they were is known from here alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from engine.language.asking import Case, Outcomes, calls_in
from engine.language.check import walk
from engine.language.explain import (
    MOST_ELEMENTS,
    WIDEST_VALUE,
    Judged,
    canonical_tree,
    combined,
    joined,
    leaves_of,
    looked_at,
    notes_on,
)
from engine.language.graph import free_levels
from engine.language.nodes import Apply, Node, Quantified, Quantifier, SignalCall
from engine.language.ruleset import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.language.nodes import Counter, Environment, FactFeature, Predicate

MOST_LEAVES: Final = 200
"""Conditions of a rule whose values are kept; of those after them, what they came to."""

DEEPEST: Final = 3
LOST: Final = "not kept"


_SHORT: Final = frozenset({float, int, bool, type(None), datetime, timedelta})


@dataclass(frozen=True, slots=True)
class KeptLeaf:
    """seen: a value for each thing the condition looked at, long ones cut; None if not kept.

    notes: the place of a value that a signal did not give, and why.
    """

    outcome: bool | None
    seen: tuple[object, ...] | None
    notes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Tracer:
    """Of one rule. evaluate: its conditions, then what they look at. calls: its signals."""

    leaves: tuple[Node, ...]
    looked: tuple[tuple[Node, ...], ...]
    calls: tuple[SignalCall, ...]
    evaluate: Callable[..., tuple[Any, ...]]

    def kept(self, case: Case, told: Outcomes) -> tuple[KeptLeaf, ...]:
        """case, told: with this rule's counters and facts, and of its signals."""
        answers = (told.answers,) if self.calls else ()
        values = self.evaluate(case.row, case.counts, case.arrived_at, *answers)
        notes = self._notes(told) if self.calls else {}
        kept, start = [], len(self.leaves)
        for place, nodes in enumerate(self.looked):
            outcome = values[place] if isinstance(values[place], bool) else None
            if place >= MOST_LEAVES:
                kept.append(KeptLeaf(outcome, None))
                continue
            end = start + len(nodes)
            seen = tuple([shortened(value) for value in values[start:end]])
            kept.append(KeptLeaf(outcome, seen, notes.get(place, ())))
            start = end
        return tuple(kept)

    def _notes(self, told: Outcomes) -> dict[int, tuple[tuple[int, str], ...]]:
        """By the place of a condition, those on what it looked at."""
        signals = [n for nodes in self.looked for n in nodes if isinstance(n, SignalCall)]
        notes = notes_on(signals, self.calls, told)
        return {
            place: tuple((n, notes[id(node)]) for n, node in enumerate(nodes) if id(node) in notes)
            for place, nodes in enumerate(self.looked)
        }


def tracer_of(predicate: Predicate, environment: Environment) -> Tracer:
    tree = canonical_tree(predicate, environment)
    leaves = tuple(leaves_of(tree))
    looked = tuple(tuple(looked_at(leaf)) for leaf in leaves)
    asked = {
        id(look.condition): replace(look, quantifier=Quantifier.EACH)
        for look in walk(tree)
        if isinstance(look, Quantified) and not free_levels(look)
    }
    calls = calls_in([tree])
    seen = [asked.get(id(node), node) for nodes in looked[:MOST_LEAVES] for node in nodes]
    inputs: tuple[Counter | FactFeature, ...] = (*predicate.counters, *predicate.facts)
    evaluate, _ = compiled([*leaves, *seen], inputs, environment, calls=calls)
    return Tracer(leaves, looked, calls, evaluate)


def restored(
    predicate: Predicate, environment: Environment, kept: Sequence[KeptLeaf]
) -> Judged | None:
    """As it was judged; None where the rule has come to mean something of another shape."""
    tree = canonical_tree(predicate, environment)
    leaves = list(leaves_of(tree))
    looked = [looked_at(leaf) for leaf in leaves]
    fits = len(leaves) == len(kept) and all(
        each.seen is None or len(each.seen) == len(nodes)
        for each, nodes in zip(kept, looked, strict=True)
    )
    if not fits:
        return None
    values: dict[int, object] = {}
    notes: dict[int, str] = {}
    for leaf, nodes, each in zip(leaves, looked, kept, strict=True):
        seen = dict(zip((node.span for node in nodes), each.seen or (), strict=False))
        for node in (*walk(leaf), *nodes):
            values[id(node)] = seen.get(node.span)
        notes |= {id(nodes[n]): note for n, note in each.notes if n < len(nodes)}
        if each.seen is None:
            notes |= {id(node): LOST for node in nodes}
        values[id(leaf)] = each.outcome
    _join(tree, values)
    return Judged(predicate.text, tree, values, (), notes)


def _join(node: Node, values: dict[int, object]) -> bool | None:
    """What the conditions below come to, joined."""
    parts = joined(node)
    if parts and isinstance(node, Apply):
        values[id(node)] = combined(node.operator, [_join(part, values) for part in parts])
    value = values[id(node)]
    return value if isinstance(value, bool) else None


def shortened(value: object, depth: int = 0) -> object:
    """As much of a value as is shown of it, and a little more, so that it is seen to be cut."""
    if type(value) in _SHORT:
        return value
    match value:
        case str():
            return value[: WIDEST_VALUE + 1]
        case list() | tuple():
            cut = value[: MOST_ELEMENTS + 1] if depth < DEEPEST else ()
            return [shortened(each, depth + 1) for each in cut]
        case Mapping():
            members = list(value.items())[: MOST_ELEMENTS + 1] if depth < DEEPEST else []
            return {str(key)[:WIDEST_VALUE]: shortened(each, depth + 1) for key, each in members}
        case _:
            return value
