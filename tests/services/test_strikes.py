"""Strikes count once each, whoever acts at once, and can be taken back."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from engine.casework.decisions import DecisionKind, Verdict
from engine.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from engine.items import ItemRef
from engine.paging import PageRequest
from services import decision_undo, decisions, jobs, strikes
from services.context import Caller, system_caller
from services.policies import POLICIES
from services.settings import save_settings
from tests.services.casework import desk
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.context import Context
    from tests.world import Organisation

PEOPLE_AT_ONCE = 8


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def caller(town: Town, name: str = "ann") -> Caller:
    return replace(system_caller(town.org_id, "test"), actor=f"user:{name}", user_email="a@t.io")


def user_type(town: Town) -> str:
    [row] = town.rows("SELECT object_id FROM config_heads WHERE kind='item_type' AND name='User'")
    return str(row.object_id)


def person(name: str = "u1") -> ItemRef:
    return ItemRef("t-user", name)


def settle(town: Town, *thresholds: Mapping[str, object], days: int = 90) -> None:
    document = {"strikeThresholds": list(thresholds), "strikeTtlDays": days}
    admin = system_caller(town.org_id, "test")
    save_settings(town.context, admin, document, reason="", expected_version=None)


def total(town: Town, who: ItemRef | None = None) -> float:
    found = strikes.record_of(town.context, caller(town), who or person(), PageRequest())
    return found.total


def bodies(town: Town, action_id: str) -> list[dict[str, Any]]:
    query = f"SELECT body FROM outbox WHERE action_id = '{action_id}' ORDER BY created_at"
    return [json.loads(bytes(row.body)) for row in town.rows(query)]


def removal(town: Town, weight: int = 1) -> str:
    """An action that strikes, and the rule that takes it on every text with `spam`."""
    policy = town.save(POLICIES, {"name": "Spam", "strikeWeight": weight})
    action = town.hook("Remove", applyUserStrikes=True)
    town.rule("spam", "text LIKE '%spam%'", action, policyIds=[policy])
    return action


def test_a_rule_s_action_strikes_the_author_and_the_platform_is_told_the_sum(town: Town) -> None:
    action = removal(town, weight=2)
    town.send("spam", "ham", "more spam")
    town.evaluate()
    assert [body["userStrikeCount"] for body in bodies(town, action)] == [4, 4]
    rows = town.rows("SELECT amount, cause_id, actor, subject_id FROM facts ORDER BY at")
    assert [tuple(row) for row in rows] == [
        (2, "i1", "system:rules", "u1"),
        (2, "i3", "system:rules", "u1"),
    ]
    assert total(town) == 4
    assert total(town, person("u2")) == 0


def test_a_strike_is_later_than_the_item_that_caused_it_and_expires(town: Town) -> None:
    removal(town)
    settle(town, days=3)
    town.send("spam")
    town.evaluate()
    [fact] = town.rows(
        "SELECT f.at > s.arrived_at AS later,"
        " round(extract(epoch FROM f.expires_at - f.at) / 86400) AS days"
        " FROM facts AS f, submissions AS s"
    )
    assert (fact.later, fact.days) == (True, 3)
    with town.context.database.owner() as tx:
        tx.execute(text("UPDATE facts SET expires_at = now() - interval '1 second'"))
    assert total(town) == 0


def test_a_threshold_s_action_happens_once_to_its_target(town: Town) -> None:
    removal(town)
    warn, ban = town.hook("Warn"), town.hook("Ban")
    settle(
        town,
        {"threshold": 2, "actionIds": [warn]},
        {"threshold": 3, "actionIds": [ban], "target": "USER"},
    )
    town.send("spam", "spam", "spam", "spam")
    town.evaluate()
    [warned], [banned] = bodies(town, warn), bodies(town, ban)
    assert (warned["item"]["id"], warned["policies"], warned["rules"]) == ("i2", [], [])
    assert (banned["item"]["id"], banned["item"]["typeId"]) == ("u1", "t-user")
    assert "actorEmail" not in banned
    sources = town.rows("SELECT DISTINCT source FROM action_executions ORDER BY 1")
    assert [row.source for row in sources] == ["post-items", "user-strike-action-execution"]


def test_an_action_of_a_threshold_does_not_strike_again(town: Town) -> None:
    removal(town)
    settle(town, {"threshold": 1, "actionIds": [town.hook("Ban", applyUserStrikes=True)]})
    town.send("spam")
    town.evaluate()
    assert total(town) == 1


def test_of_people_who_act_at_once_one_passes_the_threshold(town: Town) -> None:
    """Each decides a job of its own about the same person's posts."""
    context = town.context
    work = desk(context, town.org_id)
    struck = town.hook("Struck", applyUserStrikes=True)
    ban = town.hook("Banned")
    settle(town, {"threshold": PEOPLE_AT_ONCE // 2, "actionIds": [ban], "target": "USER"})
    town.send(*["x"] * PEOPLE_AT_ONCE)
    claims = [_claim(town, work, f"i{n}", f"mod{n}") for n in range(1, PEOPLE_AT_ONCE + 1)]
    verdict = Verdict(DecisionKind.CUSTOM_ACTION, (struck,), (work.policy_id,))
    together = threading.Barrier(PEOPLE_AT_ONCE)

    def decide(claim: tuple[Caller, str, str]) -> str:
        who, job_id, token = claim
        together.wait(30)
        return decisions.decide(context, who, job_id, token, verdict).decision_id

    with ThreadPoolExecutor(PEOPLE_AT_ONCE) as threads:
        assert len(set(threads.map(decide, claims))) == PEOPLE_AT_ONCE
    assert total(town) == PEOPLE_AT_ONCE
    assert len(bodies(town, ban)) == 1
    counts = sorted(body["userStrikeCount"] for body in bodies(town, struck))
    assert counts == list(range(1, PEOPLE_AT_ONCE + 1))


def _claim(town: Town, work: Any, item_id: str, name: str) -> tuple[Caller, str, str]:
    posts = replace(work, type_id=town.post)
    who, job_id = work.reviewer(name), posts.opened(item_id)
    token = jobs.claim(town.context, who, job_id).lease_token
    assert token is not None
    return who, job_id, token


def test_an_undone_decision_takes_its_strikes_and_their_effects_back(town: Town) -> None:
    work = desk(town.context, town.org_id)
    struck, ban = town.hook("Struck", applyUserStrikes=True), town.hook("Banned")
    settle(town, {"threshold": 1, "actionIds": [ban]})
    town.send("x")
    who, job_id, token = _claim(town, work, "i1", "ann")
    verdict = Verdict(DecisionKind.CUSTOM_ACTION, (struck,), (work.policy_id,))
    decided = decisions.decide(town.context, who, job_id, token, verdict)
    assert total(town) == 1
    decision_undo.undo(town.context, who, decided.decision_id)
    assert total(town) == 0
    states = town.rows("SELECT DISTINCT state FROM outbox")
    assert [row.state for row in states] == ["cancelled"]


def test_a_person_s_sum_is_adjusted_and_a_strike_revoked_with_a_reason(town: Town) -> None:
    removal(town)
    ban = town.hook("Ban")
    settle(town, {"threshold": 3, "actionIds": [ban]})
    town.send("spam", "spam")
    town.evaluate()
    who, bob = caller(town), ItemRef(user_type(town), "bob")
    adjusted = strikes.adjust(town.context, who, bob, 5, policy_id=None, reason="from before")
    assert (adjusted.total, total(town, bob)) == (5, 5)
    less = strikes.adjust(town.context, who, bob, -9, policy_id=None, reason="wrong person")
    assert (less.total, total(town, bob)) == (0, 0)
    more = strikes.adjust(town.context, who, bob, 3, policy_id=None, reason="not all of it")
    assert (more.total, total(town, bob)) == (0, 0)
    more = strikes.adjust(town.context, who, bob, 3, policy_id=None, reason="still not")
    assert (more.total, total(town, bob)) == (2, 2)
    assert bodies(town, ban) == []
    listed = strikes.record_of(town.context, who, person(), PageRequest()).items
    assert [(one.policy_name, one.item_id, one.holds) for one in listed] == [
        ("Spam", "i2", True),
        ("Spam", "i1", True),
    ]
    revoked = strikes.revoke(town.context, who, listed[0].strike_id, "a joke")
    assert revoked.total == 1
    with pytest.raises(Conflict, match="already"):
        strikes.revoke(town.context, who, listed[0].strike_id, "a joke")
    events = town.rows("SELECT event FROM audit_log WHERE event LIKE 'strike:%' ORDER BY n")
    assert [row.event for row in events] == [*["strike:adjust"] * 4, "strike:revoke"]


def test_a_revoked_strike_is_given_again_once_and_holds_from_then_on(town: Town) -> None:
    removal(town)
    ban = town.hook("Ban")
    settle(town, {"threshold": 1, "actionIds": [ban]})
    town.send("spam")
    town.evaluate()
    who = caller(town)
    [strike] = strikes.record_of(town.context, who, person(), PageRequest()).items
    with pytest.raises(Conflict, match="holds"):
        strikes.restore(town.context, who, strike.strike_id, "r")
    strikes.revoke(town.context, who, strike.strike_id, "a joke")
    told = len(bodies(town, ban))
    again = strikes.restore(town.context, who, strike.strike_id, "it was none")
    assert (again.total, total(town)) == (1, 1)
    assert again.strike_id != strike.strike_id
    with pytest.raises(Conflict, match="already"):
        strikes.restore(town.context, who, strike.strike_id, "it was none")
    assert len(bodies(town, ban)) == told
    listed = strikes.record_of(town.context, who, person(), PageRequest()).items
    assert [(one.item_id, one.policy_name, one.holds) for one in listed] == [
        ("i1", "Spam", True),
        ("i1", "Spam", False),
    ]
    assert strikes.revoke(town.context, who, again.strike_id, "after all").total == 0
    assert strikes.restore(town.context, who, again.strike_id, "no").total == 1
    events = town.rows("SELECT event FROM audit_log WHERE event = 'strike:restore'")
    assert len(events) == 2


def test_rules_know_the_strikes_before_an_item_and_not_its_own(town: Town) -> None:
    removal(town)
    held = town.hook("Hold")
    town.rule("struck before", "strikes(author) >= 1", held)
    town.send("spam")
    town.evaluate()
    town.send("ham")
    town.evaluate()
    rows = town.rows(f"SELECT item_id FROM action_executions WHERE action_id = '{held}'")
    assert [row.item_id for row in rows] == ["i2"]


def test_the_highest_sums_of_a_period_say_whom_a_threshold_would_have_met(town: Town) -> None:
    """One was over before it, one in it, one still holds, and one was put right by hand."""
    user = user_type(town)
    for who, amounts in {"old": [4], "gone": [2, 1], "now": [1, 1], "mended": [5, -3]}.items():
        for amount in amounts:
            given = strikes.adjust(
                town.context,
                caller(town),
                ItemRef(user, who),
                amount,
                policy_id=None,
                reason="to begin with",
            )
            assert given.total > 0
    over = (
        "UPDATE facts SET at = at - interval '200 days',"
        " expires_at = at - interval '{days} days' WHERE subject_id = '{who}' AND amount < 3"
    )
    with town.context.database.owner() as tx:
        tx.execute(text(over.format(days=20, who="gone")))
        tx.execute(text(over.format(days=100, who="old").replace("amount < 3", "TRUE")))
    found = strikes.histogram(town.context, caller(town), days=90).items
    assert [(bar.strikes, bar.people) for bar in found] == [(2, 1), (3, 1), (5, 1)]
    held = strikes.histogram(town.context, caller(town)).items
    assert [(bar.strikes, bar.people) for bar in held] == [(2, 2)]


def test_the_histogram_counts_people_by_their_strikes(town: Town) -> None:
    removal(town)
    town.send("spam", author="a")
    town.send("spam", "spam", author="b")
    town.send("spam", "spam", author="c")
    town.send("ham", author="d")
    town.evaluate()
    bars = strikes.histogram(town.context, caller(town)).items
    assert [(bar.strikes, bar.people) for bar in bars] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("amount", "reason", "policy", "pointers"),
    [
        (0, "r", None, ["/amount"]),
        (1001, "r", None, ["/amount"]),
        (1, " ", None, ["/reason"]),
        (1, "r", "none", ["/policyId"]),
    ],
)
def test_an_adjustment_is_checked(
    town: Town, amount: int, reason: str, policy: str | None, pointers: Sequence[str]
) -> None:
    bob = ItemRef(user_type(town), "bob")
    with pytest.raises(InvalidInput) as refused:
        strikes.adjust(town.context, caller(town), bob, amount, policy_id=policy, reason=reason)
    assert [problem.pointer for problem in refused.value.problems] == pointers


def test_strikes_are_for_those_who_may_act(town: Town) -> None:
    nobody = replace(caller(town), permissions=frozenset())
    bob = ItemRef(user_type(town), "bob")
    with pytest.raises(PermissionDenied):
        strikes.adjust(town.context, nobody, bob, 1, policy_id=None, reason="r")
    with pytest.raises(PermissionDenied):
        strikes.record_of(town.context, nobody, bob, PageRequest())
    with pytest.raises(NotFound):
        strikes.revoke(town.context, caller(town), town.context.new_id(), "r")
