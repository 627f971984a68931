"""A user's score is made of what was decided, struck and reported, and of nothing taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.casework.decisions import DecisionKind, Verdict
from engine.casework.reports import ReportRequest
from engine.items import ItemRef, RawItem
from services import decisions, jobs, reports, strikes
from services.context import Caller, system_caller
from services.decision_undo import undo
from services.reputations import reputation_of
from tests.services.casework import Desk, desk
from tests.services.town import Town

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def caller(town: Town) -> Caller:
    return system_caller(town.org_id, "test")


def points(town: Town, name: str = "u1") -> float:
    user = ItemRef("t-user", name)
    return round(reputation_of(town.context, caller(town), user).points, 2)


def decided(town: Town, work: Desk, job_id: str, *, against: bool) -> str:
    token = jobs.claim(town.context, work.ann, job_id).lease_token
    assert token is not None
    verdict = Verdict(DecisionKind.IGNORE)
    if against:
        action = town.hook(f"Remove for {job_id}")
        verdict = Verdict(DecisionKind.CUSTOM_ACTION, (action,), (work.policy_id,))
    return decisions.decide(town.context, work.ann, job_id, token, verdict).decision_id


def test_nobody_knows_anything_of_a_newcomer(town: Town) -> None:
    found = reputation_of(town.context, caller(town), ItemRef("t-user", "new"))
    assert (found.score, found.whole, found.happenings) == (5.0, 5, 0)


def test_a_decision_against_a_user_s_item_counts_until_it_is_undone(town: Town) -> None:
    work = desk(town.context, town.org_id)
    town.send("x", "y")
    posts = replace(work, type_id=town.post)
    decided(town, work, posts.opened("i1"), against=False)
    assert points(town) == 0
    decision_id = decided(town, work, posts.opened("i2"), against=True)
    assert (points(town), points(town, "u2")) == (0.5, 0)
    undo(town.context, work.ann, decision_id)
    assert points(town) == 0


def test_a_strike_counts_until_it_is_revoked_and_less_with_time(
    town: Town, clock: MovableClock
) -> None:
    clock.now = datetime.now(UTC)
    [row] = town.rows("SELECT object_id FROM config_heads WHERE kind='item_type' AND name='User'")
    bob = ItemRef(row.object_id, "bob")
    given = strikes.adjust(town.context, caller(town), bob, 4, policy_id=None, reason="r")

    def whole() -> int:
        return reputation_of(town.context, caller(town), bob).whole

    assert whole() == 3
    clock.advance(days=60)
    assert whole() == 4
    clock.advance(days=300)
    assert whole() == 5
    clock.advance(days=-360)
    strikes.revoke(town.context, caller(town), given.strike_id, "a joke")
    assert whole() == 5


def test_what_became_of_a_user_s_reports_counts(town: Town) -> None:
    work = desk(town.context, town.org_id)
    for number in range(1, 4):
        raw = RawItem(f"p{number}", town.post, None, "original", {"text": "x"})
        sent = ReportRequest(ItemRef("t-user", "rita"), "2026-01-05", raw)
        reports.submit(town.context, caller(town), sent)
    job_ids = town.rows("SELECT job_id::text FROM jobs ORDER BY item_id")
    decided(town, work, job_ids[0].job_id, against=False)
    assert points(town, "rita") == 0.1
    decided(town, work, job_ids[1].job_id, against=True)
    assert points(town, "rita") == 0
    rita = ItemRef("t-user", "rita")
    reports.invalidate(town.context, caller(town), rita, "a campaign")
    assert points(town, "rita") == 0.4
