"""Rules decided together: the generated lines that look at each value once for all of them.

Their names: `b` the bits known as TRUE, `u` the unknown; of rules, `true`, and `n` the undecided.
Where a rule has nothing left open, undecided is unknown; others are then evaluated by themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from engine.language.answers import TRUTHS, UNKNOWN, Asked, Layout, reader_of_truths
from engine.language.clauses import clauses_of, is_open
from engine.language.cuts import comparison_of
from engine.language.nodes import FieldRead, Node
from engine.language.operator import RowEmitter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Finder = Callable[[str, bool], list[tuple[int, int, int]]]

CHEAP: Final = 100
"""Up to this cost, for each time it is asked for, a value is computed whether needed or not."""

DEAR: Final = 1_000
"""From this cost on it never is: banks are asked only for rules that wait for them."""


class IndexEmitter(RowEmitter, Protocol):
    def cost(self, node: Node) -> int:
        """About nanoseconds a row."""

    def uses(self, node: Node) -> int:
        """How often it stands under others."""

    def search(self, node: Node) -> tuple[Node, int] | None:
        """Of a condition that looks for a fixed text: the subject, the place in its answers."""

    def finder(self, subject: Node) -> tuple[Finder, int]:
        """What finds the places of fixed texts in a text, and how many texts there are."""


class Look(NamedTuple):
    """One look at a value: `write` makes of its name an expression for the bits it makes TRUE.

    every: all bits that are unknown where the value is.
    """

    subject: Node
    every: int
    write: Callable[[str], str]


@dataclass
class Search:
    """Fixed texts looked for in one text: place in the finder's answer -> bits of its leaves."""

    subject: Node
    found: dict[int, int] = field(default_factory=dict)
    denied: dict[int, int] = field(default_factory=dict)

    def every(self) -> int:
        return reduce(or_, self.found.values(), self.otherwise())

    def otherwise(self) -> int:
        """What is TRUE where no text is found."""
        return reduce(or_, self.denied.values(), 0)


class RuleIndex:
    """The index of rules that stand in a row."""

    def __init__(self, emitter: IndexEmitter, roots: Sequence[Node]) -> None:
        self._emitter = emitter
        self._layout = Layout([clauses_of(root, self._fits) for root in roots])
        self._compared: dict[int, Asked] = {}
        self._searches: dict[int, Search] = {}
        self._others: dict[int, tuple[Node, int, int]] = {}
        for leaf, bit in self._layout.leaves():
            if leaf.node is not None:
                self._ask(leaf.node, bit, negated=leaf.negated)

    def left_open(self) -> dict[int, int]:
        """Rules that the index alone may not decide, each with its bit in `n`."""
        rules = enumerate(self._layout.rules)
        return {place: 1 << self._layout.place(place) for place, rule in rules if is_open(rule)}

    # -- what is asked ----------------------------------------------------------------------------

    def _fits(self, node: Node) -> bool:
        found = self._emitter.search(node)
        if found and isinstance(found[0], FieldRead):
            return True
        comparison = comparison_of(node)
        asked = found[0] if found else comparison.subject if comparison else node
        cost = self._emitter.cost(asked)
        return cost < DEAR and cost <= CHEAP * max(self._emitter.uses(asked), 1)

    def _ask(self, node: Node, bit: int, *, negated: bool) -> None:
        found, comparison = self._emitter.search(node), comparison_of(node)
        if found:
            subject, place = found
            search = self._searches.setdefault(id(subject), Search(subject))
            answers = search.denied if negated else search.found
            answers[place] = answers.get(place, 0) | bit
        elif comparison:
            subject = comparison.subject
            asked = self._compared.setdefault(id(subject), Asked(subject))
            asked.comparisons.append((comparison, negated, bit))
        else:
            _, yes, no = self._others.get(id(node), (node, 0, 0))
            self._others[id(node)] = (node, yes, no | bit) if negated else (node, yes | bit, no)

    def _looks(self) -> Iterator[Look]:
        for asked in self._compared.values():
            write = self._along(asked) if asked.ordered else self._among(asked)
            yield Look(asked.subject, asked.every(), write)
        for node, yes, no in self._others.values():
            yield Look(node, yes | no, f"({yes:#x} if {{}} else {no:#x})".format)

    def _along(self, asked: Asked) -> Callable[[str], str]:
        hand = self._emitter.hand
        cuts, between = asked.line()
        return f"{hand(between)}[{hand(bisect_right)}({hand(cuts)}, {{}})]".format

    def _among(self, asked: Asked) -> Callable[[str], str]:
        named, otherwise = asked.named()
        return f"{self._emitter.hand(named.get)}({{}}, {otherwise:#x})".format

    # -- lines ------------------------------------------------------------------------------------

    def known_lines(self) -> list[str]:
        """For where no field is unknown: `b` are the bits known as TRUE, `u` the unknown."""
        start = reduce(or_, (each.otherwise() for each in self._searches.values()), 0)
        terms, after = [hex(self._layout.absent() | start)], list[str]()
        for look in self._looks():
            if self._emitter.nullable(look.subject):
                after += self._guarded(look)
            else:
                terms.append(look.write(self._emitter.value(look.subject)))
        for search in self._searches.values():
            after += self._search(search, self._emitter.value(search.subject))
        return [f"b = {' | '.join(terms)}", f"u = {self._layout.open():#x}", *after]

    def general_lines(self) -> list[str]:
        lines = [f"b = {self._layout.absent():#x}", f"u = {self._layout.open():#x}"]
        for look in self._looks():
            lines += self._guarded(look)
        for search in self._searches.values():
            text, named = self._named(search.subject)
            lines += [
                *named,
                f"if {text} is None: u |= {search.every():#x}",
                "else:",
                f"    b |= {search.otherwise():#x}",
                *(f"    {line}" for line in self._search(search, text)),
            ]
        return lines

    def _guarded(self, look: Look) -> list[str]:
        name, named = self._named(look.subject)
        return [
            *named,
            f"if {name} is None: u |= {look.every:#x}",
            f"else: b |= {look.write(name)}",
        ]

    def _named(self, subject: Node) -> tuple[str, list[str]]:
        """A name for a value, and the line that gives it where it has none yet."""
        value = self._emitter.value(subject)
        if value.isidentifier():
            return value, []
        name = self._emitter.temporary()
        return name, [f"{name} = {value}"]

    def _search(self, search: Search, text: str) -> list[str]:
        """A text may be found twice: a bit that is set or cleared again stays as it is."""
        find, texts = self._emitter.finder(search.subject)
        told = [search.found.get(each, 0) for each in range(texts)]
        denied = [~search.denied.get(each, 0) for each in range(texts)]
        change = f"b |= {self._emitter.hand(told)}[p]"
        if search.denied:
            change = f"b = (b | {self._emitter.hand(told)}[p]) & {self._emitter.hand(denied)}[p]"
        return [f"for p, _, _ in {self._emitter.hand(find)}({text}, True): {change}"]

    def answer_lines(self, target: str, rest: Sequence[str]) -> list[str]:
        """`target` gets an answer a rule; rest: for where `n` has the bits of undecided rules."""
        rules = len(self._layout.rules)
        size, hand = (rules + 7) // 8, self._emitter.hand
        true, unknown = f"true.to_bytes({size}, 'big')", f"n.to_bytes({size}, 'big')"
        digits = f"{hand(bin)}(true | {1 << rules:#x})[3:].encode()"
        return [
            *self._combined("b", "true"),
            "n = 0",
            "if u:",
            "    b |= u",
            *(f"    {line}" for line in self._combined("b", "n")),
            "    n ^= true",
            "if n:",
            f"    {target} = []",
            f"    for a, z in {hand(zip)}({true}, {unknown}):",
            f"        {target} += {hand(UNKNOWN)}[a << 8 | z]",
            f"    del {target}[:{size * 8 - rules}]",
            *(f"    {line}" for line in rest),
            "else:",
            f"    {target} = {hand(reader_of_truths(rules))}({digits}.translate({hand(TRUTHS)}))",
        ]

    def _combined(self, bits: str, target: str) -> list[str]:
        """One of the alternatives, of all the clauses."""
        layout = self._layout
        rules, every = len(layout.rules), layout.clauses * len(layout.rules)
        shifted = [f"{bits} >> {every * each}" for each in range(1, layout.alternatives)]
        lines = [f"d = {' | '.join([bits, *shifted])}"]
        clauses = ["d", *(f"d >> {rules * each}" for each in range(1, layout.clauses))]
        return [*lines, f"{target} = {' & '.join(clauses)} & {(1 << rules) - 1:#x}"]
