"""What is about child safety is shown to those who may see it, and each look is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.audit import Event
from engine.casework.decisions import CHILD_SAFETY_JOB, DecisionKind, Verdict
from engine.errors import PermissionDenied
from engine.paging import page_request
from services import audit, decision_log, decisions, jobs, queues
from services.context import system_caller
from store.decisions import DecisionFilter
from store.jobs import JobFilter
from tests.services.casework import Desk, desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.context import Caller, Context
    from tests.world import Organisation

ALL = page_request(50, None)


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


def listed(office: Desk, caller: Caller, wanted: JobFilter | None = None) -> set[str]:
    page = jobs.listed(office.context, caller, wanted or JobFilter(), ALL)
    return {job.job_id for job in page.items}


def test_lists_and_figures_hold_child_safety_only_for_those_who_may_see_it(office: Desk) -> None:
    secret = office.opened("u1", kind=CHILD_SAFETY_JOB)
    plain = office.opened("p1")
    assert listed(office, office.ann) == {plain}
    assert listed(office, office.ann, JobFilter(kind=CHILD_SAFETY_JOB)) == set()
    assert listed(office, office.cleo) == {secret, plain}
    assert listed(office, office.cleo, JobFilter(kind=CHILD_SAFETY_JOB)) == {secret}
    assert listed(office, office.cleo, JobFilter(item_id="p1")) == {plain}
    for caller, pending in ((office.ann, 1), (office.cleo, 2)):
        stats = {one.id: one for one in queues.queue_stats(office.context, caller)}
        assert stats[office.queue_id].pending == pending


def test_the_next_job_of_a_queue_is_one_that_the_caller_may_see(office: Desk) -> None:
    secret = office.opened("u1", kind=CHILD_SAFETY_JOB)
    plain = office.opened("p1")
    taken = office.next_job(office.ann)
    assert taken is not None
    assert taken.job_id == plain
    assert office.next_job(office.bob) is None
    other = office.next_job(office.cleo)
    assert other is not None
    assert other.job_id == secret


@pytest.mark.parametrize(
    "use",
    [
        lambda office, job: jobs.view(office.context, office.ann, job),
        lambda office, job: jobs.claim(office.context, office.ann, job),
        lambda office, job: jobs.heartbeat(office.context, office.ann, job, "t"),
        lambda office, job: jobs.skip(office.context, office.ann, job, "t"),
        lambda office, job: jobs.release(office.context, office.ann, job, "t"),
        lambda office, job: jobs.move(office.context, office.ann, job, "t", "q", ""),
        lambda office, job: decisions.submit(
            office.context, office.ann, job, Verdict(DecisionKind.IGNORE)
        ),
        lambda office, job: decisions.decide(
            office.context, office.ann, job, "t", Verdict(DecisionKind.IGNORE)
        ),
    ],
    ids=["view", "claim", "heartbeat", "skip", "release", "move", "submit", "decide"],
)
def test_whoever_may_not_see_a_job_can_do_nothing_with_it(
    office: Desk, use: Callable[[Desk, str], object]
) -> None:
    with pytest.raises(PermissionDenied, match="VIEW_CHILD_SAFETY_DATA"):
        use(office, office.opened("u1", kind=CHILD_SAFETY_JOB))


def test_decisions_on_child_safety_are_not_in_the_log_of_others(office: Desk) -> None:
    job = office.opened("u1", kind=CHILD_SAFETY_JOB)
    cleo = office.cleo
    made = decisions.submit(office.context, cleo, job, Verdict(DecisionKind.IGNORE)).decision_id
    log = decision_log.listed(office.context, cleo, DecisionFilter(), ALL)
    assert [one.decision_id for one in log.items] == [made]
    assert decision_log.one(office.context, cleo, made).job_id == job
    assert decision_log.listed(office.context, office.ann, DecisionFilter(), ALL).items == ()
    with pytest.raises(PermissionDenied):
        decision_log.one(office.context, office.ann, made)
    again = office.opened("u1")
    assert jobs.view(office.context, office.ann, again).history == ()
    assert [one.job_id for one in jobs.view(office.context, cleo, again).history] == [job]


def looks(office: Desk) -> list[tuple[str, str]]:
    """(who, at which job), first look first."""
    caller = system_caller(office.org_id, "test")
    found = audit.list_audit(office.context, caller, event=Event.CHILD_SAFETY_VIEW.value)
    return [(one.actor, one.subject_id) for one in reversed(found)]


def test_each_look_at_a_child_safety_job_is_in_the_audit_log(office: Desk) -> None:
    secret = office.opened("u1", kind=CHILD_SAFETY_JOB)
    cleo = office.cleo
    view = office.next_job(cleo)
    assert view is not None
    assert view.lease_token is not None
    jobs.release(office.context, cleo, secret, view.lease_token)
    jobs.view(office.context, cleo, secret)
    jobs.claim(office.context, cleo, secret)
    jobs.view(office.context, cleo, office.opened("p1"))
    assert looks(office) == [(cleo.actor, secret)] * 3
