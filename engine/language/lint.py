"""What is probably not meant: findings about rules that are right as far as the language goes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.check import check, walk
from engine.language.clauses import Leaf
from engine.language.cuts import Comparison, comparison_of
from engine.language.diagnostics import Diagnostic, locate
from engine.language.format import format_number
from engine.language.graph import own_cost
from engine.language.implication import (
    Literal,
    always_true,
    cells,
    compares_with_null,
    implies,
    literal_of,
    never_true,
)
from engine.language.nodes import Apply, BankMatch, FieldRead, Node
from engine.language.types import Base

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.language.nodes import Environment, Predicate

LINTS: Final = MappingProxyType(
    {
        "always-true": "The rule is TRUE of every item whose fields are known.",
        "never-true": "No item can make the rule TRUE.",
        "unreachable": "One side of an OR, or one branch of a CASE, can never be TRUE.",
        "duplicate": "Another rule means the same.",
        "subsumed": "Another rule already matches every item that this one does.",
        "empty-bank": "A bank without entries never matches.",
        "costly-first": "A costly condition is written before a cheap one.",
        "out-of-range": "A threshold that no recent item comes near.",
        "mostly-null": "A field that is missing in more than half of recent items.",
    }
)
"""Every code a finding can carry. Codes are stable: others rely on them."""

COSTLY: Final = 20_000
"""More than looking for the entries of a bank costs, which every other rule shares."""

MOSTLY: Final = 0.5


@dataclass(frozen=True)
class FieldStatistics:
    """Of recent items: the share where the field is NULL, and its least and largest number."""

    null_share: float
    least: float | None = None
    largest: float | None = None


def lint(
    predicate: Predicate,
    environment: Environment,
    others: Mapping[str, Predicate] = MappingProxyType({}),
    statistics: Mapping[str, FieldStatistics] = MappingProxyType({}),
) -> tuple[Diagnostic, ...]:
    """Places are those of the canonical text. others: further rules over the same item type."""
    checked = check(predicate.text, predicate.schema, environment)
    assert checked.predicate, checked.diagnostics
    look = _Look(predicate.text, checked.predicate.tree)
    whole = list(look.as_a_whole())
    return (
        *whole,
        *([] if whole else look.unreachable()),
        *look.beside({} if whole else others),
        *look.empty_banks(environment),
        *look.costly_first(),
        *look.against(statistics),
    )


@dataclass(frozen=True)
class _Look:
    text: str
    tree: Node

    def _finding(self, code: str, message: str, hint: str, node: Node) -> Diagnostic:
        return Diagnostic(code, message, hint, *locate(self.text, *node.span))

    def _written(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end]

    def as_a_whole(self) -> Iterator[Diagnostic]:
        if never_true(self.tree):
            message, hint = "No item can make this TRUE.", "Its conditions contradict each other."
            if any(map(compares_with_null, walk(self.tree))):
                hint = "Nothing equals NULL: write IS NULL, or IS NOT NULL."
            yield self._finding("never-true", message, hint, self.tree)
        elif always_true(self.tree):
            message = "This is TRUE of every item whose fields are known."
            yield self._finding("always-true", message, "Narrow it, or remove it.", self.tree)

    def unreachable(self) -> Iterator[Diagnostic]:
        for node in walk(self.tree):
            if isinstance(node, Apply) and node.operator in {"or", "case"}:
                parts = node.arguments if node.operator == "or" else node.arguments[:-1:2]
                for part in filter(never_true, parts):
                    message = f"{self._written(part)[:80]} can never be TRUE."
                    yield self._finding("unreachable", message, "Mend or remove it.", part)

    def beside(self, others: Mapping[str, Predicate]) -> Iterator[Diagnostic]:
        for name, other in others.items():
            if not implies(self.tree, other.tree):
                continue
            if implies(other.tree, self.tree):
                message, hint = f"The rule '{name}' means the same.", "Keep one of them."
                yield self._finding("duplicate", message, hint, self.tree)
            else:
                message = f"The rule '{name}' matches every item that this one does."
                hint = "Remove this one, unless its actions differ."
                yield self._finding("subsumed", message, hint, self.tree)

    def empty_banks(self, environment: Environment) -> Iterator[Diagnostic]:
        for node in walk(self.tree):
            if isinstance(node, BankMatch) and not environment.banks[node.bank].terms:
                message = f"The bank '{node.bank}' has no entries, so it never matches."
                yield self._finding("empty-bank", message, "Add entries to the bank.", node)

    def costly_first(self) -> Iterator[Diagnostic]:
        for node in walk(self.tree):
            if not isinstance(node, Apply) or node.operator not in {"and", "or"}:
                continue
            costs = [sum(map(own_cost, walk(part))) for part in node.arguments]
            for part, cost, later in zip(node.arguments, costs, _least_after(costs), strict=True):
                if cost >= COSTLY > later:
                    message = (
                        f"{self._written(part)[:80]} is costly and stands before cheaper ones."
                    )
                    hint = "Write it last, as it is tried last."
                    yield self._finding("costly-first", message, hint, part)

    def against(self, statistics: Mapping[str, FieldStatistics]) -> Iterator[Diagnostic]:
        told: set[str] = set()
        for node in walk(self.tree):
            if isinstance(node, FieldRead) and node.path[0] not in told:
                told.add(node.path[0])
                yield from self._missing(node, statistics.get(node.path[0]))
            comparison = comparison_of(node)
            if comparison is not None:
                yield from self._out_of_range(node, comparison, statistics)

    def _missing(self, node: FieldRead, known: FieldStatistics | None) -> Iterator[Diagnostic]:
        if known is not None and known.null_share > MOSTLY:
            share = format(known.null_share, ".0%")
            message = f"{node.path[0]} is missing in {share} of recent items."
            hint = "The rule is unknown there; say what it should be with coalesce() or IS NULL."
            yield self._finding("mostly-null", message, hint, node)

    def _out_of_range(
        self, node: Node, comparison: Comparison, statistics: Mapping[str, FieldStatistics]
    ) -> Iterator[Diagnostic]:
        subject = comparison.subject
        if not isinstance(subject, FieldRead) or subject.type.base is not Base.NUMBER:
            return
        known = statistics.get(".".join(subject.path))
        if known is None or known.least is None or known.largest is None:
            return
        literal = literal_of(Leaf(node))
        assert literal is not None
        seen = Literal(Comparison(subject, "between", (known.least, known.largest)), negated=False)
        answers = {answer for answer, met in cells([literal, seen]) if met}
        if len(answers) == 1:
            shown = f"{format_number(known.least)} to {format_number(known.largest)}"
            always = "always" if True in answers else "never"
            message = f"{self._written(subject)} is {shown} in recent items: this is {always} TRUE."
            yield self._finding("out-of-range", message, "Check the threshold's unit.", node)


def _least_after(costs: list[int]) -> Iterator[float]:
    """For each, the least cost of those that follow."""
    for place in range(len(costs)):
        yield min(costs[place + 1 :], default=float("inf"))
