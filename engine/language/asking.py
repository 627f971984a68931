"""Which signals an item's verdict still depends on, asked round by round, cheapest first.

A rule is looked at as conditions joined by AND, OR and NOT. A condition that reads a signal not
yet asked is unknown, and could turn out either way; it is asked for only where the conditions
beside it leave the rule open. AND and OR being monotone, what is decided then stays decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from engine.language.check import walk
from engine.language.nodes import Apply, Constant, Node, SignalCall
from engine.language.types import BOOLEAN
from engine.signals import Question
from engine.signals.elements import combined, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from engine.signals import Ask, Reply
    from engine.signals.signal import Answer

MOST_BESIDE: Final = 8
"""Conditions that read signals, side by side, up to which each is weighed for the others."""

_TRUE: Final = Constant(BOOLEAN, value=True)
_FALSE: Final = Constant(BOOLEAN, value=False)
_OPPOSITE: Final = {"and": "or", "or": "and"}

Values = Callable[..., tuple[Any, ...]]
Compile = Callable[[Sequence[Node], Sequence[SignalCall]], Values]


class Case(NamedTuple):
    """An item to be judged: as the compiled function takes it."""

    row: Mapping[str, object]
    counts: Sequence[Any]
    arrived_at: datetime


@dataclass(frozen=True)
class Missing:
    """A signal that did not answer for an item.

    place: of the call in the plan. count: of the values asked about. rules: places of the rules.
    """

    place: int
    signal: str
    version: str
    reason: str
    count: int
    rules: tuple[int, ...]


@dataclass(frozen=True)
class Round:
    """Calls asked at the same time. needs, subjects: a value for each of them."""

    places: tuple[int, ...]
    needs: Values
    subjects: Values


@dataclass(frozen=True)
class Plan:
    """calls: in the order of `answers`. rules: of each call, places of the rules it stands in."""

    calls: tuple[SignalCall, ...]
    rules: tuple[tuple[int, ...], ...]
    rounds: tuple[Round, ...] = field(repr=False)


class Outcomes(NamedTuple):
    """Of one item: a value for each rule, the calls that were asked, and what failed of them.

    answers: to each call; None where it was not asked.
    """

    values: tuple[Any, ...]
    missing: tuple[Missing, ...] = ()
    asked: frozenset[int] = frozenset()
    answers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Asking:
    """A compiled function that needs answers, and what it takes to get them."""

    plan: Plan
    ask: Ask = field(compare=False)
    evaluate: Values = field(compare=False)

    def outcomes(self, cases: Sequence[Case]) -> list[Outcomes]:
        answers = ask_all(self.plan, self.ask, cases)
        return [
            Outcomes(
                self.evaluate(case.row, case.counts, case.arrived_at, given.values),
                given.missing,
                given.asked,
                given.values,
            )
            for case, given in zip(cases, answers, strict=True)
        ]

    def evaluate_one(
        self, row: Mapping[str, object], counts: Sequence[Any], arrived_at: datetime
    ) -> tuple[Any, ...]:
        return self.outcomes([Case(row, counts, arrived_at)])[0].values


# -- planning -------------------------------------------------------------------------------------


def calls_in(trees: Iterable[Node]) -> tuple[SignalCall, ...]:
    found = (node for tree in trees for node in walk(tree) if isinstance(node, SignalCall))
    return tuple(dict.fromkeys(found))


def plan_of(trees: Sequence[Node], compile_values: Compile, *, exact: bool) -> Plan:
    """exact: whether FALSE and unknown are told apart; for acting, both are not TRUE."""
    calls = calls_in(trees)
    rules = tuple(
        tuple(place for place, tree in enumerate(trees) if call in calls_in([tree]))
        for call in calls
    )
    rounds = []
    for together in in_rounds(calls):
        wanted = [calls[place] for place in together]
        needs = needs_of(trees, calls, together, exact=exact)
        subjects = [call.subject for call in wanted]
        rounds.append(
            Round(together, compile_values(needs, calls), compile_values(subjects, calls))
        )
    return Plan(calls, rules, tuple(rounds))


def in_rounds(calls: Sequence[SignalCall]) -> list[tuple[int, ...]]:
    """Places of calls by what they cost; what is asked about an answer comes after it."""
    ranks: dict[SignalCall, tuple[int, int]] = {}
    for call in sorted(calls, key=lambda each: len(calls_in([each.subject]))):
        inner = [ranks[each] for each in calls_in([call.subject])]
        rank = (int(call.signal.cost), 0)
        after = max(((cost, depth + 1) for cost, depth in inner), default=rank)
        ranks[call] = max(rank, after)
    return [
        tuple(place for place, call in enumerate(calls) if ranks[call] == rank)
        for rank in sorted(set(ranks.values()))
    ]


def needs_of(
    trees: Sequence[Node], calls: Sequence[SignalCall], asked: Sequence[int], *, exact: bool
) -> list[Node]:
    """For each call asked, a condition that is TRUE where an item's verdict depends on it."""
    # What is asked no earlier than now is open.
    ranks = {place: number for number, each in enumerate(in_rounds(calls)) for place in each}
    now = ranks[asked[0]]
    pending = frozenset(call for place, call in enumerate(calls) if ranks[place] >= now)
    wanted: dict[SignalCall, list[Node]] = {calls[place]: [] for place in asked}
    for tree in trees:
        for leaf, conditions in _open_leaves(_Open(pending, exact), tree, ()):
            for call in calls_in([leaf]):
                if call in wanted:
                    wanted[call].append(_joined("and", conditions))
    return [_joined("or", tuple(dict.fromkeys(each))) for each in wanted.values()]


@dataclass
class _Open:
    """What is not known yet, and what the rest could come to."""

    pending: frozenset[SignalCall]
    exact: bool
    _known: dict[int, bool] = field(default_factory=dict)

    def reads(self, node: Node) -> bool:
        found = self._known.get(id(node))
        if found is None:
            found = any(
                isinstance(each, SignalCall) and each in self.pending for each in walk(node)
            )
            self._known[id(node)] = found
        return found

    def bound(self, node: Node, unknown: Constant, *, negated: bool) -> Node:
        """The node with every open condition in its place as `unknown`, negated or not."""
        if not self.reads(node):
            return Apply(BOOLEAN, "not", (node,)) if negated else node
        if isinstance(node, Apply) and node.operator == "not":
            return self.bound(node.arguments[0], unknown, negated=not negated)
        if isinstance(node, Apply) and node.operator in _OPPOSITE:
            parts = tuple(self.bound(each, unknown, negated=negated) for each in node.arguments)
            name = _OPPOSITE[node.operator] if negated else node.operator
            return Apply(BOOLEAN, name, parts)
        return unknown


def _open_leaves(
    state: _Open, node: Node, conditions: tuple[Node, ...], *, negated: bool = False
) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Conditions that read something open, each with what must hold for it to matter."""
    if not state.reads(node):
        return
    if isinstance(node, Apply) and node.operator == "not":
        yield from _open_leaves(state, node.arguments[0], conditions, negated=not negated)
    elif isinstance(node, Apply) and node.operator in _OPPOSITE:
        joint = _OPPOSITE[node.operator] if negated else node.operator
        opened = [each for each in node.arguments if state.reads(each)]
        closed = [each for each in node.arguments if not state.reads(each)]
        shared = tuple(_leaves_open(state, each, joint, negated=negated) for each in closed)
        for each in opened:
            others = [other for other in opened if other is not each and len(opened) <= MOST_BESIDE]
            beside = tuple(_leaves_open(state, other, joint, negated=negated) for other in others)
            yield from _open_leaves(state, each, (*conditions, *shared, *beside), negated=negated)
    else:
        yield node, conditions


def _leaves_open(state: _Open, beside: Node, joint: str, *, negated: bool) -> Node:
    """TRUE where what stands beside a condition does not decide for both."""
    if joint == "or":
        least = state.bound(beside, _FALSE, negated=negated)
        return Apply(BOOLEAN, "not", (Apply(BOOLEAN, "is true", (least,)),))
    most = state.bound(beside, _TRUE, negated=negated)
    if not state.exact:
        return most
    return Apply(BOOLEAN, "not", (Apply(BOOLEAN, "is false", (most,)),))


def _joined(joint: str, parts: tuple[Node, ...]) -> Node:
    if len(parts) < 2:  # noqa: PLR2004 - or there is nothing to join
        return parts[0] if parts else _TRUE
    return Apply(BOOLEAN, joint, parts)


# -- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """Of one item: what each call was answered, which were asked, and what failed."""

    values: tuple[Any, ...]
    asked: frozenset[int]
    missing: tuple[Missing, ...] = ()


def ask_all(plan: Plan, ask: Ask, cases: Sequence[Case]) -> list[Answers]:
    """For each case the answers its verdict depends on; None for all others."""
    values: list[list[Any]] = [[None] * len(plan.calls) for _ in cases]
    missing: list[list[Missing]] = [[] for _ in cases]
    asked: list[set[int]] = [set() for _ in cases]
    for each in plan.rounds:
        wanted = list(_wanted(each, cases, values))
        replies = _replies(plan, ask, wanted)
        for number, place, subject in wanted:
            call = plan.calls[place]
            answer, reasons = answer_of(call, subject, replies[key_of(call)])
            values[number][place] = answer
            asked[number].add(place)
            missing[number] += _missing(plan, place, reasons)
    return [
        Answers(tuple(each), frozenset(places), tuple(failed))
        for each, places, failed in zip(values, asked, missing, strict=True)
    ]


def _missing(plan: Plan, place: int, reasons: Mapping[str, int]) -> list[Missing]:
    signal, rules = plan.calls[place].signal, plan.rules[place]
    return [
        Missing(place, signal.name, signal.version, reason, count, rules)
        for reason, count in reasons.items()
    ]


def _wanted(
    each: Round, cases: Sequence[Case], values: Sequence[Sequence[Any]]
) -> Iterator[tuple[int, int, object]]:
    """(case, call, what it is asked about), of known subjects."""
    for number, case in enumerate(cases):
        given = (case.row, case.counts, case.arrived_at, values[number])
        needed = each.needs(*given)
        if True not in needed:
            continue
        subjects = each.subjects(*given)
        for place, need, subject in zip(each.places, needed, subjects, strict=True):
            if need is True and subject is not None:
                yield number, place, subject


Key = tuple[object, tuple[object, ...]]


def key_of(call: SignalCall) -> Key:
    """Calls that a signal cannot tell apart."""
    return call.signal, call.options


def _replies(
    plan: Plan, ask: Ask, wanted: Sequence[tuple[int, int, object]]
) -> dict[Key, dict[str, tuple[Answer, str]]]:
    """For each signal and options: value -> answer, or the reason for none."""
    values: dict[Key, dict[str, None]] = {}
    calls: dict[Key, SignalCall] = {}
    for _, place, subject in wanted:
        call = plan.calls[place]
        calls[key_of(call)] = call
        values.setdefault(key_of(call), {}).update(dict.fromkeys(texts_of(subject)))
    questions = [
        Question(call.signal, call.options, tuple(values[key])) for key, call in calls.items()
    ]
    replies = ask(questions) if questions else []
    return {
        key: answered(question, reply)
        for key, question, reply in zip(calls, questions, replies, strict=True)
    }


def answered(question: Question, reply: Reply) -> dict[str, tuple[Answer, str]]:
    return {
        value: (reply.answers[place], reply.reasons.get(place, ""))
        for place, value in enumerate(question.values)
    }


def answer_of(
    call: SignalCall, subject: object, replies: Mapping[str, tuple[Answer, str]]
) -> tuple[Any, dict[str, int]]:
    """The answer about one subject, and how many of its values failed for which reason."""
    found = [replies[text] for text in texts_of(subject)]
    reasons: dict[str, int] = {}
    for _, reason in found:
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    if isinstance(subject, list | tuple):
        return combined(call.signal.gives, [answer for answer, _ in found]), reasons
    answer = found[0][0] if found else None
    return list(answer) if isinstance(answer, tuple) else answer, reasons
