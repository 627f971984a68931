"""What somebody asked for, as it is sent and stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.backtest.spec import EVER, FLOOR, NO_TRUTH, Period, Truth, TruthSource
from engine.configuration.reader import MAX_NAME, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = 1
LABELS: Final = "labels"
MAX_RULE: Final = 100_000


@dataclass(frozen=True)
class BacktestRequest:
    """where, rule_id: the candidate is the text, or else the rule as it is when the run starts.

    With both, the text is compared with the rule unless `baseline_where` says otherwise.
    """

    item_type_id: str
    where: str | None = None
    rule_id: str | None = None
    baseline_where: str | None = None
    period: Period = EVER
    truth: Truth = NO_TRUTH
    segment: str | None = None
    floor: int = FLOOR


def parse_request(document: object) -> BacktestRequest:
    """Raises InvalidConfiguration with a pointer to every mistake."""
    reader = Reader(document)
    request = BacktestRequest(
        item_type_id=reader.text("itemTypeId", limit=MAX_NAME, required=True),
        where=reader.optional_text("where", limit=MAX_RULE),
        rule_id=reader.optional_text("ruleId"),
        baseline_where=reader.optional_text("baselineWhere", limit=MAX_RULE),
        period=Period(reader.moment("from"), reader.moment("to")),
        truth=_truth(reader.optional_text("truth")),
        segment=reader.optional_text("segment"),
        floor=reader.whole("floor", default=FLOOR, low=1) or FLOOR,
    )
    if request.where is None and request.rule_id is None:
        reader.wrong("where", "a candidate is needed", "give `where`, or `ruleId`")
    start, end = request.period.start, request.period.end
    if start and end and start >= end:
        reader.wrong("to", "the period ends before it starts", "give a `to` after `from`")
    reader.finish("backtest")
    return request


def request_document(request: BacktestRequest) -> Mapping[str, object]:
    return {
        "schema": SCHEMA,
        "itemTypeId": request.item_type_id,
        "where": request.where,
        "ruleId": request.rule_id,
        "baselineWhere": request.baseline_where,
        "from": _written(request.period.start),
        "to": _written(request.period.end),
        "truth": _truth_text(request.truth),
        "segment": request.segment,
        "floor": request.floor,
    }


def _truth(text: str | None) -> Truth:
    if text is None:
        return NO_TRUTH
    return Truth(TruthSource.LABELS) if text == LABELS else Truth(TruthSource.FIELD, text)


def _truth_text(truth: Truth) -> str | None:
    if truth.source is TruthSource.NONE:
        return None
    return LABELS if truth.source is TruthSource.LABELS else truth.field


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
