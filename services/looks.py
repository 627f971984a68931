"""What rules ask of a batch of items, found out with one statement for each kind of question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from services.buckets import answer_buckets
from services.facts import Answers, Asking, fact_answers
from services.profiles import Relating, relate
from store import features
from store.features import Ask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.language.measures import Measured
    from services.context import Context
    from services.live_configuration import Evaluator, Live
    from store.placing import Unplaced
    from store.submissions import Submission
    from store.window_reads import Read

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DECODE = msgspec.json.Decoder(dict[str, Any]).decode


class Looked(NamedTuple):
    """An item some rule applies to. answers: of its ruleset's counters, then of its facts."""

    item: Submission
    evaluator: Evaluator
    row: Mapping[str, object]
    answers: tuple[Measured, ...]


class _Row(NamedTuple):
    """An item some rule applies to. at_us: its arrival, in microseconds since 1970."""

    item: Submission
    evaluator: Evaluator
    row: dict[str, object]
    at_us: int


def asks_ahead(items: Sequence[Unplaced], live: Live) -> list[Ask]:
    """What counters will be asked of items once they are placed, in the order of `look_at`.

    Their times are told from the instant before the first of their places. None for items of which
    authors or threads have to be known first.
    """
    asks: list[Ask] = []
    for number, item in enumerate(items, 1):
        evaluator = live.evaluators.get(item.type_id)
        if evaluator is not None and evaluator.related:
            return []
        if evaluator is not None:
            _ask(asks, evaluator, evaluator.row(DECODE(item.data)), number)
    return asks


def look_at(
    context: Context,
    org_id: int,
    items: Sequence[Submission],
    live: Live,
    read: Read | None = None,
) -> list[Looked]:
    """One statement reads every counter of the batch, one the facts, one authors and threads.

    read: what `asks_ahead` asked for, when it was read already.
    """
    rows = [
        _Row(item, evaluator, evaluator.row(DECODE(item.data)), _at_us(item))
        for item in items
        if (evaluator := live.evaluators.get(item.type_id)) is not None
    ]
    _relate(context, org_id, rows, live)
    asks: list[Ask] = []
    asked = [_ask(asks, each.evaluator, each.row, each.at_us) for each in rows]
    answers = _answers(context, org_id, asks, read)
    counts = [
        _slots(each.evaluator, numbers, answers) for each, numbers in zip(rows, asked, strict=True)
    ]
    _fill_buckets(context, org_id, rows, counts)
    facts = _facts(context, org_id, rows)
    return [
        Looked(each.item, each.evaluator, each.row, (*counted, *known))
        for each, counted, known in zip(rows, counts, facts, strict=True)
    ]


def _at_us(item: Submission) -> int:
    return (item.arrived_at - EPOCH) // MICROSECOND


def _relate(context: Context, org_id: int, rows: Sequence[_Row], live: Live) -> None:
    asking = [
        Relating(each.row, each.evaluator.related, each.item.arrived_at)
        for each in rows
        if each.evaluator.related
    ]
    if asking:
        with context.database.transaction(org_id) as tx:
            relate(tx, live.configuration, asking)


def _fill_buckets(
    context: Context, org_id: int, rows: Sequence[_Row], counts: Sequence[list[Measured]]
) -> None:
    filling = [
        (each, mine) for each, mine in zip(rows, counts, strict=True) if each.evaluator.buckets
    ]
    if filling:
        arrived = [(each.evaluator, each.row, each.at_us) for each, _ in filling]
        answer_buckets(context, org_id, arrived, [mine for _, mine in filling])


def _facts(context: Context, org_id: int, rows: Sequence[_Row]) -> list[Answers]:
    """Of each row; none where its rules ask about none."""
    asking = {
        place: Asking(features, each.row, (each.item.type_id, each.item.item_id), each.at_us)
        for place, each in enumerate(rows)
        if (features := each.evaluator.rules.ruleset.facts)
    }
    if not asking:
        return [()] * len(rows)
    told = dict(zip(asking, fact_answers(context, org_id, list(asking.values())), strict=True))
    return [told.get(place, ()) for place in range(len(rows))]


def _ask(
    asks: list[Ask], evaluator: Evaluator, row: dict[str, object], at_us: int
) -> list[int | None]:
    """For each of the evaluator's families, the number of its question; None without a key."""
    asked: list[int | None] = []
    for key, family in zip(evaluator.keys(row), evaluator.families, strict=True):
        asked.append(None if key is None else len(asks))
        if key is not None:
            asks.append(Ask(family.series, key, at_us))
    return asked


def _slots(
    evaluator: Evaluator, asked: Sequence[int | None], answers: Sequence[tuple[Measured, ...]]
) -> list[Measured]:
    """The answers in the order of the ruleset's counters."""
    counts: list[Measured] = [None] * len(evaluator.rules.ruleset.counters)
    for family, number in zip(evaluator.families, asked, strict=True):
        if number is not None:
            for slot, count in zip(family.slots, answers[number], strict=True):
                counts[slot] = count
    return counts


def _answers(
    context: Context, org_id: int, asks: Sequence[Ask], read: Read | None
) -> list[tuple[Measured, ...]]:
    if not asks:
        return []
    known = None if read is None else features.answers_read(asks, read)
    return features.answers_of(context.database, org_id, asks) if known is None else known
