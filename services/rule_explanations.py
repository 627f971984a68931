"""Why a rule matched a row of a file, or did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.errors import InvalidInput
from engine.language.counterfactual import Counterfactual, counterfactual
from engine.language.explain import Found, Trace, found, judge, trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language import Predicate
    from services.rule_files import OpenSource

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RowExplanation:
    outcome: bool | None
    trace: Trace
    counterfactual: Counterfactual | None
    found: tuple[Found, ...]


def explain_row(source: OpenSource, predicate: Predicate, number: int) -> RowExplanation:
    """number: 1 is the first row. Raises InvalidInput where the file has no such row."""
    row = _row(source, number)
    arrived_at = row.get("_arrived_at")
    judged = judge(
        predicate,
        source.environment,
        row,
        _counts(source, predicate, number),
        arrived_at if isinstance(arrived_at, datetime) else _NO_TIME,
    )
    return RowExplanation(
        outcome=judged.outcome(judged.tree),
        trace=trace(judged),
        counterfactual=counterfactual(judged),
        found=found(judged, source.environment),
    )


def _row(source: OpenSource, number: int) -> Mapping[str, object]:
    rows = (row for batch in source.rows.batches() for row in batch)
    row = next(islice(rows, number - 1, None), None)
    if row is None:
        raise InvalidInput(f"The file has no row {number}.", hint="1 is the first row.")
    return row


def _counts(source: OpenSource, predicate: Predicate, number: int) -> tuple[float | None, ...]:
    """What counters and facts say at the row, with every earlier row of the file as history."""
    if not predicate.counters and not predicate.facts:
        return ()
    relation = source.ready([predicate]).relation
    counters = [f"_count_{place}" for place, _ in enumerate(predicate.counters)]
    facts = [f"_fact_{place}" for place, _ in enumerate(predicate.facts)]
    columns = ", ".join([*counters, *facts])
    query = f"SELECT {columns} FROM {relation} ORDER BY _seq LIMIT 1 OFFSET {number - 1}"  # noqa: S608 from a checked tree and numbers
    [counts] = source.rows.connection.sql(query).fetchall()
    return tuple(counts)
