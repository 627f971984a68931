"""Waiting items become verdicts and effects, once, whatever fails on the way."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services import evaluation
from services.counters import register_counters
from services.evaluation import ALONE, FRESH, SUSPECT, Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from store import pending
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def test_a_match_is_recorded_executed_queued_and_opened_once(town: Town) -> None:
    hook, review = town.hook(), town.review()
    policy = town.policy("Spam")
    town.rule("spam", "text LIKE '%buy%'", hook, review, policyIds=[policy])
    town.rule("loud", "length(text) > 5", hook)
    town.send("buy now", "hello", "hi")
    assert town.evaluate() == 3
    assert town.evaluate() == 0
    assert town.matched() == {1: ["loud", "spam"], 2: [], 3: []}
    executions = town.rows("SELECT action_id, seq, rules, policies, source FROM action_executions")
    by_action = {row.action_id: row for row in executions}
    assert set(by_action) == {hook, review}
    assert sorted(rule["name"] for rule in by_action[hook].rules) == ["loud", "spam"]
    assert [p["name"] for p in by_action[hook].policies] == ["Spam"]
    assert {row.source for row in executions} == {"post-items"}
    [message] = town.rows("SELECT action_id, body, state FROM outbox")
    assert (message.action_id, message.state) == (hook, "pending")
    [job] = town.rows("SELECT item_id, seq, sources, policy_ids FROM jobs")
    assert (job.item_id, job.seq, job.policy_ids) == ("i1", 1, [policy])
    assert [source["ruleName"] for source in job.sources] == ["spam"]
    assert town.rows("SELECT seq FROM pending") == []


def test_items_without_rules_are_evaluated_too(town: Town) -> None:
    town.send("a", "b")
    assert town.evaluate() == 2
    assert town.matched() == {1: [], 2: []}


def test_shadow_records_and_never_acts(town: Town) -> None:
    town.rule("quiet", "true", town.hook(), status="SHADOW")
    town.rule("off", "true", town.hook("Other"), status="PAUSED")
    town.send("x")
    town.evaluate()
    [row] = town.rows("SELECT outcomes FROM evaluations")
    assert [(o["status"], o["held"]) for o in row.outcomes] == [("SHADOW", "shadow")]
    assert town.rows("SELECT 1 FROM action_executions") == []


def test_a_person_is_always_or_never_in_a_rollout(town: Town) -> None:
    town.rule("half", "true", town.hook(), rolloutPercent=50)
    for number in range(40):
        town.send("x", "y", author=f"u{number}")
    town.evaluate()
    acted = town.rows(
        "SELECT s.creator_id, count(*) AS n FROM action_executions AS e"
        " JOIN submissions AS s USING (seq) GROUP BY s.creator_id"
    )
    assert 8 < len(acted) < 32
    assert {row.n for row in acted} == {2}


def test_a_daily_cap_is_exact_with_workers_side_by_side(town: Town, clock: MovableClock) -> None:
    town.rule("capped", "true", town.hook(), maxDailyActions=7)
    town.send(*["x"] * 60)
    together(town, 4, Pace(batch=5))
    assert len(town.rows("SELECT 1 FROM action_executions")) == 7
    assert len(town.matched()) == 60
    clock.advance(days=1)
    town.send(*["x"] * 9)
    town.evaluate()
    assert len(town.rows("SELECT 1 FROM action_executions")) == 14


def test_workers_side_by_side_evaluate_everything_once(town: Town) -> None:
    town.rule("all", "true", town.hook(), town.review())
    town.send(*["x"] * 150)
    together(town, 4, Pace(batch=11))
    assert sorted(town.matched()) == list(range(1, 151))
    assert len(town.rows("SELECT 1 FROM outbox")) == 150
    assert len(town.rows("SELECT 1 FROM jobs")) == 150


def together(town: Town, workers: int, pace: Pace) -> None:
    """So many workers, each with its own memory, until all of them find nothing."""
    failures: list[BaseException] = []

    def work() -> None:
        live = LiveConfigurations(town.context.clock)
        try:
            while evaluate_next(town.context, town.org_id, live, pace):
                pass
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_batch_whose_lease_was_lost_has_no_effect(
    town: Town, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("all", "true", town.hook())
    town.send("x", "y")
    judge = evaluation.judge
    slow = Pace(lease=timedelta(seconds=5))
    overtaken: list[int] = []

    def too_slow(*arguments: Any) -> Any:
        found = judge(*arguments)
        if not overtaken:
            overtaken.append(1)
            clock.advance(seconds=6)
            overtaken[0] = town.evaluate(FRESH, slow)
        return found

    monkeypatch.setattr(evaluation, "judge", too_slow)
    evaluate_next(town.context, town.org_id, town.live, slow)
    assert overtaken == [2]
    assert sorted(town.matched()) == [1, 2]
    assert len(town.rows("SELECT 1 FROM outbox")) == 2


def test_an_item_that_fails_alone_three_times_is_set_aside_and_holds_up_nobody(
    town: Town, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.send(*[f"x{n}" for n in range(20)])
    bad = sabotage(monkeypatch, 13)
    assert town.evaluate() == 20
    assert sorted(town.matched()) == [n for n in range(1, 21) if n != 13]
    for _ in range(2):
        clock.advance(seconds=3)
        assert (town.evaluate(), town.evaluate(SUSPECT), town.evaluate(ALONE)) == (0, 0, 1)
    with town.context.database.transaction(town.org_id) as tx:
        [aside] = pending.list_set_aside(tx, 9)
        assert (aside.seq, aside.reason) == (13, "RuntimeError: seq 13 is too much")
        pending.replay(tx, [13])
    bad.clear()
    assert town.evaluate() == 1
    assert len(town.matched()) == 20


def sabotage(monkeypatch: pytest.MonkeyPatch, *seqs: int) -> set[int]:
    """Makes the evaluation of these places fail, for as long as they are in the set."""
    judge, bad = evaluation.judge, set(seqs)

    def judging(context: Any, org_id: Any, items: Any, live: Any) -> Any:
        for item in items:
            if item.seq in bad:
                raise RuntimeError(f"seq {item.seq} is too much")
        return judge(context, org_id, items, live)

    monkeypatch.setattr(evaluation, "judge", judging)
    return bad


def test_an_item_that_takes_its_worker_down_is_set_aside_after_three_times_alone(
    town: Town, clock: MovableClock
) -> None:
    town.send("deadly", "fine")
    pace = Pace(lease=timedelta(seconds=5))
    with town.context.database.transaction(town.org_id) as tx:
        tx.execute(text("UPDATE pending SET attempts = 5, lease_id = :l, leased_until = :u"
                        " WHERE seq = 1"),
                   {"l": town.context.new_id(), "u": clock()})  # fmt: skip
    clock.advance(seconds=6)
    assert town.evaluate(FRESH, pace) == 1
    assert town.evaluate(ALONE, pace) == 1
    with town.context.database.transaction(town.org_id) as tx:
        [aside] = pending.list_set_aside(tx, 9)
    assert aside.seq == 1
    assert "worker died" in aside.reason


def test_a_change_holds_from_the_next_batch_on(town: Town) -> None:
    rule_id = town.rule("r", "text = 'a'")
    town.send("a", "b")
    town.evaluate()
    town.save_rule(rule_id, "r", "text = 'b'")
    town.send("a", "b")
    town.evaluate()
    assert town.matched() == {1: ["r"], 2: [], 3: [], 4: ["r"]}
    versions = town.rows("SELECT DISTINCT config_version FROM evaluations")
    assert len(versions) == 2


def test_the_last_good_configuration_goes_on_when_the_new_one_does_not_compile(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_id = town.rule("r", "text = 'a'")
    town.send("a")
    town.evaluate()

    def broken(*_: object) -> None:
        raise RuntimeError("no such thing")

    town.save_rule(rule_id, "r", "text = 'b'")
    monkeypatch.setattr("services.live_configuration.compile_configuration", broken)
    town.send("a")
    town.evaluate()
    assert town.matched() == {1: ["r"], 2: ["r"]}
    assert town.live.problems == {town.org_id: "RuntimeError: no such thing"}
    monkeypatch.undo()
    town.save_rule(rule_id, "r", "text = 'b'")
    town.send("a")
    town.evaluate()
    assert town.live.problems == {}
    assert town.matched()[3] == []


def test_a_new_counter_does_not_start_at_zero(town: Town) -> None:
    town.send(*["x"] * 4, author="u1")
    town.send("x", author="u2")
    town.rule("often", "count_recent(author, '1 hour') > 4")
    events = town.rows("SELECT key, count(*) AS n FROM window_events GROUP BY key ORDER BY n")
    assert [row.n for row in events] == [1, 4]
    assert town.counters_version() == 1


def test_a_counter_with_a_condition_counts_what_meets_it(town: Town) -> None:
    town.send("a", "b", "a", author="u1", likes=3)
    town.rule("a's", "count_recent(author, '1 hour', text = 'a') = 2 AND text = 'b'")
    assert len(town.rows("SELECT 1 FROM window_events")) == 2
    town.evaluate()
    assert town.matched() == {1: [], 2: [], 3: []}


def test_windows_are_exact_to_the_microsecond(town: Town) -> None:
    town.send(*["x"] * 6, step=timedelta(milliseconds=1))
    town.rule("two in 2 ms", "count_recent(author, '2 milliseconds') = 2")
    town.rule("three in 2.001 ms", "count_recent(author, '2001 microseconds') = 3")
    town.evaluate()
    both = ["three in 2.001 ms", "two in 2 ms"]
    assert town.matched() == {1: [], 2: ["two in 2 ms"], 3: both, 4: both, 5: both, 6: both}


def test_one_series_serves_two_windows_and_is_widened(town: Town) -> None:
    town.rule("hour", "count_recent(author, '1 hour') > 100")
    town.send("x", "y")
    town.rule("day", "count_recent(author, '1 day') > 100")
    [counter] = town.rows("SELECT window_us FROM counters")
    assert counter.window_us == 86_400_000_000
    assert len(town.rows("SELECT 1 FROM window_events")) == 2
    assert town.counters_version() == 2


def test_registering_the_same_counters_again_changes_nothing(town: Town) -> None:
    town.rule("hour", "count_recent(author, '1 hour') > 100")
    with town.context.database.transaction(town.org_id) as tx:
        live = town.live.current(tx, town.org_id)
        rules = live.evaluators[town.post].rules
        register_counters(tx, rules.item_type, rules.ruleset.counters)
        narrower = [replace(c, window_us=1) for c in rules.ruleset.counters]
        register_counters(tx, rules.item_type, narrower)
    assert town.counters_version() == 1
