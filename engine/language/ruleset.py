"""Many predicates, one function: what an item's rules answer, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

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


def compile_ruleset(predicates: Mapping[str, Predicate], environment: Environment) -> Ruleset:
    counters = tuple(dict.fromkeys(c for p in predicates.values() for c in p.counters))
    facts = tuple(dict.fromkeys(f for p in predicates.values() for f in p.facts))
    trees = [predicate.tree for predicate in predicates.values()]
    evaluate, source = compile_values(trees, (*counters, *facts), environment)
    return Ruleset(tuple(predicates), counters, evaluate, source, facts)


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
    graph = Graph()
    for tree in trees:
        graph.add(tree)
    matcher = Matcher(
        (node for root in graph.roots for node in walk(root) if isinstance(node, BankMatch)),
        environment.banks,
    )
    compiler = RowCompiler(graph, counters, matcher, fewest)
    source = compiler.source()
    return compile_source(source, compiler.names), source


def counters_of(trees: Iterable[Node]) -> tuple[Counter, ...]:
    found = (n.counter for tree in trees for n in walk(tree) if isinstance(n, CountRecent))
    return tuple(dict.fromkeys(found))


def facts_of(trees: Iterable[Node]) -> tuple[FactFeature, ...]:
    found = (n.feature for tree in trees for n in walk(tree) if isinstance(n, FactRead))
    return tuple(dict.fromkeys(found))
