"""Checked nodes to one generated Python function: the meaning of the language on one item.

Fields are read once. What several rules share is computed once, the cheap at once and the dear
when first needed. Rules that read the same fields stand together: where all those fields are
known, which is the usual case, they run as plain Python conditions; else in three-valued logic.
Many rules are decided together (`indexed.py`), and only what that leaves open runs by itself.
Nothing of the author's text reaches the source but numbers and ASCII-escaped string constants.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engine.language.cuts import held
from engine.language.indexed import RuleIndex
from engine.language.literals import Find, LiteralSearches
from engine.language.nodes import (
    Apply,
    ArrivalTime,
    BankMatch,
    Constant,
    CountRecent,
    Element,
    FactRead,
    FieldRead,
    Node,
    Quantified,
    Quantifier,
    SignalCall,
)
from engine.language.operator import is_simple
from engine.language.quantifying import ROW_QUANTIFIERS
from engine.language.registry import REGISTRY
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.language.graph import Graph
    from engine.language.matching import Matcher
    from engine.language.nodes import Counter, FactFeature

UNSET: Final = "..."
"""A shared value not yet computed; no expression has it as its value."""

_SOONER_DONE_AGAIN: Final = 13
"""Up to this cost, one comparison, doing it again is as fast as remembering it."""

_AT_ONCE: Final = 45
"""Up to this cost a shared condition is computed before any rule asks for it."""


_RULES_AN_INDEX: Final = 1_000
"""An index grows with its rules times the constants they compare with."""


class RowCompiler:
    """Writes the source of one function; `names` are the objects it needs."""

    def __init__(
        self,
        graph: Graph,
        counters: Sequence[Counter | FactFeature],
        matcher: Matcher,
        fewest: int,
        calls: Sequence[SignalCall] = (),
    ) -> None:
        """fewest: how many conditions it takes to decide them together. calls: of `answers`."""
        self.names: dict[str, object] = {}
        self._graph = graph
        self._places = {counter: place for place, counter in enumerate(counters)}
        self._answers = {call: place for place, call in enumerate(calls)}
        self._matcher = matcher
        self._fewest = fewest
        closed = (node for node in graph.nodes() if not graph.free[id(node)])
        self._searches = LiteralSearches(closed)
        self._inputs: dict[Node, str] = {}
        self._head: list[str] = []
        self._shared: dict[int, str] = {}
        self._passes: dict[tuple[int, str], str] = {}
        self._lazy: dict[str, None] = {}
        self._handed: dict[tuple[type, object], str] = {}
        self._known: frozenset[Node] = frozenset()
        self._temporaries = 0

    # -- what row implementations ask for ---------------------------------------------------------

    def value(self, node: Node) -> str:
        match node:
            case Constant():
                return self._constant(node)
            case FieldRead() | CountRecent() | FactRead() | SignalCall():
                return self._input(node)
            case ArrivalTime():
                return "arrived_at"
            case BankMatch():
                return self._bank_match(node)
            case Apply():
                return self._apply(node)
            case Element():
                return self._element(node)
            case Quantified():
                return self._quantified(node)

    def nullable(self, node: Node) -> bool:
        match node:
            case Constant():
                return node.value is None
            case FieldRead() | CountRecent() | FactRead() | SignalCall():
                return node not in self._known
            case ArrivalTime():
                return False
            case BankMatch():
                return self.nullable(node.subject)
            case Element():
                return True
            case Quantified():
                counted = node.quantifier is Quantifier.COUNT
                return self.nullable(node.subject) or (
                    not counted and self.nullable(node.condition)
                )
            case Apply():
                variant = REGISTRY[node.operator].variants[node.overload]
                return variant.nullable(tuple(self.nullable(each) for each in node.arguments))

    def temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def hand(self, value: object) -> str:
        key = (type(value), value if isinstance(value, str | float | frozenset) else id(value))
        if key not in self._handed:
            self._handed[key] = f"k{len(self._handed)}"
            self.names[self._handed[key]] = value
        return self._handed[key]

    def held(self, node: Node) -> object:
        assert isinstance(node, Constant)
        return held(node)

    # -- nodes ------------------------------------------------------------------------------------

    def _constant(self, node: Constant) -> str:
        match self.held(node):
            case None | bool() as plain:
                return repr(plain)
            case float() as number:
                return repr(number) if number >= 0 else f"({number!r})"
            case str() as text:
                return ascii(text)
            case other:
                return self.hand(other)

    def _input(self, node: FieldRead | CountRecent | FactRead | SignalCall) -> str:
        """The local that holds a field, a count or an answer, read at the top of the function."""
        if node not in self._inputs:
            name, read = self._reading(node)
            self._inputs[node] = name
            self._head.append(f"{name} = {read}")
        return self._inputs[node]

    def _reading(self, node: FieldRead | CountRecent | FactRead | SignalCall) -> tuple[str, str]:
        if isinstance(node, SignalCall):
            place = self._answers[node]
            return f"a{place}", f"answers[{place}]"
        if not isinstance(node, FieldRead):
            place = self._places[node.counter if isinstance(node, CountRecent) else node.feature]
            return f"n{place}", f"counts[{place}]"
        *parents, last = node.path
        if not parents:
            return f"f{len(self._inputs)}", f"row.get({last!a})"
        owner = self._input(FieldRead(node.type, tuple(parents)))
        return f"f{len(self._inputs)}", f"None if {owner} is None else {owner}.get({last!a})"

    def _apply(self, node: Apply) -> str:
        place = self._searches.place(node)
        if place is not None:
            return self._found(node.arguments[0], place, self._searches.finder(node.arguments[0]))
        shared = self._graph.uses[id(node)] > 1 and not self._graph.free[id(node)]
        if not shared or self._graph.cost(node) <= _SOONER_DONE_AGAIN:
            return self._written(node)
        name = self._shared.get(id(node)) or self._share(node)
        if name not in self._lazy:
            return name
        return f"({name} if {name} is not {UNSET} else ({name} := {self._unconditional(node)}))"

    def _share(self, node: Apply) -> str:
        name = f"s{len(self._shared)}"
        self._shared[id(node)] = name
        if self._graph.cost(node) <= _AT_ONCE:
            self._head.append(f"{name} = {self._unconditional(node)}")
        else:
            self._lazy[name] = None
        return name

    def _unconditional(self, node: Apply) -> str:
        """Code that holds wherever it runs first, so nothing is taken as known."""
        known, self._known = self._known, frozenset()
        code = self._written(node)
        self._known = known
        return code

    def _written(self, node: Apply) -> str:
        return REGISTRY[node.operator].variants[node.overload].row(self, node)

    def _bank_match(self, node: BankMatch) -> str:
        finder = self._matcher.pass_over(node.subject.type)
        return self._found(node.subject, self._matcher.place(node), finder)

    def _found(self, subject: Node, place: int, finder: object) -> str:
        """One pass over a text answers for every bank and every fixed text that rules ask for."""
        text = self.value(subject)
        if not self.nullable(subject):
            return f"({place} in {self._hits(subject, text, finder)})"
        name = text if text.isidentifier() else self.temporary()
        test = f"{text} is None" if name == text else f"({name} := {text}) is None"
        return f"(None if {test} else {place} in {self._hits(subject, name, finder)})"

    def _hits(self, subject: Node, text: str, finder: object) -> str:
        """A pass for fixed texts is cheap and many rules wait for it; one for banks may be dear."""
        passes = self.hand(finder)
        if self._graph.free[id(subject)]:
            return f"{passes}({text})"
        name = self._passes.get((id(subject), passes))
        if name is None:
            name = self._passes[id(subject), passes] = f"h{len(self._passes)}"
            if isinstance(subject, FieldRead) and self._searches.owns(finder):
                self._head.append(f"{name} = None if {text} is None else {passes}({text})")
            else:
                self._lazy[name] = None
        if name not in self._lazy:
            return name
        return f"({name} if {name} is not {UNSET} else ({name} := {passes}({text})))"

    def _element(self, node: Element) -> str:
        code = f"e{node.level}"
        for member in node.path:
            name = code if code.isidentifier() else self.temporary()
            test = code if name == code else f"({name} := {code})"
            code = f"(None if {test} is None else {name}.get({member!a}))"
        return code

    def _quantified(self, node: Quantified) -> str:
        """The list is named first: Python lets nothing be named in what a comprehension reads."""
        subject, element = self.value(node.subject), f"e{node.level}"
        name = subject if is_simple(subject) else self.temporary()
        answers = self.hand(ROW_QUANTIFIERS[node.quantifier])
        answered = f"{answers}(({self.value(node.condition)}) for {element} in {name})"
        if name != subject:
            return f"(None if ({name} := {subject}) is None else {answered})"
        return (
            f"(None if {name} is None else {answered})" if self.nullable(node.subject) else answered
        )

    # -- what the index asks for ------------------------------------------------------------------

    def cost(self, node: Node) -> int:
        return self._graph.cost(node)

    def uses(self, node: Node) -> int:
        return self._graph.uses[id(node)]

    def search(self, node: Node) -> tuple[Node, int] | None:
        place = self._searches.place(node)
        return (node.arguments[0], place) if isinstance(node, Apply) and place is not None else None

    def finder(self, subject: Node) -> tuple[Find, int]:
        return self._searches.every_place(subject)

    # -- the function -----------------------------------------------------------------------------

    def source(self) -> str:
        """`evaluate(row, counts, arrived_at, answers)`, answering one value for each root."""
        roots = self._graph.roots
        indexed = len(roots) >= self._fewest and all(r.type.base is Base.BOOLEAN for r in roots)
        body = self._together() if indexed else self._one_by_one()
        unset = [" = ".join([*self._lazy, UNSET])] if self._lazy else []
        lines = [*self._head, *unset, *body]
        indented = "".join(f"    {line}\n" for line in lines)
        return f"def evaluate(row, counts, arrived_at, answers=()):\n{indented}"

    def _one_by_one(self) -> list[str]:
        places = range(len(self._graph.roots))
        targets = {place: f"r{place}" for place in places}
        results = "".join(f"{name}, " for name in targets.values())
        return [*self._groups(targets, {}), f"return ({results})"]

    def _together(self) -> list[str]:
        roots = self._graph.roots
        starts = range(0, len(roots), _RULES_AN_INDEX)
        blocks = [self._block(each, roots[each : each + _RULES_AN_INDEX]) for each in starts]
        answers = ", ".join(f"*o{start}" for start in starts)
        whole = f"({answers})" if len(starts) > 1 else f"{self.hand(tuple)}(o0)"
        return [*(line for block in blocks for line in block), f"return {whole}"]

    def _block(self, start: int, roots: Sequence[Node]) -> list[str]:
        """What the index leaves open is evaluated by itself, if it is still undecided."""
        index = RuleIndex(self, roots)
        general = index.general_lines()
        inputs = self._inputs_of(range(start, start + len(roots)))
        left = index.left_open()
        targets = {start + place: f"o{start}[{place}]" for place in left}
        bits = {start + place: bit for place, bit in left.items()}
        rest = [f"if n & {sum(bits.values()):#x}:", *_deeper(self._groups(targets, bits))]
        looked = self._branch(inputs, index.known_lines, general) if inputs else general
        return [*looked, *index.answer_lines(f"o{start}", rest if left else [])]

    def _inputs_of(self, places: Iterable[int]) -> frozenset[Node]:
        inputs = self._graph.inputs
        return frozenset().union(*(inputs[id(self._graph.roots[place])] for place in places))

    def _groups(self, targets: Mapping[int, str], bits: Mapping[int, int]) -> list[str]:
        """bits: of the rules to evaluate only where `n` has their bit."""
        groups: dict[frozenset[Node], list[int]] = {}
        for place in targets:
            groups.setdefault(self._inputs_of([place]), []).append(place)
        lines: list[str] = []
        for inputs, places in groups.items():
            results = partial(self._results, {place: targets[place] for place in places}, bits)
            general = results()
            lines += self._branch(inputs, results, general) if inputs else general
        return lines

    def _branch(
        self, inputs: frozenset[Node], write: Callable[[], list[str]], general: list[str]
    ) -> list[str]:
        """Lines for where all inputs are known, else the general ones."""
        names = sorted(self.value(each) for each in inputs)
        self._known = inputs
        plain = write()
        self._known = frozenset()
        test = " and ".join(f"{name} is not None" for name in names)
        return [f"if {test}:", *_deeper(plain), "else:", *_deeper(general)]

    def _results(self, targets: Mapping[int, str], bits: Mapping[int, int]) -> list[str]:
        return [
            f"{f'if n & {bits[place]:#x}: ' if place in bits else ''}{name} = {self._result(place)}"
            for place, name in targets.items()
        ]

    def _result(self, place: int) -> str:
        """Where nothing is unknown, as a test: Python compares faster to jump than for a value."""
        root = self._graph.roots[place]
        value = self.value(root)
        if isinstance(root, Apply) and root.type.base is Base.BOOLEAN and not self.nullable(root):
            return f"True if {value} else False"
        return value


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def compile_source(source: str, names: Mapping[str, object]) -> Any:
    """The function of that source, which sees `names` and no builtins."""
    namespace: dict[str, object] = {**names, "__builtins__": {}}
    exec(compile(source, "<ruleset>", "exec"), namespace)  # noqa: S102 - our own source, no author's text
    return namespace["evaluate"]
