"""Many predicates, one function: what an item's rules answer, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from engine.language.asking import Asking, Case, Outcomes, calls_in, plan_of
from engine.language.check import walk
from engine.language.graph import Graph
from engine.language.matching import Matcher
from engine.language.measures import Measured
from engine.language.nodes import (
    BankMatch,
    Counter,
    CountRecent,
    Environment,
    FactFeature,
    FactRead,
    Node,
    Predicate,
    SignalCall,
)
from engine.language.row import RowCompiler, compile_source

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_TOGETHER: Final = 40
"""Fewer rules are faster one by one."""

Evaluate = Callable[[Mapping[str, object], Sequence[Measured], datetime], tuple[bool | None, ...]]


@dataclass(frozen=True)
class Ruleset:
    """evaluate(row, counts, arrived_at): one of True, False, None for each of rule_ids.

    row: field name -> value as `engine.items.row_values` gives it; absent means NULL.
    counts: one for each of counters, None where the key is NULL, a time for first_seen; then one
        for each of facts, None where there is no entity.
    source: the generated Python, for people.
    """

    rule_ids: tuple[str, ...]
    counters: tuple[Counter, ...]
    evaluate: Evaluate = field(compare=False)
    source: str = field(repr=False)
    facts: tuple[FactFeature, ...] = ()
    asking: Asking | None = field(default=None, compare=False, repr=False)

    def evaluate_all(self, cases: Sequence[Case]) -> list[Outcomes]:
        """As evaluate, for a batch: what signals are asked about they are asked together."""
        if self.asking is not None:
            return self.asking.outcomes(cases)
        return [Outcomes(self.evaluate(each.row, each.counts, each.arrived_at)) for each in cases]


def compile_ruleset(
    predicates: Mapping[str, Predicate], environment: Environment, *, exact: bool = True
) -> Ruleset:
    """exact: FALSE and unknown are told apart. Else a signal is asked only for what may be TRUE."""
    counters = tuple(dict.fromkeys(c for p in predicates.values() for c in p.counters))
    facts = tuple(dict.fromkeys(f for p in predicates.values() for f in p.facts))
    trees = [predicate.tree for predicate in predicates.values()]
    calls = calls_in(trees)
    evaluate, source = compiled(trees, (*counters, *facts), environment, calls=calls)
    if not calls:
        return Ruleset(tuple(predicates), counters, evaluate, source, facts)
    asking = asking_of(trees, (*counters, *facts), environment, evaluate, exact=exact)
    return Ruleset(tuple(predicates), counters, asking.evaluate_one, source, facts, asking)


def asking_of(
    trees: Sequence[Node],
    counters: Sequence[Counter | FactFeature],
    environment: Environment,
    evaluate: Callable[..., Any],
    *,
    exact: bool = True,
) -> Asking:
    """trees: of conditions, with signals in them. evaluate: what they, or others, come to."""

    def values(nodes: Sequence[Node], calls: Sequence[SignalCall]) -> Callable[..., Any]:
        return compiled(nodes, counters, environment, calls=calls)[0]

    return Asking(plan_of(trees, values, exact=exact), environment.ask, evaluate)


def compile_values(
    trees: Iterable[Node],
    counters: Sequence[Counter | FactFeature],
    environment: Environment,
    fewest: int = FEWEST_TOGETHER,
) -> tuple[Callable[..., Any], str]:
    """A function that answers the value of each tree, of whatever type, and its source.

    counters: whatever is answered by `counts`, in its order.

    fewest: how many conditions it takes to decide them together, which never changes an answer.
    """
    roots = list(trees)
    calls = calls_in(roots)
    evaluate, source = compiled(roots, counters, environment, fewest, calls)
    if not calls:
        return evaluate, source
    return asking_of(roots, counters, environment, evaluate).evaluate_one, source


def compiled(
    trees: Iterable[Node],
    counters: Sequence[Counter | FactFeature],
    environment: Environment,
    fewest: int = FEWEST_TOGETHER,
    calls: Sequence[SignalCall] = (),
) -> tuple[Callable[..., Any], str]:
    """calls: what the function's last argument answers, in order."""
    graph = Graph()
    for tree in trees:
        graph.add(tree)
    matcher = Matcher(
        (node for root in graph.roots for node in walk(root) if isinstance(node, BankMatch)),
        environment.banks,
    )
    compiler = RowCompiler(graph, counters, matcher, fewest, calls)
    source = compiler.source()
    return compile_source(source, compiler.names), source


def counters_of(trees: Iterable[Node]) -> tuple[Counter, ...]:
    found = (n.counter for tree in trees for n in walk(tree) if isinstance(n, CountRecent))
    return tuple(dict.fromkeys(found))


def facts_of(trees: Iterable[Node]) -> tuple[FactFeature, ...]:
    found = (n.feature for tree in trees for n in walk(tree) if isinstance(n, FactRead))
    return tuple(dict.fromkeys(found))
