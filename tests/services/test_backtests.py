from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text

from engine.backtest.request import BacktestRequest
from engine.backtest.spec import Period, Truth, TruthSource
from engine.backtest.steps import Step
from engine.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from engine.items import Field, Scalar
from services import backtest_execution, backtests
from services.backtests import (
    cancel_backtest,
    flips,
    get_backtest,
    list_backtests,
    request_backtest,
    resume_backtest,
    run_backtest,
    run_next,
)
from services.context import Caller, Context, system_caller
from services.lake_export import export_all
from store import backtest_runs
from store.backtests import BacktestRow, BacktestState
from tests.services.history import NOON, POST, Row, context_of, place, save_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from store.database import Database
    from tests.world import Organisation

FIELD = Truth(TruthSource.FIELD, "bad")
LABELLED = text("""
INSERT INTO labels (org_id, label_id, type_id, item_id, violating, source, reviewer, created_at)
VALUES (current_setting('app.org_id')::int, :label_id, 't-post', :item_id, :violating, 'review',
        'ann', :at)
""")
ANN, BEN = {"id": "ann", "typeId": "t-user"}, {"id": "ben", "typeId": "t-user"}
# Three days, five posts; likes above 5 are mostly bad.
PAST = [
    Row({"text": "buy now", "likes": 9, "bad": True, "lang": "en", "author": ANN}, 0),
    Row({"text": "hello", "likes": 1, "bad": False, "lang": "en", "author": BEN}, 10),
    Row({"text": "buy NOW!", "likes": 7, "bad": True, "lang": "de", "author": ANN}, 1440),
    Row({"text": "nice", "likes": 8, "bad": False, "lang": "de", "author": BEN}, 1450),
    Row({"text": "kaufen", "likes": None, "bad": True, "author": ANN}, 2880),
]


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
    return context_of(database, tmp_path / "lake")


@pytest.fixture
def caller(org: Organisation) -> Caller:
    return system_caller(org.org_id, "test")


def happened(context: Context, caller: Caller, rows: Sequence[Row]) -> None:
    """The rows arrive and reach the lake."""
    with context.database.transaction(caller.org_id) as tx:
        place(tx, rows)
    export_all(context, caller.org_id)


def ran(context: Context, caller: Caller, request: BacktestRequest) -> BacktestRow:
    backtest_id = request_backtest(context, caller, request)
    return run_backtest(context, caller.org_id, backtest_id)


def asked(where: str, **further: Any) -> BacktestRequest:
    return BacktestRequest("t-post", where=where, floor=1, **further)


def report(row: BacktestRow) -> dict[str, Any]:
    assert row.error is None
    assert row.report is not None
    return dict(row.report)


def test_a_rule_is_counted_against_the_truth_of_a_field(context: Context, caller: Caller) -> None:
    happened(context, caller, PAST)
    found = report(ran(context, caller, asked("likes > 5", truth=FIELD)))
    assert (found["rows"], found["hits"], found["labelled"]) == (5, 3, 5)
    assert found["precision"]["value"] == pytest.approx(2 / 3)
    assert found["recall"]["value"] == pytest.approx(2 / 3)
    assert [(day["rows"], day["hits"]) for day in found["byDay"]] == [(2, 1), (2, 2), (1, 0)]
    assert found["perDay"]["value"] == pytest.approx(1.0)


def test_flips_show_no_hidden_field(context: Context, caller: Caller) -> None:
    happened(context, caller, PAST)
    row = ran(context, caller, asked("likes > 5", baseline_where="likes > 7"))
    (flip,) = flips(context, caller, row.backtest_id)
    assert (flip.data["text"], flip.data["lang"]) == ("buy NOW!", "de")
    with context.database.transaction(caller.org_id) as tx:
        save_type(tx, replace(POST, hidden_fields=frozenset({"text", "author"})))
    (flip,) = flips(context, caller, row.backtest_id)
    assert flip.item_id == "i3"
    assert flip.data.keys() == {"likes", "bad", "lang"}


def test_a_rule_without_a_truth_is_still_counted(context: Context, caller: Caller) -> None:
    happened(context, caller, PAST)
    found = report(ran(context, caller, asked("likes > 5")))
    assert (found["rows"], found["hits"]) == (5, 3)
    assert found["precision"]["why"] == "no truth was asked for"


def test_the_truth_may_be_what_reviewers_said(context: Context, caller: Caller) -> None:
    with context.database.transaction(caller.org_id) as tx:
        for item_id, violating in (("i1", True), ("i4", True), ("i4", False), ("i2", False)):
            at = NOON if violating else NOON + timedelta(hours=1)
            values = {"label_id": str(uuid4()), "item_id": item_id, "violating": violating}
            tx.execute(LABELLED, values | {"at": at})
    happened(context, caller, PAST)
    found = report(ran(context, caller, asked("likes > 5", truth=Truth(TruthSource.LABELS))))
    assert (found["hits"], found["labelled"]) == (3, 3)
    assert found["precision"]["value"] == pytest.approx(1 / 2)
    assert found["recall"]["value"] == pytest.approx(1.0)


def test_two_rules_are_compared_item_by_item_and_the_flips_can_be_read(
    context: Context, caller: Caller
) -> None:
    happened(context, caller, PAST)
    row = ran(
        context,
        caller,
        asked("contains(lower(text), 'buy')", baseline_where="likes > 7", truth=FIELD),
    )
    found = report(row)
    assert found["flips"] == {"added": 1, "removed": 1}
    assert (found["mcnemar"]["candidateOnlyRight"], found["mcnemar"]["baselineOnlyRight"]) == (2, 0)
    added, removed = flips(context, caller, row.backtest_id)
    assert (added.item_id, added.added, added.truth) == ("i3", True, True)
    assert (removed.item_id, removed.added, removed.truth) == ("i4", False, False)
    assert added.data["text"] == "buy NOW!"
    assert [each.item_id for each in flips(context, caller, row.backtest_id, limit=1)] == ["i3"]
    assert [each.item_id for each in flips(context, caller, row.backtest_id, after=added.seq)] == [
        "i4"
    ]


def test_a_segment_has_figures_of_its_own(context: Context, caller: Caller) -> None:
    happened(context, caller, PAST)
    found = report(ran(context, caller, asked("likes > 5", truth=FIELD, segment="lang")))
    shown = [(each["value"], each["rows"], each["hits"]) for each in found["segments"]]
    assert shown == [("de", 2, 2), ("en", 2, 1), (None, 1, 0)]
    assert found["hits"] == 3


@pytest.mark.parametrize(
    ("start", "end", "rows", "hits"),
    [(0, 1440, 2, 1), (5, 1445, 2, 1), (1440, None, 3, 2), (None, 1440, 2, 1), (9999, None, 0, 0)],
)
def test_only_arrivals_of_the_period_count(
    context: Context, caller: Caller, start: int | None, end: int | None, rows: int, hits: int
) -> None:
    happened(context, caller, PAST)
    period = Period(
        None if start is None else NOON + timedelta(minutes=start),
        None if end is None else NOON + timedelta(minutes=end),
    )
    found = report(ran(context, caller, asked("likes > 5", period=period)))
    assert (found["rows"], found["hits"]) == (rows, hits)


@pytest.mark.parametrize(
    ("where", "hits"),
    [
        ("count_recent(creator, '2 days') > 1", 3),
        ("sum_recent(creator, likes, '2 days') = 16", 1),
        ("distinct_recent(creator, text, '2 days') = 2", 3),
        ("age(first_seen(creator)) > INTERVAL '23 hours'", 3),
    ],
)
def test_a_counter_sees_what_came_before_the_period(
    context: Context, caller: Caller, where: str, hits: int
) -> None:
    happened(context, caller, PAST)
    period = Period(NOON + timedelta(minutes=1), None)
    found = report(ran(context, caller, asked(where, period=period)))
    assert (found["rows"], found["hits"]) == (4, hits)


def busy_past(count: int) -> list[Row]:
    people = [ANN, BEN, {"id": "cem", "typeId": "t-user"}]
    return [
        Row(
            {"text": f"post {n}", "likes": (n * 7) % 11, "author": people[(n * n) % 3]},
            minute=n * 13,
        )
        for n in range(count)
    ]


def test_nothing_leaks_from_the_future(context: Context, caller: Caller, tmp_path: Path) -> None:
    """Another future, shuffled and louder, changes no verdict on what arrived before it."""
    past, future = busy_past(60), busy_past(120)[60:]
    turned = [
        replace(row, data=other.data) for row, other in zip(future, reversed(future), strict=True)
    ]
    rule = asked(
        "count_recent(creator, '2 hours') > 2 OR count_recent(creator, '1 day', likes > 5) > 9",
        baseline_where="likes > 4",
        period=Period(None, NOON + timedelta(minutes=past[-1].minute, seconds=1)),
    )
    told = []
    for number, after in enumerate((future, turned)):
        elsewhere = replace(context, lake_root=str(tmp_path / f"lake{number}"))
        with context.database.transaction(caller.org_id) as tx:
            type_id = f"t-{number}"
            save_type(tx, replace(POST, type_id=type_id, name=type_id))
            place(tx, [*past, *after], type_id)
        export_all(elsewhere, caller.org_id)
        row = ran(elsewhere, caller, replace(rule, item_type_id=type_id))
        found = report(row)
        listed = flips(elsewhere, caller, row.backtest_id)
        told.append(
            (
                {key: value for key, value in found.items() if key != "digest"},
                [(each.data["text"], each.added) for each in listed],
            )
        )
    assert told[0] == told[1]
    assert told[0][0]["hits"] > 5


def test_the_same_inputs_give_the_same_digest_and_the_same_bytes(
    context: Context, caller: Caller
) -> None:
    happened(context, caller, busy_past(50))
    request = asked(
        "count_recent(creator, '3 hours') > 3", baseline_where="likes > 5", segment="likes"
    )
    one, other = ran(context, caller, request), ran(context, caller, request)
    assert one.digest == other.digest
    assert msgspec.json.encode(one.report) == msgspec.json.encode(other.report)
    happened(context, caller, [Row({"likes": 1}, 9000)])
    assert ran(context, caller, request).digest != one.digest


def test_history_from_before_a_field_existed_is_null_in_it(
    context: Context, caller: Caller
) -> None:
    happened(context, caller, PAST)
    grown = replace(POST, fields=(*POST.fields, Field("score", Scalar.NUMBER)))
    with context.database.transaction(caller.org_id) as tx:
        save_type(tx, grown)
    happened(context, caller, [Row({"text": "x", "score": 0.9}, 4000, version=2)])
    found = report(ran(context, caller, asked("score > 0.5 OR likes > 8")))
    assert (found["rows"], found["hits"]) == (6, 2)
    assert report(ran(context, caller, asked("score IS NULL")))["hits"] == 5


def test_an_organisation_without_history_gets_an_empty_report(
    context: Context, caller: Caller
) -> None:
    found = report(ran(context, caller, asked("likes > 5", truth=FIELD)))
    assert (found["rows"], found["hits"]) == (0, 0)
    assert found["hitRate"]["why"] == "no items in the range"


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        (asked("likes >"), "/where"),
        (asked("likes > 1", baseline_where="lieks > 1"), "/baselineWhere"),
        (asked("likes > 1", truth=Truth(TruthSource.FIELD, "likes")), "/truth"),
        (asked("likes > 1", segment="author"), "/segment"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_asked_for(
    context: Context, caller: Caller, request_: BacktestRequest, pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        request_backtest(context, caller, request_)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert list_backtests(context, caller) == []


def test_unknown_names_and_missing_rights_are_refused(context: Context, caller: Caller) -> None:
    with pytest.raises(NotFound):
        request_backtest(context, caller, BacktestRequest("t-none", where="x"))
    with pytest.raises(NotFound):
        request_backtest(context, caller, BacktestRequest("t-post", rule_id="r-none"))
    with pytest.raises(NotFound):
        get_backtest(context, caller, str(uuid4()))
    with pytest.raises(PermissionDenied):
        request_backtest(context, replace(caller, permissions=frozenset()), asked("likes > 1"))


def test_a_run_that_cannot_be_done_fails_with_its_reason(context: Context, caller: Caller) -> None:
    backtest_id = request_backtest(context, caller, asked("likes > 1"))
    with context.database.transaction(caller.org_id) as tx:
        save_type(tx, replace(POST, fields=(Field("text", Scalar.STRING),), roles={}))
    failed = run_backtest(context, caller.org_id, backtest_id)
    assert failed.state is BacktestState.FAILED
    assert failed.error is not None
    assert "something wrong" in failed.error


def test_waiting_ones_run_oldest_first(context: Context, caller: Caller) -> None:
    late = replace(context, clock=lambda: NOON + timedelta(minutes=1))
    second = request_backtest(late, caller, asked("likes > 2"))
    first = request_backtest(context, caller, asked("likes > 1"))
    assert run_next(late, caller.org_id) == first
    assert run_next(late, caller.org_id) == second
    assert run_next(late, caller.org_id) is None
    assert [row.state for row in list_backtests(context, caller)] == [BacktestState.DONE] * 2


def test_a_run_that_died_is_taken_over_when_its_lease_ends(
    context: Context, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(context, caller, PAST)
    backtest_id = request_backtest(context, caller, asked("likes > 5"))

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backtests, "execute", dies)
    with pytest.raises(KeyboardInterrupt):
        run_next(context, caller.org_id)
    monkeypatch.undo()
    assert run_next(context, caller.org_id) is None
    later = replace(context, clock=lambda: NOON + backtests.LEASE)
    assert run_next(later, caller.org_id) == backtest_id
    assert report(get_backtest(context, caller, backtest_id))["hits"] == 3


def test_a_cancelled_run_stops_and_goes_on_from_its_finished_steps(
    context: Context, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(context, caller, PAST)
    monkeypatch.setattr(backtest_execution, "cut", one_file_a_step)
    backtest_id = request_backtest(
        context, caller, asked("likes > 5", baseline_where="likes > 8", truth=FIELD)
    )
    counted: list[int] = []
    count = backtest_runs.count

    def cancels_during_the_second(*arguments: Any) -> Any:
        counted.append(len(counted))
        if len(counted) == 2:
            cancel_backtest(context, caller, backtest_id)
        return count(*arguments)

    monkeypatch.setattr(backtest_runs, "count", cancels_during_the_second)
    stopped = run_backtest(context, caller.org_id, backtest_id)
    assert stopped.state is BacktestState.CANCELLED
    assert stopped.report is None
    assert stopped.progress["filesDone"] == 1
    with pytest.raises(Conflict):
        cancel_backtest(context, caller, backtest_id)
    resume_backtest(context, caller, backtest_id)
    done = run_backtest(context, caller.org_id, backtest_id)
    assert (done.state, len(counted)) == (BacktestState.DONE, 3)
    assert report(done)["hits"] == 3
    assert [each.item_id for each in flips(context, caller, backtest_id)] == ["i3", "i4"]


def one_file_a_step(rows: Sequence[int], *, whole: bool) -> tuple[Step, ...]:
    assert not whole
    return tuple(Step(n, (n,), count) for n, count in enumerate(rows))


def test_a_run_reads_the_lake_as_it_was_when_it_started(
    context: Context, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(context, caller, PAST)
    backtest_id = request_backtest(context, caller, asked("likes > 5"))

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backtest_execution, "build_report", dies)
    with pytest.raises(KeyboardInterrupt):
        run_next(context, caller.org_id)
    monkeypatch.undo()
    happened(context, caller, [Row({"likes": 100}, 9000)])
    later = replace(context, clock=lambda: NOON + backtests.LEASE)
    run_next(later, caller.org_id)
    assert report(get_backtest(context, caller, backtest_id))["rows"] == 5
