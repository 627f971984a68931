"""Checked trees as one graph: what is written the same, in one rule or in many, is one node."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.language.nodes import (
    Apply,
    BankMatch,
    Constant,
    CountRecent,
    Element,
    FactRead,
    FieldRead,
    Node,
    Quantified,
    SignalCall,
)
from engine.language.registry import REGISTRY
from engine.signals import Cost

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

_ANY_ORDER = frozenset({"and", "or"})

SIGNAL_COSTS = {
    Cost.LOCAL: 20_000,
    Cost.MODEL: 5_000_000,
    Cost.NETWORK: 100_000_000,
    Cost.PAID: 200_000_000,
}
"""About nanoseconds a value, to put signals behind everything else, and in order."""


@dataclass
class Graph:
    """roots: in the order given, each rewritten so that equal nodes are the same object.

    uses: how often a node stands under others, by its id(). inputs: the fields and counters each
    node reads, by its id(). free: the levels of the elements it reads that are chosen outside of
    it, by its id(): such a node has a value for each element.
    """

    roots: list[Node] = field(default_factory=list)
    uses: Tally[int] = field(default_factory=Tally)
    inputs: dict[int, frozenset[Node]] = field(default_factory=dict)
    free: dict[int, frozenset[int]] = field(default_factory=dict)
    costs: dict[int, int] = field(default_factory=dict)
    _known: dict[Hashable, Node] = field(default_factory=dict)

    def add(self, root: Node) -> None:
        node = self._intern(root)
        self.uses[id(node)] += 1
        self.roots.append(node)

    def nodes(self) -> Iterable[Node]:
        return self._known.values()

    def cost(self, node: Node) -> int:
        return self.costs[id(node)]

    def _intern(self, node: Node) -> Node:
        children = [self._intern(child) for child in children_of(node)]
        if isinstance(node, Apply) and node.operator in _ANY_ORDER:
            children.sort(key=self.cost)
        key = (type(node), _own_facts(node), *map(id, children))
        if key not in self._known:
            fresh = _with_children(node, children)
            self._known[key] = fresh
            self._describe(fresh, children)
        return self._known[key]

    def _describe(self, node: Node, children: Sequence[Node]) -> None:
        """A cheaper condition beside a dear one is tried first, whatever the author's order."""
        self.uses.update(map(id, children))
        below = (self.inputs[id(child)] for child in children)
        self.free[id(node)] = _free(node, (self.free[id(child)] for child in children))
        own = {node} if isinstance(node, FieldRead | CountRecent | FactRead | SignalCall) else set()
        self.inputs[id(node)] = frozenset(own).union(*below)
        self.costs[id(node)] = own_cost(node) + sum(map(self.cost, children))


def free_levels(node: Node) -> frozenset[int]:
    """The levels of the elements that a node reads and that are chosen outside of it."""
    return _free(node, map(free_levels, children_of(node)))


def _free(node: Node, below: Iterable[frozenset[int]]) -> frozenset[int]:
    if isinstance(node, Element):
        return frozenset([node.level])
    together: frozenset[int] = frozenset().union(*below)
    return together - {node.level} if isinstance(node, Quantified) else together


def children_of(node: Node) -> tuple[Node, ...]:
    match node:
        case Apply():
            return node.arguments
        case BankMatch():
            return (node.subject,)
        case Quantified():
            return (node.subject, node.condition)
        case _:
            return ()


def _with_children(node: Node, children: list[Node]) -> Node:
    match node:
        case Apply():
            return replace(node, arguments=tuple(children))
        case BankMatch():
            return replace(node, subject=children[0])
        case Quantified():
            return replace(node, subject=children[0], condition=children[1])
        case _:
            return node


def _own_facts(node: Node) -> Hashable:
    match node:
        case Apply():
            return (node.operator, node.overload, node.type)
        case BankMatch():
            return (node.bank, node.mode)
        case Quantified():
            return (node.quantifier, node.level)
        case Constant():
            return (node.type, type(node.value), node.value)
        case _:
            return node


def own_cost(node: Node) -> int:
    match node:
        case Apply():
            return REGISTRY[node.operator].cost
        case BankMatch():
            return REGISTRY["matches"].cost
        case Quantified():
            return REGISTRY["any"].cost
        case SignalCall():
            return SIGNAL_COSTS[node.signal.cost]
        case _:
            return 1
