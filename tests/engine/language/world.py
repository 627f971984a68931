"""One schema with a field of every type, its items in Arrow and as rows, and both engines on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from engine.language.check import check
from engine.language.checker import Checker
from engine.language.counters import counter_event, counter_key
from engine.language.duckdb_sql import plan_values
from engine.language.fact_sql import FACTS
from engine.language.facts import Knowledge, subject_of
from engine.language.measures import Event, Measured, total
from engine.language.nodes import Counter, Environment, Measure, Node, Predicate
from engine.language.parser import parse
from engine.language.ruleset import FEWEST_TOGETHER, compile_values, counters_of, facts_of
from engine.language.special_forms import SPECIAL_FORMS
from engine.language.types import (
    BOOLEAN,
    ITEM,
    NUMBER,
    TEXT,
    TIME,
    URL,
    Profile,
    Schema,
    list_of,
    map_of,
    struct_of,
)
from engine.language.udf import register
from engine.text import Bank, Mode, Term
from tests.engine.language.fact_world import EPOCH, US, fact_table, facts_around, item_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.buckets import Rate
    from engine.language.nodes import FactFeature
    from tests.engine.language.fact_world import Facts

ARRIVAL = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TIMESTAMP = pa.timestamp("us", tz="UTC")
REFERENCE = pa.struct([("id", pa.string()), ("typeId", pa.string())])

COLUMNS = {
    "text": pa.string(),
    "other": pa.string(),
    "link": pa.string(),
    "class": pa.string(),
    "select": pa.string(),
    "we \"ird'\\ name": pa.string(),
    "score": pa.float64(),
    "size": pa.float64(),
    "verified": pa.bool_(),
    "__class__": pa.bool_(),
    "created_at": TIMESTAMP,
    "seen_at": TIMESTAMP,
    "author": REFERENCE,
    "tags": pa.list_(pa.string()),
    "scores": pa.list_(pa.float64()),
    "labels": pa.map_(pa.string(), pa.string()),
    "weights": pa.map_(pa.string(), pa.float64()),
    "address": pa.struct([("city", pa.string()), ("zip", pa.float64())]),
    "_creator": pa.struct(
        [
            ("bio", pa.string()),
            ("karma", pa.float64()),
            ("joined", TIMESTAMP),
            ("badges", pa.list_(pa.string())),
        ]
    ),
    "channel": REFERENCE,
    "_thread": pa.struct(
        [
            ("topic", pa.string()),
            ("members", pa.float64()),
            ("open", pa.bool_()),
            ("votes", pa.map_(pa.string(), pa.float64())),
        ]
    ),
    "pages": pa.list_(
        pa.struct([("link", pa.string()), ("size", pa.float64()), ("tags", pa.list_(pa.string()))])
    ),
}
SCHEMA = Schema(
    "post",
    {
        "text": TEXT,
        "other": TEXT,
        "link": URL,
        "class": TEXT,
        "select": TEXT,
        "we \"ird'\\ name": TEXT,
        "score": NUMBER,
        "size": NUMBER,
        "verified": BOOLEAN,
        "__class__": BOOLEAN,
        "created_at": TIME,
        "seen_at": TIME,
        "author": ITEM,
        "channel": ITEM,
        "tags": list_of(TEXT),
        "scores": list_of(NUMBER),
        "labels": map_of(TEXT),
        "weights": map_of(NUMBER),
        "address": struct_of({"city": TEXT, "zip": NUMBER}),
        "pages": list_of(struct_of({"link": URL, "size": NUMBER, "tags": list_of(TEXT)})),
    },
    creator_field="author",
    thread_field="channel",
    profiles={
        "creator": Profile(
            {"bio": TEXT, "karma": NUMBER, "joined": TIME, "badges": list_of(TEXT)},
            {"rank": "NUMBER in user, TEXT in bot"},
        ),
        "thread": Profile(
            {"topic": TEXT, "members": NUMBER, "open": BOOLEAN, "votes": map_of(NUMBER)}
        ),
    },
)
BANKS = Environment(
    {
        "scam": Bank("b1", "scam", (Term("free"), Term("mon", Mode.SUBSTRING), Term("straße"))),
        "it's": Bank("b2", "it's", (Term("[0-9]{3}", Mode.REGEX), Term("a"))),
        "empty": Bank("b3", "empty", ()),
    }
)


@dataclass(frozen=True)
class Placed:
    """An item with its place: rows a duckdb relation and the row engine both see."""

    row: Mapping[str, object] = field(default_factory=dict)
    arrived_at: datetime = ARRIVAL


def table_of(items: Sequence[Placed]) -> pa.Table:
    columns: dict[str, pa.Array] = {
        name: pa.array([_arrow_value(item.row.get(name), given) for item in items], type=given)
        for name, given in COLUMNS.items()
    }
    columns["_arrived_at"] = pa.array([item.arrived_at for item in items], type=TIMESTAMP)
    columns["_seq"] = pa.array(range(len(items)), type=pa.int64())
    columns["_item_id"] = pa.array(map(item_id, range(len(items))), type=pa.string())
    return pa.table(columns)


def _arrow_value(value: object, given: pa.DataType) -> object:
    if not isinstance(value, dict):
        return value
    if pa.types.is_map(given):
        return list(value.items())
    return {each.name: _arrow_value(value.get(each.name), each.type) for each in given}


def tree_of(text: str) -> Node:
    """The checked tree of an expression of any type."""
    checker = Checker(text, SCHEMA, BANKS, SPECIAL_FORMS)
    tree = checker.node(parse(text))
    assert not checker.diagnostics, [each.render(text) for each in checker.diagnostics]
    return tree


def predicate_of(text: str) -> Predicate:
    checked = check(text, SCHEMA, BANKS)
    assert checked.predicate, [each.render(text) for each in checked.diagnostics]
    return checked.predicate


TOGETHER, ONE_BY_ONE = 1, 1_000_000


def by_rows(
    trees: Sequence[Node], items: Sequence[Placed], fewest: int = FEWEST_TOGETHER
) -> list[tuple[object, ...]]:
    counters, facts = counters_of(trees), facts_of(trees)
    evaluate, _ = compile_values(trees, (*counters, *facts), BANKS, fewest)
    counts = [naive_answers(counter, items) for counter in counters] + fact_answers(facts, items)
    return [
        evaluate(item.row, [each[place] for each in counts], item.arrived_at)
        for place, item in enumerate(items)
    ]


def by_duckdb(trees: Sequence[Node], items: Sequence[Placed]) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.register("items", table_of(items))
        connection.register(FACTS, fact_table(_facts(items)))
        plan = plan_values(trees, SCHEMA, BANKS, "items")
        register(connection, plan.functions)
        columns = ", ".join(plan.expressions)
        return connection.execute(f"SELECT {columns} FROM {plan.source} ORDER BY _seq").fetchall()


def _facts(items: Sequence[Placed]) -> Facts:
    return facts_around(SCHEMA.name, [item.arrived_at for item in items])


def fact_answers(
    features: Sequence[FactFeature], items: Sequence[Placed]
) -> list[list[Measured | bool]]:
    """What is known around these items, for each feature and item."""
    known = Knowledge(_facts(items) if features else {})
    return [
        [
            known.answer(
                feature,
                subject_of(feature, item.row, (SCHEMA.name, item_id(place))),
                (item.arrived_at - EPOCH) // US,
            )
            for place, item in enumerate(items)
        ]
        for feature in features
    ]


def naive_answers(counter: Counter, items: Sequence[Placed]) -> list[Measured]:
    """Every item looked at again for every item, and sums in fractions."""
    if counter.rate is not None:
        return naive_buckets(counter, counter.rate, items)
    keys = [counter_key(counter, item.row) for item in items]
    events = [counter_event(counter, item.row) for item in items]
    window = timedelta(microseconds=counter.window_us)
    answers: list[Measured] = []
    for mine, item in zip(keys, items, strict=True):
        recent = [
            (event, other.arrived_at)
            for event, other in zip(events, items, strict=True)
            if event is not None
            and event.key == mine
            and item.arrived_at - window < other.arrived_at <= item.arrived_at
        ]
        answers.append(None if mine is None else _naive(counter.measure, recent))
    return answers


def naive_buckets(counter: Counter, rate: Rate, items: Sequence[Placed]) -> list[Measured]:
    """Tokens as fractions, refilled from item to item and at the start of each period."""
    assert rate.period_us is not None
    answers: list[Measured] = []
    buckets: dict[str, tuple[int, Fraction]] = {}
    for item in items:
        key = counter_key(counter, item.row)
        now = (item.arrived_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        if key is None:
            answers.append(None)
            continue
        last, tokens = buckets.get(key, (now, Fraction(rate.burst)))
        gained = Fraction((now - last) * rate.limit, rate.interval_us)
        tokens = min(tokens + gained, Fraction(rate.burst))
        if now // rate.period_us != last // rate.period_us:
            tokens = Fraction(rate.burst)
        answers.append(tokens < 1)
        buckets[key] = (now, tokens if tokens < 1 else tokens - 1)
    return answers


def _naive(measure: Measure, recent: list[tuple[Event, datetime]]) -> Measured:
    numbers = [event.number for event, _ in recent if event.number is not None]
    places = [floor(number * 1e6 + 0.5) for number in numbers]
    match measure:
        case Measure.COUNT:
            return len(recent)
        case Measure.DISTINCT:
            return len({event.member for event, _ in recent})
        case Measure.FIRST:
            return min(at for _, at in recent)
        case Measure.MAX:
            return max(numbers, default=None)
        case Measure.SUM:
            return total(sum(places))
        case Measure.AVG:
            summed = total(sum(places))
            return summed / len(places) if places and summed is not None else None
        case Measure.TOKENS:
            raise AssertionError("a bucket is no window")
