"""What an item adds to the windows that count_recent reads: its key in each, if it counts there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from engine.language.check import check
from engine.language.nodes import Counter, Environment, Node
from engine.language.ruleset import compile_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language.diagnostics import Diagnostic
    from engine.language.types import Schema

LONGEST_KEY: Final = 200
"""Characters; a longer text is known by its digest."""

ITEM_SEPARATOR: Final = "\x1f"
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
Probe = Callable[[Mapping[str, object]], tuple[str | None, ...]]


def compile_counters(counters: Sequence[Counter]) -> Probe:
    """Row -> for each counter the key under which the item counts, or None where it does not.

    A condition reads no clock and no counter, so none is needed.
    """
    trees: list[Node] = []
    for counter in counters:
        assert counter.key, "a counter that was read back with parse_counter"
        trees.extend([*counter.key, *([counter.condition] if counter.condition else [])])
    evaluate, _ = compile_values(trees, (), Environment())

    def probe(row: Mapping[str, object]) -> tuple[str | None, ...]:
        values = iter(evaluate(row, (), _NO_TIME))
        return tuple(_placed(counter, values) for counter in counters)

    return probe


def _placed(counter: Counter, values: object) -> str | None:
    key = [key_text(next(values)) for _ in counter.key]  # type: ignore[call-overload]
    applies = counter.condition is None or next(values) is True  # type: ignore[call-overload]
    known = [part for part in key if part is not None]
    return ITEM_SEPARATOR.join(known) if applies and len(known) == len(key) else None


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
            return value if len(value) <= LONGEST_KEY else _digest(value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return _item_key(value.get("typeId"), value.get("id"))
        case _:
            return repr(value)


def _item_key(type_id: object, item_id: object) -> str | None:
    if not isinstance(type_id, str) or not isinstance(item_id, str):
        return None
    key = f"{type_id}{ITEM_SEPARATOR}{item_id}"
    return key if len(key) <= LONGEST_KEY else _digest(key)


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


@lru_cache(maxsize=1024)
def _probe_of(counter: Counter, _key: object, _condition: object) -> Probe:
    return compile_counters((counter,))


def counter_key(counter: Counter, row: Mapping[str, object]) -> str | None:
    """The key's text, whether or not the condition is met; None: no event."""
    unconditional = Counter(counter.type_id, counter.key_fields, "", 0, counter.key)
    return _probe_of(unconditional, counter.key, None)(row)[0]


def counter_applies(counter: Counter, row: Mapping[str, object]) -> bool:
    """Whether the item is an event of this counter: its key is known and its condition TRUE."""
    return _probe_of(counter, counter.key, counter.condition)(row)[0] is not None


def parse_counter(
    key_fields: Sequence[str], where: str, window_us: int, schema: Schema
) -> Counter | tuple[Diagnostic, ...]:
    """A stored counter, ready to be used again; diagnostics where the schema has moved on."""
    condition = f", {where}" if where else ""
    keys = ", ".join(key_fields)
    text = f"count_recent({keys}, '{window_us} microseconds'{condition}) IS NULL"
    checked = check(text, schema, Environment())
    return checked.predicate.counters[0] if checked.predicate else checked.diagnostics
