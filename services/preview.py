"""What a condition says of the latest items: hits, a daily estimate, examples to look at.

Counters are counted in the history that is read, the sample and what came before it; where a
window reaches back further than that, the counter is unknown, and so may be the item.
"""

from collections import Counter as Counts
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

import msgspec

from engine.backtest.recent import Seen, counter_answers
from engine.configuration.compiled import environment_of, schema_of
from engine.configuration.configuration import Configuration
from engine.configuration.highlights import Spans, highlighter
from engine.configuration.related import related_fields
from engine.errors import Unavailable
from engine.items import ItemType, row_values
from engine.language import (
    Counter,
    Diagnostic,
    Environment,
    Predicate,
    check,
    compile_ruleset,
)
from engine.language.asking import Case, Outcomes
from engine.language.counters import compile_counters, compile_events, unconditional
from engine.language.intervals import microseconds_of
from engine.language.measures import Measured
from engine.permissions import Permission
from engine.signals import Unanswered
from engine.statistics.volume import per_day
from services.context import Caller, Context, require
from services.facts import Answers, Asking, fact_answers
from services.profiles import Relating, relate
from services.rules import item_type_of
from services.rulesets import known_configuration
from store import items_lookup, lake_history
from store.items_lookup import SampledItem

MAX_SAMPLE = 10_000
MOST_HISTORY = 10_000
MOST_EXAMPLES = 20
DAY = timedelta(days=1)
SHORTEST = timedelta(minutes=1)  # of what a rate a day is read from
RowReader = Callable[[Mapping[str, object]], dict[str, object]]
DECODE = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True)
class PerDay:
    """Hits a day with a 95% interval; None, and why, when the sample cannot tell."""

    value: float | None
    low: float | None
    high: float | None
    why: str


@dataclass(frozen=True)
class PreviewExample:
    """data: without hidden fields. spans: by field, what the condition's banks match."""

    item_id: str
    submission_id: str
    arrived_at: datetime
    data: Mapping[str, object]
    spans: Mapping[str, Spans]


@dataclass(frozen=True)
class Preview:
    """sampled: how many items were asked; unknown: of those, for how many the answer is NULL.

    unanswered: what signals did not answer, and why; count: of items.
    """

    sampled: int
    hits: int
    unknown: int
    from_: datetime | None
    to: datetime | None
    estimated_per_day: PerDay
    examples: tuple[PreviewExample, ...]
    diagnostics: tuple[Diagnostic, ...]
    milliseconds: float
    unanswered: tuple[Unanswered, ...] = ()


@dataclass(frozen=True)
class _Placed:
    """An item with its stored data and the row a rule reads."""

    item: SampledItem
    data: Mapping[str, object]
    row: dict[str, object]


def preview(
    context: Context, caller: Caller, where: str, item_type_id: str, sample: int
) -> Preview:
    """Raises NotFound for the item type; what is wrong with the condition is in `diagnostics`."""
    require(caller, Permission.VIEW_RULES_DASHBOARD)
    started = perf_counter()
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        item_type = item_type_of(configuration, item_type_id)
        environment = environment_of(configuration)
        checked = check(where, schema_of(configuration, item_type), environment)
        if checked.predicate is None:
            return _nothing(checked.diagnostics, started)
        history = MOST_HISTORY if checked.predicate.counters else 0
        items = items_lookup.sample(tx, item_type_id, sample + history)
    since = _since(context, caller.org_id, item_type_id, items, sample) if history else None
    known = partial(_known, context, caller.org_id, configuration, checked.predicate, item_type)
    return _judged(checked.predicate, environment, item_type, items, sample, since, known, started)


def _since(
    context: Context, org_id: int, item_type_id: str, items: Sequence[SampledItem], sample: int
) -> datetime | None:
    """Where the history that was read begins; None when it is all there is.

    Days that the database let go are in the lake alone; a lake that cannot be read may have some.
    """
    if not items:
        return None
    oldest = items[-1].arrived_at
    if len(items) == sample + MOST_HISTORY:
        return oldest
    try:
        begins = lake_history.begins(context.lake_root, org_id, item_type_id)
    except Unavailable:
        return oldest
    return oldest if begins is not None and begins < oldest else None


def _known(
    context: Context,
    org_id: int,
    configuration: Configuration,
    predicate: Predicate,
    item_type: ItemType,
    asked: Sequence[_Placed],
) -> list[Answers]:
    """What each item found out about entities; rows get what their authors and threads were."""
    related = related_fields([predicate])
    if related:
        with context.database.transaction(org_id) as tx:
            placed = [Relating(one.row, related, one.item.arrived_at) for one in asked]
            relate(tx, configuration, placed)
    asking = [
        Asking(
            predicate.facts,
            one.row,
            (item_type.type_id, one.item.item_id),
            microseconds_of(one.item.arrived_at),
        )
        for one in asked
    ]
    return fact_answers(context, org_id, asking)


def _nothing(diagnostics: tuple[Diagnostic, ...], started: float) -> Preview:
    unknown = PerDay(None, None, None, "the condition is wrong")
    return Preview(0, 0, 0, None, None, unknown, (), diagnostics, _milliseconds(started))


def _judged(
    predicate: Predicate,
    environment: Environment,
    item_type: ItemType,
    items: Sequence[SampledItem],
    sample: int,
    since: datetime | None,
    known: Callable[[Sequence[_Placed]], list[Answers]],
    started: float,
) -> Preview:
    read = row_values(item_type)
    placed = [_placed(item, read) for item in items]
    asked = placed[:sample]
    told = _outcomes(predicate, environment, placed, asked, since, known(asked))
    outcomes = [each.values[0] for each in told]
    hits = [one for one, outcome in zip(asked, outcomes, strict=True) if outcome is True]
    return Preview(
        sampled=len(asked),
        hits=len(hits),
        unknown=outcomes.count(None),
        from_=asked[-1].item.arrived_at if asked else None,
        to=asked[0].item.arrived_at if asked else None,
        estimated_per_day=_per_day(len(hits), asked),
        examples=_examples(hits[:MOST_EXAMPLES], predicate, environment, item_type),
        diagnostics=(),
        milliseconds=_milliseconds(started),
        unanswered=_unanswered(told),
    )


def _unanswered(told: Sequence[Outcomes]) -> tuple[Unanswered, ...]:
    """The most frequent first."""
    items = Counts(
        key
        for each in told
        for key in {(one.signal, one.version, one.reason) for one in each.missing}
    )
    return tuple(Unanswered(*key, count) for key, count in items.most_common())


def _placed(item: SampledItem, read: RowReader) -> _Placed:
    data = DECODE(item.data)
    return _Placed(item, data, read(data))


def _outcomes(
    predicate: Predicate,
    environment: Environment,
    placed: Sequence[_Placed],
    asked: Sequence[_Placed],
    since: datetime | None,
    facts: Sequence[Answers],
) -> list[Outcomes]:
    ruleset = compile_ruleset({"preview": predicate}, environment)
    counted = [_counts(counter, placed, asked, since) for counter in ruleset.counters]
    columns = list(zip(*counted, strict=True)) if counted else [()] * len(asked)
    return ruleset.evaluate_all(
        [
            Case(one.row, [*counts, *known], one.item.arrived_at)
            for one, counts, known in zip(asked, columns, facts, strict=True)
        ]
    )


def _counts(
    counter: Counter, placed: Sequence[_Placed], asked: Sequence[_Placed], since: datetime | None
) -> list[Measured]:
    """For each item asked, what the counter says of the window that ends with it."""
    window = timedelta(microseconds=counter.window_us)
    events_of, key_of = compile_events((counter,)), compile_counters((unconditional(counter),))
    seen = [Seen(key_of(one.row)[0], events_of(one.row)[0], one.item.arrived_at) for one in placed]
    answers = counter_answers(counter, seen)
    return [
        None if since is not None and one.item.arrived_at - window < since else answer
        for one, answer in zip(asked, answers[: len(asked)], strict=True)
    ]


def _per_day(hits: int, asked: Sequence[_Placed]) -> PerDay:
    """A Poisson rate over the time that the sample spans."""
    span = asked[0].item.arrived_at - asked[-1].item.arrived_at if asked else timedelta()
    if span < SHORTEST:
        return PerDay(None, None, None, "the items came within a minute")
    estimate = per_day(hits, span / DAY)
    return PerDay(estimate.value, estimate.low, estimate.high, estimate.why)


def _examples(
    hits: Sequence[_Placed], predicate: Predicate, environment: Environment, item_type: ItemType
) -> tuple[PreviewExample, ...]:
    highlight = highlighter((predicate,), environment)
    hidden = item_type.hidden_fields
    return tuple(
        PreviewExample(
            item_id=hit.item.item_id,
            submission_id=hit.item.submission_id,
            arrived_at=hit.item.arrived_at,
            data={name: value for name, value in hit.data.items() if name not in hidden},
            spans={
                name: spans for name, spans in highlight(hit.data).items() if name not in hidden
            },
        )
        for hit in hits
    )


def _milliseconds(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)
