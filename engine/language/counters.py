"""What an item adds to the windows that counters read: its event in each, if it counts there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engine.language.check import check
from engine.language.measures import Event, countable
from engine.language.nodes import Carries, Counter, Environment, Node
from engine.language.ruleset import compile_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.language.diagnostics import Diagnostic
    from engine.language.types import Schema

LONGEST_KEY: Final = 200
"""Characters; a longer text, or one that Postgres cannot hold, is known by its digest."""

ITEM_SEPARATOR: Final = "\x1f"
_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)

Values = Mapping[str, object]
Probe = Callable[[Values], tuple[str | None, ...]]
EventProbe = Callable[[Values], tuple[Event | None, ...]]


def compile_events(counters: Sequence[Counter]) -> EventProbe:
    """Row -> for each counter the event that the item is, or None where it does not count.

    A condition and a value read no clock and no counter, so none is needed.
    """
    trees: list[Node] = []
    for counter in counters:
        assert counter.key, "a counter that was read back with parse_counter"
        trees.extend([*counter.key, *(each for each in _facts(counter) if each)])
    evaluate, _ = compile_values(trees, (), Environment())

    def probe(row: Values) -> tuple[Event | None, ...]:
        values = iter(evaluate(row, (), _NO_TIME))
        return tuple([_event(counter, values) for counter in counters])

    return probe


def compile_counters(counters: Sequence[Counter]) -> Probe:
    """Row -> for each counter the key under which the item counts, or None where it does not."""
    events_of = compile_events(counters)

    def probe(row: Values) -> tuple[str | None, ...]:
        return tuple([event.key if event else None for event in events_of(row)])

    return probe


def unconditional(counter: Counter) -> Counter:
    """The same key, whatever the item's other fields say."""
    return Counter(counter.type_id, counter.key_fields, "", counter.window_us, counter.key)


def _facts(counter: Counter) -> tuple[Node | None, Node | None]:
    return counter.condition, counter.carried


def _event(counter: Counter, values: Iterator[object]) -> Event | None:
    key = [key_text(next(values)) for _ in counter.key]
    applies = counter.condition is None or next(values) is True
    carried = next(values) if counter.carried is not None else None
    known = [part for part in key if part is not None]
    if not applies or len(known) != len(key):
        return None
    return _carrying(counter, ITEM_SEPARATOR.join(known), carried)


def _carrying(counter: Counter, key: str, carried: object) -> Event | None:
    match counter.measure.carries:
        case Carries.NUMBER:
            number = countable(carried)
            return None if number is None else Event(key, number)
        case Carries.MEMBER:
            member = key_text(carried)
            return None if member is None else Event(key, None, member)
        case _:
            return Event(key)


def key_text(value: object) -> str | None:
    """One text for one value; of an item, its type and id."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(float(value) + 0.0)
        case str():
            return _digest(value) if len(value) > LONGEST_KEY or _UNFIT.search(value) else value
        case datetime():
            return value.isoformat()
        case Mapping():
            return _item_key(value.get("typeId"), value.get("id"))
        case _:
            return repr(value)


def _item_key(type_id: object, item_id: object) -> str | None:
    if not isinstance(type_id, str) or not isinstance(item_id, str):
        return None
    return key_text(f"{type_id}{ITEM_SEPARATOR}{item_id}")


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


@lru_cache(maxsize=1024)
def _probe_of(counter: Counter, _key: object, _facts: object) -> EventProbe:
    return compile_events((counter,))


def counter_event(counter: Counter, row: Values) -> Event | None:
    """The event that the item is for this counter; None where it does not count."""
    return _probe_of(counter, counter.key, _facts(counter))(row)[0]


def counter_key(counter: Counter, row: Values) -> str | None:
    """The key's text, whether or not the condition is met; None: no event."""
    event = counter_event(unconditional(counter), row)
    return event.key if event else None


def counter_applies(counter: Counter, row: Values) -> bool:
    """Whether it is an event: its key and what it carries are known and its condition TRUE."""
    return counter_event(counter, row) is not None


_READ_BACK: Final = {
    Carries.NOTHING: "count_recent",
    Carries.NUMBER: "sum_recent",
    Carries.MEMBER: "distinct_recent",
}


def parse_counter(
    key_fields: Sequence[str],
    where: str,
    window_us: int,
    schema: Schema,
    carries: Carries = Carries.NOTHING,
    value: str = "",
) -> Counter | tuple[Diagnostic, ...]:
    """A stored counter, ready to be used again; diagnostics where the schema has moved on.

    Of the measures that read the same events, any one.
    """
    if carries is Carries.FIRST:
        written = f"first_seen({', '.join(key_fields)})"
    else:
        given = [*key_fields, *([value] if value else []), f"'{window_us} microseconds'"]
        condition = [where] if where else []
        written = f"{_READ_BACK[carries]}({', '.join([*given, *condition])})"
    checked = check(f"{written} IS NULL", schema, Environment())
    return checked.predicate.counters[0] if checked.predicate else checked.diagnostics
