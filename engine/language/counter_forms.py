"""What the checker does with counters: keys, a value, a written window, a condition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.buckets import MOST, Rate
from engine.language.format import format_rule, quoted_name
from engine.language.graph import children_of, free_levels
from engine.language.intervals import parse_interval
from engine.language.nodes import (
    Apply,
    ArrivalTime,
    BankMatch,
    Carries,
    Constant,
    Counter,
    CountRecent,
    FactRead,
    FieldRead,
    Literal,
    LiteralKind,
    Measure,
    Name,
    Node,
    Operation,
    SignalCall,
    Syntax,
)
from engine.language.registry import REGISTRY
from engine.language.spelling import field_path, resolved
from engine.language.types import BOOLEAN, ERROR, NULL, NUMBER, PROFILE_COLUMNS, TEXT, TIME, Base

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.checker import Checker, Special

MOST_KEYS: Final = 5

EVER_US: Final = 36_500 * 86_400_000_000
"""The window of what has none: the longest that can be written, a century."""


def written_text(syntax: Syntax) -> str | None:
    if isinstance(syntax, Literal) and syntax.kind is LiteralKind.TEXT:
        return str(syntax.value)
    return None


@dataclass(frozen=True)
class _Parts:
    """The places of the arguments: keys first, then a value, then the window, then a condition."""

    keys: range
    value: int | None
    window: int
    where: int | None

    def around(self, key: int) -> list[int]:
        """As a counter with this key alone would be written."""
        rest = (self.value, self.window, self.where)
        return [key, *(place for place in rest if place is not None)]


def _parts(operation: Operation, measure: Measure) -> _Parts:
    """The last text written out is the window, as a condition is none."""
    written = [written_text(each) is not None for each in operation.arguments]
    valued = measure.carries in {Carries.NUMBER, Carries.MEMBER}
    fewest = 1 + valued
    window = next((n for n in range(len(written) - 1, fewest - 1, -1) if written[n]), fewest)
    after = window + 1
    return _Parts(
        keys=range(window - valued),
        value=window - 1 if valued else None,
        window=window,
        where=after if after < len(written) else None,
    )


def recent(checker: Checker, operation: Operation, measure: Measure) -> Node:
    """count_recent and those like it."""
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    parts = _parts(operation, measure)
    last = parts.window if parts.where is None else parts.where
    fits = last + 1 == len(arguments) and all(
        _fits(checker, operation, arguments, parts.around(key)) for key in parts.keys
    )
    if not fits:
        if last + 1 != len(arguments):
            checker.choose(REGISTRY[operation.name], arguments, operation)
        return Constant(ERROR, None, operation.span)
    return _counted(checker, operation, arguments, parts, measure)


def _counted(
    checker: Checker,
    operation: Operation,
    arguments: tuple[Node, ...],
    parts: _Parts,
    measure: Measure,
) -> Node:
    window = _window(checker, operation.arguments[parts.window])
    keys = _keys(checker, operation, arguments[: len(parts.keys)])
    value = None if parts.value is None else arguments[parts.value]
    condition = None if parts.where is None else arguments[parts.where]
    read = (*keys, *(each for each in (condition, value) if each is not None))
    pure = all(_is_pure(checker, each) for each in read)
    if not window or not keys or not pure:
        return Constant(ERROR, None, operation.span)
    counter = Counter(
        checker.schema.name,
        tuple(_written(checker, operation, place) for place, _ in enumerate(keys)),
        _canonical(checker, operation, parts.where),
        window,
        keys,
        condition,
        measure,
        _canonical(checker, operation, parts.value),
        _carried(value, measure),
    )
    return CountRecent(counter, operation.span)


def rate_limited(checker: Checker, operation: Operation) -> Node:
    """Keys, a limit, an interval, perhaps a burst; the interval is the last text."""
    written = [written_text(each) is not None for each in operation.arguments]
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    interval = next((n for n in range(len(written) - 1, 1, -1) if written[n]), 2)
    last = len(arguments) - 1
    rest = [interval - 1, *range(interval, last + 1)]
    fits = interval <= last <= interval + 1 and all(
        _fits(checker, operation, arguments, [key, *rest]) for key in range(interval - 1)
    )
    if not fits:
        if not interval <= last <= interval + 1:
            checker.choose(REGISTRY[operation.name], arguments, operation)
        return Constant(ERROR, None, operation.span)
    rate = _rate(checker, operation, interval)
    keys = _keys(checker, operation, arguments[: interval - 1])
    if rate is None or not keys or not all(_is_pure(checker, key) for key in keys):
        return Constant(ERROR, None, operation.span)
    counter = Counter(
        checker.schema.name,
        tuple(_written(checker, operation, place) for place, _ in enumerate(keys)),
        "",
        rate.period_us or 0,
        keys,
        measure=Measure.TOKENS,
        rate=rate,
    )
    return CountRecent(counter, operation.span, BOOLEAN)


def _rate(checker: Checker, operation: Operation, place: int) -> Rate | None:
    interval = _window(checker, operation.arguments[place])
    limit = _whole(operation.arguments[place - 1])
    more = operation.arguments[place + 1 :]
    burst = _whole(more[0]) if more else limit
    if interval is None:
        return None
    if limit and burst:
        rate = Rate(limit, interval, burst)
        if rate.period_us is not None:
            return rate
    checker.report(
        "bad-rate",
        "This is no rate that items can be held to.",
        f"Write whole numbers, 1 to {MOST}, of a bucket that fills within 91 days: "
        "rate_limited(creator, 10, '1 minute').",
        operation.span,
    )
    return None


def _whole(syntax: Syntax) -> int | None:
    if not isinstance(syntax, Literal) or not isinstance(syntax.value, int | float):
        return None
    number = float(syntax.value)
    return int(number) if number.is_integer() and 1 <= number <= MOST else None


def first_seen(checker: Checker, operation: Operation) -> Node:
    arguments = tuple(checker.node(argument) for argument in operation.arguments)
    if not arguments:
        checker.choose(REGISTRY["first_seen"], arguments, operation)
        return Constant(ERROR, None, operation.span)
    fits = all(_fits(checker, operation, arguments, [key]) for key in range(len(arguments)))
    keys = _keys(checker, operation, arguments) if fits else ()
    if not keys or not all(_is_pure(checker, key) for key in keys):
        return Constant(ERROR, None, operation.span)
    paths = tuple(_written(checker, operation, place) for place, _ in enumerate(keys))
    counter = Counter(checker.schema.name, paths, "", EVER_US, keys, measure=Measure.FIRST)
    return CountRecent(counter, operation.span, TIME)


def _fits(
    checker: Checker, operation: Operation, arguments: tuple[Node, ...], places: list[int]
) -> bool:
    """Whether the function takes those arguments; reports where it does not."""
    if any(place >= len(arguments) for place in places):
        checker.choose(REGISTRY[operation.name], arguments, operation)
        return False
    chosen = [arguments[place] for place in places]
    return checker.choose(REGISTRY[operation.name], chosen, operation) is not None


def _keys(checker: Checker, operation: Operation, keys: tuple[Node, ...]) -> tuple[Node, ...]:
    """Nothing where one of them reads no field, which is reported."""
    wrong = next((key.span for key in keys if not _is_key(key)), operation.span)
    if len(keys) <= MOST_KEYS and all(map(_is_key, keys)):
        return keys
    checker.report(
        "bad-key",
        f"The key of a counter must be a field or made from fields, or up to {MOST_KEYS} of them.",
        "Write count_recent(creator, '1 hour').",
        wrong,
    )
    return ()


def _is_key(node: Node) -> bool:
    return _reads_field(node) and not free_levels(node) and not _reads_related(node)


def _is_of_related(node: Node) -> bool:
    """Events are written before anything is known of the related item."""
    return isinstance(node, FieldRead) and node.path[0] in PROFILE_COLUMNS.values()


def _reads_related(node: Node) -> bool:
    return _is_of_related(node) or any(map(_reads_related, children_of(node)))


def _reads_field(node: Node) -> bool:
    if isinstance(node, Apply):
        return any(map(_reads_field, node.arguments))
    return isinstance(node, FieldRead)


def _written(checker: Checker, operation: Operation, place: int) -> str:
    """The key at that place, as the same key is always written."""
    key = operation.arguments[place]
    if isinstance(key, Name):
        return ".".join(quoted_name(part) for part in field_path(key.parts, checker.schema))
    return _canonical(checker, operation, place)


def _canonical(checker: Checker, operation: Operation, place: int | None) -> str:
    if place is None:
        return ""
    return format_rule(resolved(operation.arguments[place], checker.schema))


def _carried(value: Node | None, measure: Measure) -> Node | None:
    """A bare NULL takes the type that is expected of it."""
    if isinstance(value, Constant) and value.type == NULL:
        return Constant(NUMBER if measure.carries is Carries.NUMBER else TEXT, None, value.span)
    return value


def _window(checker: Checker, syntax: Syntax) -> int | None:
    written = written_text(syntax)
    window = parse_interval(written) if written is not None else None
    if not window:
        checker.report(
            "bad-window",
            "This is not a length of time to count in.",
            "Write it as '10 minutes', '1 hour' or '7 days'.",
            syntax.span,
        )
        return None
    return window


_ELEMENT = (
    "A counter cannot count by an element that any(), all() or count() looks at.",
    "Count by fields of the item.",
)
_RELATED = (
    "A counter counts by the item's own fields, not by those of its author or thread.",
    "Move that condition out of the counter.",
)
_IMPURE = (
    "The condition or value of a counter may use fields and functions of them only.",
    "Move banks, counters, facts, signals, age() and arrived_at() out of it.",
)
_MADE = (
    "A related item must be a field here.",
    "Name the field, as in distinct_recent(creator, author, '1 day').",
)


def _is_pure(checker: Checker, root: Node) -> bool:
    """Events are written when the place is given: fields and functions of them are all there is."""
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        wrong = _ELEMENT if node is root and free_levels(root) else _impurity(node)
        if wrong is not None:
            checker.report("bad-condition", *wrong, node.span)
            return False
        stack.extend(children_of(node))
    return True


def _impurity(node: Node) -> tuple[str, str] | None:
    """What is wrong with a node inside a counter, and what to do."""
    if _is_of_related(node):
        return _RELATED
    if isinstance(node, BankMatch | CountRecent | FactRead | ArrivalTime | SignalCall):
        return _IMPURE
    if isinstance(node, Apply):
        if node.operator == "age":
            return _IMPURE
        return _MADE if node.type.base is Base.ITEM else None
    return None


COUNTER_FORMS: Final[Mapping[str, Special]] = MappingProxyType(
    {
        "count_recent": partial(recent, measure=Measure.COUNT),
        "distinct_recent": partial(recent, measure=Measure.DISTINCT),
        "sum_recent": partial(recent, measure=Measure.SUM),
        "avg_recent": partial(recent, measure=Measure.AVG),
        "max_recent": partial(recent, measure=Measure.MAX),
        "first_seen": first_seen,
        "rate_limited": rate_limited,
    }
)
