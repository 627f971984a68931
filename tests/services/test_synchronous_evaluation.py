"""An item judged while its sender waits: placed, evaluated once, with its effects."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from engine.actions.execution import Source
from engine.items import Item, ItemRef
from services import evaluation, live_configuration
from services.synchronous_evaluation import SynchronousEvaluation
from store import features
from store.database import Database
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from services.context import Context
    from services.synchronous_evaluation import Judgement
    from tests.world import MovableClock, Organisation

SCAM = "matches(text, 'scam')"


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


@pytest.fixture
def desk(context: Context) -> Iterator[SynchronousEvaluation]:
    made = SynchronousEvaluation(context)
    yield made
    made.close()


def post(town: Town, item_id: str, text: str, author: str = "u1") -> Item:
    data: dict[str, object] = {"text": text, "author": {"id": author, "typeId": "t-user"}}
    return Item(item_id, town.post, 1, data, ItemRef("t-user", author))


def said(
    desk: SynchronousEvaluation, town: Town, *items: Item, **more: Any
) -> tuple[Judgement, ...]:
    return desk.evaluate(town.org_id, items, deadline_s=20, **more)


def test_the_answer_says_what_matched_and_what_was_done(
    desk: SynchronousEvaluation, town: Town
) -> None:
    town.bank("scam", "scam")
    hook = town.hook()
    town.rule("Scams", SCAM, hook)
    bad, good = said(desk, town, post(town, "a", "a scam"), post(town, "b", "hello"))
    assert [match.rule.name for match in bad.matches] == ["Scams"]
    assert [execution.action.action_id for execution in bad.executions] == [hook]
    assert (good.finished, good.matches, good.executions) == (True, (), ())
    assert town.matched() == {bad.submission.seq: ["Scams"], good.submission.seq: []}


def test_it_leaves_nothing_to_a_worker(desk: SynchronousEvaluation, town: Town) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    said(desk, town, post(town, "a", "a scam"))
    assert town.evaluate() == 0
    assert town.rows("SELECT count(*) FROM action_executions") == [(1,)]
    assert town.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_the_first_items_of_many_threads_wait_for_no_second_connection(
    context: Context, town: Town
) -> None:
    begun = context.database.transaction

    class OneAtATime(Database):
        """With room for one transaction: whoever begins a second within it would never end."""

        busy = False

        @contextmanager
        def transaction(self, org_id: int) -> Iterator[Connection]:
            assert not self.busy
            self.busy = True
            with begun(org_id) as tx:
                yield tx
            self.busy = False

    alone = OneAtATime(context.database.url)
    desk = SynchronousEvaluation(replace(context, database=alone))
    (answer,) = said(desk, town, post(town, "a", "hello"))
    desk.close()
    alone.close()
    assert answer.finished


def test_places_go_on_from_those_of_other_items(desk: SynchronousEvaluation, town: Town) -> None:
    town.send("one", "two")
    (third,) = said(desk, town, post(town, "c", "three"))
    town.send("four")
    assert third.submission.seq == 3
    places = town.rows("SELECT seq FROM submissions ORDER BY arrived_at")
    assert [row[0] for row in places] == [1, 2, 3, 4]


def test_its_counters_count_it_and_what_came_before(
    desk: SynchronousEvaluation, town: Town
) -> None:
    town.rule("Busy", "count_recent(creator, '1 hour') >= 3", town.hook())
    answers = said(desk, town, *(post(town, f"i{n}", "hello") for n in range(4)))
    assert [len(answer.matches) for answer in answers] == [0, 0, 1, 1]


def test_what_counters_say_of_an_item_is_read_as_it_is_placed(
    desk: SynchronousEvaluation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.rule("Busy", "count_recent(creator, '1 hour') >= 3", town.hook())
    said(desk, town, post(town, "i0", "hello"))
    with monkeypatch.context() as patch:
        patch.setattr(features, "answers_of", None)
        answers = [said(desk, town, post(town, f"i{n}", "hello"))[0] for n in (1, 2, 3)]
    assert [len(answer.matches) for answer in answers] == [0, 1, 1]


def test_counters_with_more_events_than_are_read_with_the_place_say_the_same(
    desk: SynchronousEvaluation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "MOST_FIRST_READ", 1)
    town.rule("Busy", "count_recent(creator, '1 hour') >= 3", town.hook())
    answers = [said(desk, town, post(town, f"i{n}", "hello"))[0] for n in range(5)]
    assert [len(answer.matches) for answer in answers] == [0, 0, 1, 1, 1]


def test_a_rule_saved_meanwhile_holds_for_the_next_item(
    desk: SynchronousEvaluation, town: Town
) -> None:
    town.bank("scam", "scam")
    (before,) = said(desk, town, post(town, "a", "scam"))
    town.rule("Scams", SCAM, town.hook())
    town.rule("Busy", "count_recent(creator, '1 hour') >= 2", town.hook("Slow"))
    (after,) = said(desk, town, post(town, "a", "scam"))
    assert len(before.matches) == 0
    assert {match.rule.name for match in after.matches} == {"Scams", "Busy"}


def test_the_source_is_kept(desk: SynchronousEvaluation, town: Town) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    said(desk, town, post(town, "a", "scam"), source=Source.POST_CONTENT)
    assert town.rows("SELECT source FROM submissions") == [("post-content",)]
    assert town.rows("SELECT source FROM action_executions") == [("post-content",)]


def test_after_the_deadline_the_evaluation_goes_on(
    context: Context, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    slow, judge = Event(), evaluation.judge

    def judge_slowly(*given: Any) -> Any:
        assert slow.wait(20)
        return judge(*given)

    monkeypatch.setattr(evaluation, "judge", judge_slowly)
    desk = SynchronousEvaluation(context)
    (answer,) = desk.evaluate(town.org_id, [post(town, "a", "scam")], deadline_s=0.01)
    assert (answer.finished, answer.executions) == (False, ())
    slow.set()
    desk.close()
    assert town.rows("SELECT count(*) FROM action_executions") == [(1,)]
    assert town.evaluate() == 0


def test_what_fails_here_a_worker_repeats(
    desk: SynchronousEvaluation, town: Town, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())

    def broken(*_: Any) -> Any:
        raise ArithmeticError("a rule went wrong")

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "judge", broken)
        with pytest.raises(ArithmeticError):
            said(desk, town, post(town, "a", "scam"))
    assert town.rows("SELECT count(*) FROM action_executions") == [(0,)]
    clock.advance(seconds=1)
    town.evaluate(tier=evaluation.SUSPECT)
    town.evaluate()
    assert town.rows("SELECT count(*) FROM action_executions") == [(1,)]
    assert town.rows("SELECT count(*) FROM pending") == [(0,)]


@pytest.mark.parametrize(("text", "done"), [("scam", 1), ("nothing that matches", 0)])
def test_an_item_whose_lease_ran_out_is_a_workers(
    context: Context,
    town: Town,
    clock: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    done: int,
) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    judge = evaluation.judge

    def overtaken(*given: Any) -> Any:
        found = judge(*given)
        monkeypatch.setattr(evaluation, "judge", judge)
        clock.advance(minutes=5)
        town.evaluate()
        town.evaluate(tier=evaluation.SUSPECT)
        return found

    monkeypatch.setattr(evaluation, "judge", overtaken)
    desk = SynchronousEvaluation(context)
    (answer,) = desk.evaluate(town.org_id, [post(town, "a", text)], deadline_s=20)
    desk.close()
    assert (answer.finished, answer.executions) == (False, ())
    assert town.rows("SELECT count(*) FROM action_executions") == [(done,)]
    assert town.rows("SELECT count(*) FROM evaluations") == [(1,)]


def test_what_is_told_first_is_that_the_items_are_kept(
    desk: SynchronousEvaluation, town: Town
) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    told: list[tuple[Judgement, ...]] = []
    for number in range(2):
        item = post(town, f"i{number}", "scam")
        (judged,) = desk.see_through(town.org_id, [item], deadline_s=20, kept=told.append)
        ((kept,),) = told
        told.clear()
        assert (kept.finished, kept.executions) == (False, ())
        assert (judged.finished, len(judged.executions)) == (True, 1)
        assert kept.submission == judged.submission


def test_an_item_that_is_only_kept_is_any_workers(desk: SynchronousEvaluation, town: Town) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    (kept,) = desk.keep(town.org_id, [post(town, "a", "scam")])
    assert (kept.finished, kept.submission.seq) == (False, 1)
    assert town.evaluate() == 1
    assert town.matched() == {1: ["Scams"]}


def test_items_whose_configuration_is_kept_from_before_it_was_broken_are_judged(
    desk: SynchronousEvaluation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.bank("scam", "scam")
    town.rule("Scams", SCAM, town.hook())
    said(desk, town, post(town, "a", "scam"))

    def broken(*_: Any) -> Any:
        raise ArithmeticError("does not compile")

    monkeypatch.setattr(live_configuration, "load_live", broken)
    town.rule("Other", "likes > 3", town.hook("Slow"))
    for number in range(2):
        (answer,) = said(desk, town, post(town, f"b{number}", "scam"))
        assert [match.rule.name for match in answer.matches] == ["Scams"]
