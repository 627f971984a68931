"""What an item adds to the windows that counters read: its event in each, if it counts there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engine.language.check import check
from engine.language.measures import Event, countable
from engine.language.nodes import Carries, Counter, Environment, Node
from engine.language.ruleset import compile_values

if TYPE_CHECKING:
    from engine.language.diagnostics import Diagnostic
    from engine.language.types import Schema

LONGEST_KEY: Final = 200
"""Characters; a longer text, or one that Postgres cannot hold, is known by its digest."""

LONGEST_JOINED: Final = 1800
"""Bytes of a key of several values: an index of Postgres holds it beside what the event carries."""

ITEM_SEPARATOR: Final = "\x1f"
_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)

Values = Mapping[str, object]
Probe = Callable[[Values], tuple[str | None, ...]]
EventProbe = Callable[[Values], tuple[Event | None, ...]]
_KeyText = Callable[[Sequence[object]], str | None]
_Maker = Callable[[str | None, Sequence[object]], Event | None]


def compile_events(counters: Sequence[Counter]) -> EventProbe:
    """Row -> for each counter the event that the item is, or None where it does not count.

    A condition and a value read no clock and no counter, so none is needed. What several counters
    share, their key above all, is found out once.
    """
    trees: list[Node] = []
    keys: dict[tuple[Node, ...], int] = {}
    key_texts: list[_KeyText] = []
    makers: list[tuple[int, _Maker]] = []
    for counter in counters:
        assert counter.key, "a counter that was read back with parse_counter"
        if counter.key not in keys:
            keys[counter.key] = len(key_texts)
            key_texts.append(_key_texter(len(trees), len(counter.key)))
            trees.extend(counter.key)
        facts = [each for each in _facts(counter) if each]
        makers.append((keys[counter.key], _maker(counter, len(trees))))
        trees.extend(facts)
    evaluate, _ = compile_values(trees, (), Environment())

    def probe(row: Values) -> tuple[Event | None, ...]:
        values = evaluate(row, (), _NO_TIME)
        known = [text_of(values) for text_of in key_texts]
        return tuple([make(known[key], values) for key, make in makers])

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


def _key_texter(at: int, parts: int) -> _KeyText:
    """The key's text, of the values from `at` on; None where a part is missing."""

    def one(values: Sequence[object]) -> str | None:
        return key_text(values[at])

    def several(values: Sequence[object]) -> str | None:
        texts = [key_text(value) for value in values[at : at + parts]]
        known = [text for text in texts if text is not None]
        return _joined(known) if len(known) == parts else None

    return one if parts == 1 else several


def _joined(texts: Sequence[str]) -> str:
    key = ITEM_SEPARATOR.join(texts)
    return _digest(key) if len(key.encode()) > LONGEST_JOINED else key


def _maker(counter: Counter, at: int) -> _Maker:
    """at: the first of the counter's own values, its condition before what it carries."""
    conditional = counter.condition is not None
    carried_at = at + conditional
    carries = counter.measure.carries

    def make(key: str | None, values: Sequence[object]) -> Event | None:
        if key is None or (conditional and values[at] is not True):
            return None
        match carries:
            case Carries.NUMBER:
                number = countable(values[carried_at])
                return None if number is None else Event(key, number)
            case Carries.MEMBER:
                member = key_text(values[carried_at])
                return None if member is None else Event(key, None, member)
            case _:
                return Event(key)

    return make


def key_text(value: object) -> str | None:
    """One text for one value; of an item, its type and id."""
    if isinstance(value, str):
        return _digest(value) if len(value) > LONGEST_KEY or _UNFIT.search(value) else value
    if isinstance(value, dict):  # the usual mapping, found without asking for the protocol
        return _item_key(value.get("typeId"), value.get("id"))
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(float(value) + 0.0)
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
