"""What counters said of items as they arrived over HTTP is what the lake says of them later."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from engine.backtest.request import BacktestRequest
from services.backtests import request_backtest, run_backtest
from services.context import system_caller
from services.evaluation import Pace, evaluate_next
from services.lake_export import export_all
from services.live_configuration import LiveConfigurations
from services.parity_sample import sample_parity
from tests.api.platform import POST_TYPE

if TYPE_CHECKING:
    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

BEFORE = {
    "count": "count_recent(author, '1 hour') > 12",
    "count of a few": "count_recent(author, text, '1 hour', score > 2) > 3",
    "in a moment": "count_recent(author, '3 microseconds') > 1",
    "sum": "sum_recent(author, score, '1 hour') > 40.3",
    "much too fast": "rate_limited(author, 5, '1 minute', 12)",
    "nearly the same": "count_recent(near_duplicate_key(text), '1 hour') > 14",
}
MEANWHILE = {
    "distinct texts": "distinct_recent(author, lower(text), '1 hour') > 4",
    "distinct authors": "distinct_recent(text, author, '1 hour', score IS NOT NULL) = 3",
    "average": "avg_recent(author, score, '1 day') BETWEEN 2.7 AND 3.2",
    "largest": "max_recent(text, score * 2, '1 hour') > 9.5",
    "sum of its own": "sum_recent(author, length(text), '2 hours', score < 3) > 60",
    "too fast": "rate_limited(author, 3, '1 hour')",
    "too fast at times": "rate_limited(author, text, 2, '1 millisecond', 1)",
    "same letters": "count_recent(lower(text), author, '1 hour') > 2",
    "new author": "first_seen(author) = arrived_at()",
    "not yet old": "age(first_seen(author, text)) < INTERVAL '1 microsecond'",
}
TEXTS = ("free", "Free", "FREE money", "hello", "hi there", "again", "naïve \\ \t text", "x" * 300)


def items(rng: random.Random, numbers: range) -> list[dict[str, Any]]:
    """Some without an author or a score; some sent more than once."""
    return [
        {
            "id": f"i{rng.choice((number, number // 3))}",
            "text": rng.choice(TEXTS),
            **({"author": {"id": f"u{author}", "typeId": "t-user"}} if author else {}),
            **({"score": score} if score is not None else {}),
        }
        for number in numbers
        for author in (rng.choice((0, 1, 1, 1, 2, 3, 4)),)
        for score in (rng.choice((None, 0.1, 0.2, 1, 3.3, 4.999999, 5)),)
    ]


def send(platform: Api, post: str, user: str, batch: list[dict[str, Any]]) -> None:
    for one in batch:
        if "author" in one:
            one["author"]["typeId"] = user
    for start in range(0, len(batch), 7):
        platform.sent(post, *batch[start : start + 7])


def save(admin: Api, post: str, conditions: dict[str, str]) -> None:
    for name, where in conditions.items():
        rule = {"name": name, "status": "SHADOW", "itemTypeIds": [post], "where": where}
        admin.made("rules", rule)


def evaluate(context: Context, org: Organisation) -> None:
    live = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, live, Pace(batch=20)):
        pass


@pytest.mark.parametrize("seed", [1, 2])
def test_every_counter_says_the_same_live_and_in_a_backtest(
    context: Context, org: Organisation, admin: Api, platform: Api, seed: int
) -> None:
    rng = random.Random(seed)
    post = admin.made("item-types", POST_TYPE)["id"]
    user = admin.made("item-types", {**POST_TYPE, "name": "Author", "kind": "USER", "roles": {}})
    save(admin, post, BEFORE)
    send(platform, post, user["id"], items(rng, range(60)))
    save(admin, post, MEANWHILE)
    send(platform, post, user["id"], items(rng, range(60, 120)))
    evaluate(context, org)
    export_all(context, org.org_id)

    parity = sample_parity(context, org.org_id)
    assert (parity.compared, parity.differences) == (120, ())
    live = live_hits(context, org)
    for name, where in {**BEFORE, **MEANWHILE}.items():
        assert 0 < live[name] < 120, name
        assert backtest_hits(context, org, post, where) == live[name], name


def live_hits(context: Context, org: Organisation) -> dict[str, int]:
    with context.database.transaction(org.org_id) as tx:
        rows = tx.execute(
            text("""
            SELECT h.name, count(o) FROM config_heads AS h
            LEFT JOIN evaluations AS e
                CROSS JOIN LATERAL jsonb_array_elements(e.outcomes) AS o
            ON o ->> 'ruleId' = h.object_id
            WHERE h.kind = 'rule' GROUP BY h.name
            """)
        )
        return {name: int(hits) for name, hits in rows}


def backtest_hits(context: Context, org: Organisation, post: str, where: str) -> int:
    caller = system_caller(org.org_id, "test")
    backtest_id = request_backtest(context, caller, BacktestRequest(post, where=where))
    done = run_backtest(context, org.org_id, backtest_id)
    assert done.report is not None, done.error
    return int(done.report["hits"])
