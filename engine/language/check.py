"""An author's text, judged: a predicate, or everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language.checker import Checker
from engine.language.diagnostics import Diagnostic, locate
from engine.language.format import format_rule
from engine.language.lexer import SyntaxProblem
from engine.language.nodes import (
    Apply,
    BankMatch,
    Checked,
    Counter,
    CountRecent,
    FactRead,
    FieldRead,
    Node,
    Predicate,
    Quantified,
    SignalCall,
    Syntax,
)
from engine.language.parser import parse
from engine.language.special_forms import SPECIAL_FORMS
from engine.language.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.nodes import Environment
    from engine.language.types import Schema


def check(text: str, schema: Schema, environment: Environment) -> Checked:
    """Never raises, whatever the text."""
    try:
        syntax = parse(text)
    except SyntaxProblem as problem:
        place = locate(text, problem.span.start, problem.span.end)
        return Checked(None, (Diagnostic(problem.code, problem.message, problem.hint, *place),))
    checker = Checker(text, schema, environment, SPECIAL_FORMS)
    tree = checker.condition(syntax)
    if checker.diagnostics:
        return Checked(None, tuple(checker.diagnostics))
    return Checked(_predicate(syntax, tree, schema), ())


def canonical(text: str) -> str:
    """The one spelling of a text that parses. Raises SyntaxProblem where it does not."""
    return format_rule(parse(text))


def _predicate(syntax: Syntax, tree: Node, schema: Schema) -> Predicate:
    nodes = list(walk(tree))
    counters = {n.counter: None for n in nodes if isinstance(n, CountRecent)}
    facts = dict.fromkeys(n.feature for n in nodes if isinstance(n, FactRead))
    return Predicate(
        text=format_rule(spelled(syntax, schema)),
        tree=tree,
        schema=schema,
        counters=tuple(counters),
        banks=tuple(dict.fromkeys(n.bank for n in nodes if isinstance(n, BankMatch))),
        fields=tuple(dict.fromkeys(_fields_read(nodes, tuple(counters)))),
        facts=tuple(facts),
    )


def _fields_read(nodes: list[Node], counters: tuple[Counter, ...]) -> Iterator[str]:
    yield from (node.path[0] for node in nodes if isinstance(node, FieldRead))
    subjects = (node.feature.subject for node in nodes if isinstance(node, FactRead))
    yield from (subject[0] for subject in subjects if subject)
    for counter in counters:
        for tree in (*counter.key, counter.condition, counter.carried):
            if tree is not None:
                yield from (n.path[0] for n in walk(tree) if isinstance(n, FieldRead))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it; not into the conditions of counters."""
    yield node
    if isinstance(node, Apply):
        for argument in node.arguments:
            yield from walk(argument)
    elif isinstance(node, BankMatch | SignalCall):
        yield from walk(node.subject)
    elif isinstance(node, Quantified):
        yield from walk(node.subject)
        yield from walk(node.condition)
