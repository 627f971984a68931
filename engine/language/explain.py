"""Why a rule answered as it did on one item: every condition, what it saw, what it found.

Pure and recomputable: the same predicate, row and counts give the same explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.language.asking import Case, Missing, Outcomes, calls_in
from engine.language.check import check, walk
from engine.language.format import format_number, quoted_text
from engine.language.graph import free_levels
from engine.language.intervals import format_interval, format_time, microseconds_of
from engine.language.matching import in_mode
from engine.language.nodes import (
    Apply,
    BankMatch,
    Constant,
    Element,
    FieldRead,
    Node,
    Quantified,
    Quantifier,
    SignalCall,
)
from engine.language.ruleset import asking_of, compiled
from engine.text import Automaton

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.language.nodes import Counter, Environment, FactFeature, Predicate

WIDEST_VALUE: Final = 80
MOST_ELEMENTS: Final = 8
_JOINTS: Final = frozenset({"and", "or", "not"})
_WORDS: Final = {True: "TRUE", False: "FALSE", None: "unknown"}


@dataclass(frozen=True)
class Seen:
    """An expression as the rule writes it, and its value on the item. note: why it has none."""

    text: str
    value: object
    note: str = ""


@dataclass(frozen=True)
class Trace:
    """joint: and, or, not; empty for a condition that is looked at as a whole."""

    text: str
    outcome: bool | None
    joint: str = ""
    seen: tuple[Seen, ...] = ()
    parts: tuple[Trace, ...] = ()


@dataclass(frozen=True)
class Found:
    """An entry of a bank in the item: code points of the text, or of that element of a list."""

    field: str
    element: int | None
    bank: str
    term: str
    start: int
    end: int


@dataclass(frozen=True)
class Judged:
    """A rule's canonical text, its tree with spans in that text, and each node's value by id().

    Of a condition that any(), all() or count() asks of elements, the list of their answers.
    """

    text: str
    tree: Node
    values: Mapping[int, object]
    missing: tuple[Missing, ...] = ()
    notes: Mapping[int, str] = field(default_factory=dict)

    def written(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end]

    def outcome(self, node: Node) -> bool | None:
        value = self.values[id(node)]
        return value if isinstance(value, bool) else None


def judge(
    predicate: Predicate,
    environment: Environment,
    row: Mapping[str, object],
    counts: Sequence[object],
    arrived_at: datetime,
    *,
    ask: bool = True,
) -> Judged:
    """counts: in the order of the predicate's counters, then of its facts.

    ask: whether signals are asked; else all of them are unknown.
    """
    tree = canonical_tree(predicate, environment)
    nodes = [node for node in walk(tree) if not free_levels(node)]
    looks = [node for node in nodes if isinstance(node, Quantified)]
    each = [replace(look, quantifier=Quantifier.EACH) for look in looks]
    calls = calls_in([tree])
    inputs: tuple[Counter | FactFeature, ...] = (*predicate.counters, *predicate.facts)
    evaluate, _ = compiled([*nodes, *each], inputs, environment, calls=calls)
    found = Outcomes(())
    if calls and not ask:
        found = Outcomes(evaluate(row, counts, arrived_at, (None,) * len(calls)))
    elif calls:
        asking = asking_of([tree], inputs, environment, evaluate)
        [found] = asking.outcomes([Case(row, counts, arrived_at)])
    values = found.values or evaluate(row, counts, arrived_at)
    asked = [*map(id, nodes), *(id(look.condition) for look in looks)]
    judged = dict(zip(asked, values, strict=True))
    signals = [node for node in nodes if isinstance(node, SignalCall)]
    return Judged(predicate.text, tree, judged, found.missing, notes_on(signals, calls, found))


def canonical_tree(predicate: Predicate, environment: Environment) -> Node:
    """Of the rule's canonical text, with spans in it."""
    checked = check(predicate.text, predicate.schema, environment)
    assert checked.predicate, checked.diagnostics
    return checked.predicate.tree


NOT_ASKED: Final = "not asked: the other conditions decide"


def notes_on(
    signals: Sequence[SignalCall], calls: Sequence[SignalCall], found: Outcomes
) -> Mapping[int, str]:
    """Why a signal is unknown, by the id() of each of its nodes. calls: as found has them."""
    failed: dict[int, list[str]] = {}
    for each in found.missing:
        failed.setdefault(each.place, []).append(each.reason)
    words = {
        call: f"no answer: {'; '.join(failed[place])}" if place in failed else NOT_ASKED
        for place, call in enumerate(calls)
        if place in failed or place not in found.asked
    }
    return {id(node): words[node] for node in signals if node in words}


HIDDEN: Final = "hidden"


def trace(judged: Judged, hidden: frozenset[str] = frozenset()) -> Trace:
    """hidden: fields whose values, and what is made of them, are not shown."""
    return _trace(judged, judged.tree, hidden)


def _trace(judged: Judged, node: Node, hidden: frozenset[str]) -> Trace:
    outcome = judged.outcome(node)
    parts = joined(node)
    if isinstance(node, Apply) and parts:
        below = tuple(_trace(judged, each, hidden) for each in parts)
        return Trace(judged.written(node), outcome, node.operator, (), below)
    seen = tuple(_seen(judged, each, hidden) for each in looked_at(node))
    return Trace(judged.written(node), outcome, "", seen)


def _seen(judged: Judged, node: Node, hidden: frozenset[str]) -> Seen:
    if any(isinstance(each, FieldRead) and each.path[0] in hidden for each in walk(node)):
        return Seen(judged.written(node), None, HIDDEN)
    note = judged.notes.get(id(node), "")
    return Seen(judged.written(node), judged.values[id(node)], note)


def joined(node: Node) -> tuple[Node, ...]:
    """What a node joins by AND, OR or NOT; nothing for a condition, NOT IN and its like too."""
    if not isinstance(node, Apply) or node.operator not in _JOINTS:
        return ()
    is_one = node.operator == "not" and node.arguments[0].span == node.span
    return () if is_one else node.arguments


def leaves_of(node: Node) -> Iterator[Node]:
    """The conditions that a rule joins, in the order they are written."""
    parts = joined(node)
    if not parts:
        yield node
    for part in parts:
        yield from leaves_of(part)


def combined(operator: str, below: Sequence[bool | None]) -> bool | None:
    """What a join comes to by what it joins."""
    match operator:
        case "not":
            return None if below[0] is None else not below[0]
        case "and":
            return False if False in below else None if None in below else True
        case _:
            return True if True in below else None if None in below else False


def looked_at(leaf: Node) -> list[Node]:
    """The values a condition is about: its operands, and the fields they are made from.

    Of what is written in the same place, the field itself: ILIKE compares lower(text), say.
    """
    operands = _operands(leaf)
    below = [each for operand in operands for each in _fields_and_answers(operand)]
    return list({each.span: each for each in (*operands, *below)}.values())


def _fields_and_answers(operand: Node) -> Iterator[Node]:
    for node in walk(operand):
        if isinstance(node, FieldRead):
            yield node
        elif isinstance(node, Quantified) and not free_levels(node):
            yield node.condition


def _operands(leaf: Node) -> list[Node]:
    match leaf:
        case Apply(operator="not", arguments=(inner,)):
            return _operands(inner)
        case Apply():
            return [each for each in leaf.arguments if not _is_written(each)]
        case BankMatch():
            return [leaf.subject]
        case Quantified():
            return [leaf.subject, leaf.condition]
        case Constant():
            return []
        case _:
            return [leaf]


def _is_written(node: Node) -> bool:
    """A value that stands in the rule itself, or a list of such."""
    return all(
        isinstance(each, Constant) or (isinstance(each, Apply) and each.operator == "[...]")
        for each in walk(node)
    )


# -- what banks found -----------------------------------------------------------------------------


def found(judged: Judged, environment: Environment) -> tuple[Found, ...]:
    """Every entry of every bank whose match is TRUE, with its place."""
    matches = [
        node
        for node in walk(judged.tree)
        if isinstance(node, BankMatch) and not free_levels(node) and judged.outcome(node) is True
    ]
    of_elements = [
        (match, _elements_read(judged, look, match.subject))
        for look in walk(judged.tree)
        if isinstance(look, Quantified) and not free_levels(look)
        for match in walk(look.condition)
        if isinstance(match, BankMatch) and free_levels(match)
    ]
    whole = [(match, _texts(judged.values[id(match.subject)])) for match in matches]
    return tuple(
        dict.fromkeys(
            each
            for match, texts in (*whole, *of_elements)
            for each in _found(judged, match, texts, environment)
        )
    )


Texts = Iterable[tuple[int | None, object]]


def _texts(subject: object) -> Texts:
    return enumerate(subject) if isinstance(subject, list) else [(None, subject)]


def _elements_read(judged: Judged, look: Quantified, subject: Node) -> Texts:
    """What an element, or a member of it, is in each element of a list."""
    elements = judged.values[id(look.subject)]
    if not isinstance(subject, Element) or not isinstance(elements, list):
        return
    for place, element in enumerate(elements):
        value = element
        for member in subject.path:
            value = value.get(member) if isinstance(value, Mapping) else None
        yield place, value


def _found(
    judged: Judged, match: BankMatch, texts: Texts, environment: Environment
) -> Iterator[Found]:
    bank = in_mode(environment.banks[match.bank], match.mode)
    automaton = Automaton.build([bank])
    field = judged.written(match.subject)
    for element, text in texts:
        for span in automaton.spans(text, 0) if isinstance(text, str) else ():
            term = bank.terms[span.term].text
            yield Found(field, element, match.bank, term, span.start, span.end)


# -- for people -----------------------------------------------------------------------------------


def render(whole: Trace) -> str:
    """An indented tree, a line a condition: its outcome, its text, what it saw."""
    return "\n".join(_lines(whole, 0))


def _lines(part: Trace, depth: int) -> Iterator[str]:
    margin = f"{_WORDS[part.outcome]:<8}{'  ' * depth}"
    if part.joint:
        yield f"{margin}{part.joint.upper()}"
        for below in part.parts:
            yield from _lines(below, depth + 1)
        return
    seen = ", ".join(_saw(each) for each in part.seen)
    plain = len(part.seen) == 1 and part.seen[0].text == part.text and not part.seen[0].note
    yield f"{margin}{part.text}{f'   -- {seen}' if seen and not plain else ''}"


def _saw(seen: Seen) -> str:
    return f"{seen.text} = {shown(seen.value)}{f' ({seen.note})' if seen.note else ''}"


def shown(value: object) -> str:
    """As a rule would write it; what is long is cut."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int() | float():
            return format_number(float(value))
        case str():
            short = value if len(value) <= WIDEST_VALUE else f"{value[: WIDEST_VALUE - 1]}…"
            return quoted_text(short.replace("\n", "⏎"))
        case datetime():
            return f"TIMESTAMP '{format_time(microseconds_of(value))}'"
        case timedelta():
            return f"INTERVAL '{_length(value)}'"
        case list():
            return f"[{_several([shown(each) for each in value[: MOST_ELEMENTS + 1]])}]"
        case Mapping():
            members = islice(value.items(), MOST_ELEMENTS + 1)
            return f"{{{_several([f'{key}: {shown(each)}' for key, each in members])}}}"
        case _:
            return str(value)


def _several(texts: list[str]) -> str:
    more = ["…"] if len(texts) > MOST_ELEMENTS else []
    return ", ".join([*texts[:MOST_ELEMENTS], *more])


def _length(value: timedelta) -> str:
    microseconds = value // timedelta(microseconds=1)
    return f"{'-' if microseconds < 0 else ''}{format_interval(abs(microseconds))}"


def as_document(whole: Trace) -> Trace:
    """With every value as JSON can hold it: times and lengths as a rule writes them."""
    seen = tuple(replace(each, value=_plain(each.value)) for each in whole.seen)
    return replace(whole, seen=seen, parts=tuple(map(as_document, whole.parts)))


def _plain(value: object) -> object:
    return shown(value) if isinstance(value, datetime | timedelta) else value
