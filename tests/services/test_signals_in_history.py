"""Signals over the past: a backtest asks once about each value that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.backtest.request import BacktestRequest
from engine.signals import Unanswered
from services.backtests import request_backtest, run_backtest
from services.context import system_caller
from services.lake_export import export_all
from services.preview import preview
from services.signals import Installed
from tests.engine.language.signal_world import Asked
from tests.services.history import Row, context_of, place, save_type

if TYPE_CHECKING:
    from pathlib import Path

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

ANN = {"id": "ann", "typeId": "t-user"}
PAST = [
    Row({"text": "LOUD", "likes": 9, "author": ANN}, 0),
    Row({"text": "LOUD", "likes": 8, "author": ANN}, 10),
    Row({"text": "quiet", "likes": 7, "author": ANN}, 20),
    Row({"text": "NEVER ASKED", "likes": 1, "author": ANN}, 30),
    Row({"text": "broken", "likes": 9, "author": ANN}, 40),
]


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
    return context_of(database, tmp_path / "lake")


def test_a_backtest_asks_about_each_value_that_matters_once(
    context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    found = Installed(asked.environment().signals)
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    caller = system_caller(org.org_id, "test")
    with context.database.transaction(org.org_id) as tx:
        place(tx, PAST)
    export_all(context, org.org_id)

    request = BacktestRequest("t-post", where="likes > 5 AND acme.shouts(text)", floor=1)
    row = run_backtest(context, org.org_id, request_backtest(context, caller, request))
    assert row.report is not None, row.error
    assert (row.report["rows"], row.report["hits"]) == (5, 2)
    assert sorted(asked.asked["acme.shouts"]) == ["LOUD", "broken", "quiet"]
    assert row.report["unanswered"] == [
        {"signal": "acme.shouts", "version": "1", "reason": "broken text", "values": 1}
    ]


def test_a_preview_asks_about_all_its_items_together_and_says_what_was_not_answered(
    context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    found = Installed(asked.environment().signals)
    monkeypatch.setattr("services.rulesets.installed", lambda: found)
    texts = ["SEEN FIRST", "SEEN FIRST", "seen then", "broken off", "broken up"]
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": each, "likes": 9, "author": ANN}, 50) for each in texts])

    told = preview(
        context, system_caller(org.org_id, "test"), "likes > 5 AND acme.shouts(text)", "t-post", 100
    )
    assert (told.sampled, told.hits, told.unknown) == (5, 2, 2)
    assert told.unanswered == (Unanswered("acme.shouts", "1", "broken text", 2),)
    [call] = asked.values["acme.shouts"]
    assert sorted(call) == sorted(set(texts))
