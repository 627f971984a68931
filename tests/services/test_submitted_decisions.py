"""Decisions sent without a claim, jobs moved, and what an organisation asks of every decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from engine.casework.decisions import DecisionKind, Verdict
from engine.errors import Conflict, InvalidInput, NotFound
from engine.paging import PageRequest
from services import configuration, decision_log, decisions, jobs, settings
from services.context import system_caller
from services.queues import QUEUES
from store.decisions import DecisionFilter
from tests.services.casework import Desk, desk
from tests.services.test_decisions import IGNORE, banned

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


def settle(office: Desk, **more: object) -> None:
    caller = system_caller(office.org_id, "test")
    settings.save_settings(office.context, caller, more, reason="", expected_version=None)


def rows(office: Desk, statement: str) -> list[Any]:
    with office.context.database.transaction(office.org_id) as tx:
        return list(tx.execute(text(statement)).all())


def test_a_job_that_nobody_claimed_is_decided_without_a_lease(office: Desk) -> None:
    job_id = office.opened("a")
    done = decisions.submit(office.context, office.ann, job_id, banned(office))
    assert rows(office, "SELECT state FROM jobs") == [("decided",)]
    found = decision_log.one(office.context, office.ann, done.decision_id)
    assert (found.kind, found.action_ids, found.seconds) == (
        "CUSTOM_ACTION",
        (office.action_id,),
        None,
    )


def test_a_job_that_somebody_else_holds_is_left_to_him(office: Desk) -> None:
    job_id = office.opened("a")
    office.claimed(office.ann)
    with pytest.raises(Conflict, match="somebody else"):
        decisions.submit(office.context, office.bob, job_id, IGNORE)
    with pytest.raises(NotFound):
        decisions.submit(office.context, office.bob, office.context.new_id(), IGNORE)


@pytest.mark.parametrize(
    ("setting", "pointer"),
    [("decisionNeedsReason", "/reason"), ("decisionNeedsPolicy", "/policyIds")],
)
def test_what_the_organisation_asks_of_a_decision_is_needed(
    office: Desk, setting: str, pointer: str
) -> None:
    settle(office, **{setting: True})
    job_id = office.opened("a")
    bare = Verdict(DecisionKind.CUSTOM_ACTION, (office.action_id,))
    with pytest.raises(InvalidInput) as refusal:
        decisions.submit(office.context, office.ann, job_id, bare)
    assert [problem.pointer for problem in refusal.value.problems] == [pointer]
    decisions.submit(office.context, office.ann, job_id, banned(office, "spam"))


def test_a_reason_is_needed_for_ignoring_too_but_not_for_child_safety(office: Desk) -> None:
    settle(office, decisionNeedsReason=True, decisionNeedsPolicy=True)
    with pytest.raises(InvalidInput):
        decisions.submit(office.context, office.ann, office.opened("a"), IGNORE)
    case = office.opened("b", kind="NCMEC")
    assert decisions.submit(office.context, office.cleo, case, IGNORE).decision_id


def test_a_moved_job_keeps_everything_and_is_free(office: Desk, clock: MovableClock) -> None:
    job_id = office.opened("a", ["p1"])
    _, token = office.claimed(office.ann)
    admin = system_caller(office.org_id, "test")
    other = queue(office, "Other")
    with pytest.raises(NotFound):
        jobs.move(office.context, office.ann, job_id, token, "gone", "")
    with pytest.raises(Conflict, match="already"):
        jobs.move(office.context, office.ann, job_id, token, office.queue_id, "")
    clock.advance(seconds=1)
    jobs.move(office.context, office.ann, job_id, token, other, "not ours")
    view = jobs.view(office.context, admin, job_id)
    assert (view.queue_id, view.leased_by, view.policy_ids) == (other, None, ("p1",))
    assert [source["kind"] for source in view.sources] == ["RULE_EXECUTION", "MRT_JOB"]
    assert view.sources[1]["reason"] == "not ours"
    claimed = jobs.claim_next(office.context, office.ann, other)
    assert claimed is not None
    assert claimed.job_id == job_id


def queue(office: Desk, name: str) -> str:
    admin = system_caller(office.org_id, "test")
    return configuration.create(office.context, admin, QUEUES, {"name": name}, "").object_id


def test_decisions_are_found_by_what_they_say(office: Desk) -> None:
    for item in ("a", "b"):
        decisions.submit(office.context, office.ann, office.opened(item), banned(office))
    decisions.submit(office.context, office.bob, office.opened("c"), IGNORE)

    def found(wanted: DecisionFilter) -> list[str]:
        page = decision_log.listed(office.context, office.ann, wanted, PageRequest())
        return sorted(one.item_id for one in page.items)

    assert found(DecisionFilter(policy_id=office.policy_id)) == ["a", "b"]
    one = DecisionFilter(action_id=office.action_id, item_id="a", type_id=office.type_id)
    assert found(one) == ["a"]
    assert found(DecisionFilter(decided_by="user:bob")) == ["c"]
    assert found(DecisionFilter(policy_id="other")) == []
