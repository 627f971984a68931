"""What an accepted appeal takes back, and what undoing that gives again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from engine.casework.decisions import DecisionKind, Verdict
from engine.casework.facts import FactKind
from engine.items import ItemRef, RawItem
from engine.permissions import UserRole, permissions_of
from services import appeals, decision_undo, decisions, jobs, strikes
from services.appeals import AskedAppeal
from services.context import Caller, system_caller
from services.policies import POLICIES
from store import facts
from tests.services.town import Town
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation

ACCEPT = Verdict(DecisionKind.ACCEPT_APPEAL)


@dataclass(frozen=True)
class Court:
    town: Town
    clock: MovableClock
    user_type: str
    ban: str
    spam: str

    def reviewer(self, name: str) -> Caller:
        permissions = permissions_of(UserRole.MODERATOR)
        return Caller(self.town.org_id, f"user:{name}", permissions, name, f"{name}@test.example")

    @property
    def author(self) -> ItemRef:
        return ItemRef(self.user_type, "u1")

    def strikes(self) -> float:
        with self.town.context.database.transaction(self.town.org_id) as tx:
            return sum(one.amount for one in facts.known(tx, FactKind.STRIKE, self.author))

    def job(self) -> str:
        ((job_id,),) = self.town.rows("SELECT job_id::text FROM jobs WHERE state = 'open'")
        return str(job_id)

    def decide(self, who: str, verdict: Verdict) -> str:
        caller = self.reviewer(who)
        done = decisions.submit(self.town.context, caller, self.job(), verdict)
        return done.decision_id

    def appeal(self, number: str, *action_ids: str) -> None:
        author = {"id": "u1", "typeId": self.user_type}
        asked = AskedAppeal(
            appeal_id=number,
            appealed_by=self.author,
            appealed_at=self.clock(),
            item=RawItem(
                "i1", self.town.post, None, "original", {"text": "scam", "author": author}
            ),
            action_ids=action_ids or (self.ban,),
        )
        appeals.submit(self.town.context, system_caller(self.town.org_id, "test"), asked)


@pytest.fixture
def court(context: Context, org: Organisation, clock: MovableClock) -> Court:
    town = Town(context, org.org_id)
    ((user_type,),) = town.rows(
        "SELECT object_id FROM config_heads WHERE kind = 'item_type' AND name = 'User'"
    )
    spam = town.save(POLICIES, {"name": "Spam", "strikeWeight": 2})
    unban = town.hook("Unban")
    ban = town.hook("Ban", applyUserStrikes=True, reversalActionId=unban)
    town.bank("scam", "scam")
    town.rule("Scams", "matches(text, 'scam')", town.review(), policyIds=[spam])
    author = {"id": "u1", "typeId": user_type}
    with context.database.transaction(org.org_id) as tx:
        place(tx, [{"text": "scam", "author": author}], town.post)
    town.evaluate()
    return Court(town, clock, user_type, ban, spam)


def banned(court: Court) -> str:
    verdict = Verdict(DecisionKind.CUSTOM_ACTION, (court.ban,), (court.spam,))
    decision_id = court.decide("ann", verdict)
    court.clock.advance(minutes=1)
    return decision_id


def executed(court: Court) -> list[Any]:
    return court.town.rows(
        "SELECT a.name FROM action_executions e JOIN config_heads a ON a.object_id = e.action_id"
        " WHERE e.source = 'mrt-decision' ORDER BY e.created_at"
    )


def test_an_accepted_appeal_takes_back_the_action_and_its_strikes(court: Court) -> None:
    decision_id = banned(court)
    assert court.strikes() == 2
    court.appeal("a1")
    ((against,),) = court.town.rows("SELECT against FROM appeals")
    assert [(one["decisionId"], one["actor"]) for one in against] == [(decision_id, "user:ann")]
    court.decide("bob", ACCEPT)
    assert court.strikes() == 0
    assert [name for (name,) in executed(court)] == ["Ban", "Unban"]


def test_it_takes_back_the_strikes_of_each_time_and_the_platform_is_told_what_is_left(
    court: Court,
) -> None:
    banned(court)
    with court.town.context.database.transaction(court.town.org_id) as tx:
        author = {"id": "u1", "typeId": court.user_type}
        place(tx, [{"text": "scam", "author": author}], court.town.post, item_id="i1")
    court.town.evaluate()
    again = Verdict(DecisionKind.CUSTOM_ACTION, (court.ban,), (court.spam,))
    court.decide("cal", again)
    court.clock.advance(minutes=1)
    other = strikes.adjust(
        *(court.town.context, system_caller(court.town.org_id, "test"), court.author, 3),
        policy_id=None,
        reason="from before",
    )
    assert other.total == 7
    court.appeal("a1")
    ((barred, against),) = court.town.rows(
        "SELECT j.barred, a.against FROM jobs AS j JOIN appeals AS a USING (job_id)"
    )
    assert (sorted(barred), len(against)) == (["user:ann", "user:cal"], 1)
    court.decide("bob", ACCEPT)
    assert court.strikes() == 3
    ((body,),) = court.town.rows(
        "SELECT body FROM outbox JOIN config_heads ON object_id = action_id WHERE name = 'Unban'"
    )
    assert json.loads(bytes(body))["userStrikeCount"] == 3


def test_the_label_it_gives_is_about_the_same_submission(court: Court) -> None:
    banned(court)
    court.appeal("a1")
    court.decide("bob", ACCEPT)
    found = court.town.rows("SELECT source, seq, policy_id, violating FROM labels ORDER BY source")
    assert [tuple(row) for row in found] == [
        ("appeal", 1, court.spam, False),
        ("review", 1, court.spam, True),
    ]


def test_a_rejected_appeal_leaves_the_strikes(court: Court) -> None:
    banned(court)
    court.appeal("a1")
    court.decide("bob", Verdict(DecisionKind.REJECT_APPEAL))
    assert court.strikes() == 2
    assert [name for (name,) in executed(court)] == ["Ban"]


def test_undoing_gives_the_strikes_again_and_a_later_appeal_takes_those(court: Court) -> None:
    banned(court)
    court.appeal("a1")
    for _ in range(2):
        accepted = court.decide("bob", ACCEPT)
        assert court.strikes() == 0
        decision_undo.undo(court.town.context, court.reviewer("bob"), accepted)
        assert court.strikes() == 2
        jobs_free(court)
    court.decide("bob", ACCEPT)
    assert court.strikes() == 0


def jobs_free(court: Court) -> None:
    """What was undone is held by its decider; he gives it back."""
    caller = court.reviewer("bob")
    view = jobs.claim(court.town.context, caller, court.job())
    assert view.lease_token is not None
    jobs.release(court.town.context, caller, view.job_id, view.lease_token)


def test_who_rejected_the_first_appeal_does_not_judge_the_second(court: Court) -> None:
    banned(court)
    court.appeal("a1")
    court.decide("bob", Verdict(DecisionKind.REJECT_APPEAL))
    court.clock.advance(minutes=1)
    court.appeal("a2")
    ((barred,),) = court.town.rows("SELECT barred FROM jobs WHERE state = 'open'")
    assert sorted(barred) == ["user:ann", "user:bob"]


def test_an_undone_decision_is_not_what_an_appeal_is_against(court: Court) -> None:
    verdict = Verdict(DecisionKind.CUSTOM_ACTION, (court.ban,), (court.spam,))
    decision_id = court.decide("ann", verdict)
    decision_undo.undo(court.town.context, court.reviewer("ann"), decision_id)
    assert court.strikes() == 0
    court.appeal("a1")
    assert court.town.rows("SELECT against FROM appeals") == [([],)]


def test_an_undone_decision_takes_its_enqueueing_back(court: Court) -> None:
    second = court.town.review("Second look")
    other = court.town.review("The author", type="ENQUEUE_AUTHOR_TO_MRT")
    verdict = Verdict(DecisionKind.CUSTOM_ACTION, (second, other), (court.spam,))
    decision_id = court.decide("ann", verdict)
    opened = court.town.rows("SELECT item_id FROM jobs WHERE state = 'open' ORDER BY item_id")
    assert [item for (item,) in opened] == ["i1", "u1"]
    decision_undo.undo(court.town.context, court.reviewer("ann"), decision_id)
    left = court.town.rows("SELECT item_id, state FROM jobs ORDER BY item_id, state")
    assert [tuple(row) for row in left] == [("i1", "closed"), ("i1", "open"), ("u1", "closed")]


def test_appeals_at_once_are_all_kept_in_one_job_and_linked(court: Court) -> None:
    banned(court)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(court.appeal, ["a1", "a2", "a3", "a1", "a2", "a3"]))
    found = court.town.rows("SELECT id, appeal_id, earlier_id, job_id FROM appeals")
    assert sorted(row.appeal_id for row in found) == ["a1", "a2", "a3"]
    assert len({row.job_id for row in found}) == 1
    earlier = [row.earlier_id for row in found]
    assert sum(one is None for one in earlier) == 1
    ((sources,),) = court.town.rows("SELECT sources FROM jobs WHERE kind = 'APPEAL'")
    assert sorted(source["appealId"] for source in sources) == ["a1", "a2", "a3"]
