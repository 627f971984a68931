from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.backtest.request import BacktestRequest, parse_request, request_document
from engine.backtest.spec import Period, Truth, TruthSource
from engine.errors import InvalidConfiguration

FULL = BacktestRequest(
    item_type_id="t1",
    where="likes > 5",
    rule_id="r1",
    baseline_where="likes > 9",
    period=Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
    truth=Truth(TruthSource.FIELD, "bad"),
    segment="lang",
    floor=3,
)


@pytest.mark.parametrize(
    "request_",
    [
        FULL,
        BacktestRequest("t1", rule_id="r1"),
        BacktestRequest("t1", where="x", truth=Truth(TruthSource.LABELS)),
    ],
)
def test_a_request_reads_back_as_it_was_written(request_: BacktestRequest) -> None:
    assert parse_request(request_document(request_)) == request_


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"itemTypeId": "t1"}, "/where"),
        ({"where": "x"}, "/itemTypeId"),
        ({"itemTypeId": "t1", "where": "x", "from": "yesterday"}, "/from"),
        (
            {
                "itemTypeId": "t1",
                "where": "x",
                "from": "2026-02-01T00:00:00Z",
                "to": "2026-01-01T00:00:00Z",
            },
            "/to",
        ),
        ({"itemTypeId": "t1", "where": "x", "trutth": "labels"}, "/trutth"),
    ],
)
def test_a_wrong_request_says_where(document: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_request(document)
    assert pointer in [problem.pointer for problem in refused.value.problems]
