"""A decision writes its labels and effects, and can be taken back for ten seconds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from engine.casework.decisions import UNDO_WINDOW, DecisionKind, Verdict
from engine.casework.leases import JobState
from engine.errors import Conflict, InvalidInput, NotFound
from engine.paging import PageRequest
from services import decision_log, decision_undo, decisions, jobs
from store.decisions import DecisionFilter
from tests.services.casework import Desk, desk

if TYPE_CHECKING:
    from services.context import Context
    from services.decisions import Decided
    from tests.world import MovableClock, Organisation

IGNORE = Verdict(DecisionKind.IGNORE)


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


def banned(office: Desk, reason: str = "") -> Verdict:
    return Verdict(
        DecisionKind.CUSTOM_ACTION, (office.action_id,), (office.policy_id,), reason=reason
    )


def decided(office: Desk, verdict: Verdict) -> Decided:
    job_id, token = office.claimed(office.ann)
    return decisions.decide(office.context, office.ann, job_id, token, verdict)


def rows(office: Desk, statement: str) -> list[dict[str, Any]]:
    with office.context.database.transaction(office.org_id) as tx:
        return [dict(row._mapping) for row in tx.execute(text(statement))]


LABELS = "SELECT policy_id, violating, source, reviewer, item_id FROM labels ORDER BY policy_id"
OUTBOX = "SELECT state, next_attempt_at, body, url FROM outbox"


def test_an_action_labels_the_item_and_waits_for_the_undo(
    office: Desk, clock: MovableClock
) -> None:
    job_id = office.opened("a")
    clock.advance(seconds=3)
    done = decided(office, banned(office, "spam"))

    assert done.undo_until == clock() + UNDO_WINDOW
    assert jobs.view(office.context, office.ann, job_id).state == JobState.DECIDED
    assert rows(office, LABELS) == [
        {
            "policy_id": office.policy_id,
            "violating": True,
            "source": "review",
            "reviewer": "user:ann",
            "item_id": "a",
        }
    ]
    (message,) = rows(office, OUTBOX)
    assert (message["state"], message["next_attempt_at"]) == ("pending", done.undo_until)
    body = json.loads(bytes(message["body"]))
    assert body["action"] == {"id": office.action_id}
    assert body["policies"][0]["id"] == office.policy_id
    assert body["actorEmail"] == "ann@test.example"
    assert body["decisionReason"] == "spam"
    assert body["custom"]["days"] == 7


def test_an_ignored_job_says_that_no_policy_is_violated(office: Desk) -> None:
    office.opened("a", ["p1", "p2"])
    decided(office, IGNORE)
    labels = [(row["policy_id"], row["violating"]) for row in rows(office, LABELS)]
    assert labels == [("p1", False), ("p2", False)]
    assert rows(office, OUTBOX) == []


def test_a_decision_undone_leaves_no_trace_but_its_record(office: Desk) -> None:
    job_id = office.opened("a")
    done = decided(office, banned(office))
    undone = decision_undo.undo(office.context, office.ann, done.decision_id)

    assert undone.job_id == job_id
    assert rows(office, LABELS) == []
    assert [row["state"] for row in rows(office, OUTBOX)] == ["cancelled"]
    view = jobs.view(office.context, office.ann, job_id)
    assert (view.state, view.lease_token) == ("open", undone.lease_token)
    assert view.history[0].undone_at is not None

    assert undone.lease_token is not None
    decisions.decide(office.context, office.ann, job_id, undone.lease_token, IGNORE)
    assert [row["violating"] for row in rows(office, LABELS)] == [False]


def test_an_undo_too_late_or_by_another_is_refused(office: Desk, clock: MovableClock) -> None:
    office.opened("a")
    done = decided(office, banned(office))
    with pytest.raises(Conflict, match="only the person"):
        decision_undo.undo(office.context, office.bob, done.decision_id)
    clock.advance(seconds=UNDO_WINDOW.total_seconds())
    with pytest.raises(Conflict, match="have passed"):
        decision_undo.undo(office.context, office.ann, done.decision_id)
    assert [row["state"] for row in rows(office, OUTBOX)] == ["pending"]


def test_two_undos_at_once_undo_once(office: Desk) -> None:
    office.opened("a")
    done = decided(office, banned(office))

    def undo(_: int) -> bool:
        try:
            decision_undo.undo(office.context, office.ann, done.decision_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(undo, range(2))) == [False, True]


def test_a_job_opened_since_is_kept_when_a_decision_is_undone(office: Desk) -> None:
    old = office.opened("a")
    done = decided(office, IGNORE)
    new = office.opened("a")
    assert new != old
    undone = decision_undo.undo(office.context, office.ann, done.decision_id)
    assert (undone.job_id, undone.lease_token) == (new, None)
    assert jobs.view(office.context, office.ann, old).state == JobState.CLOSED


def test_an_undone_decision_opens_its_job_beside_one_of_another_kind(office: Desk) -> None:
    old = office.opened("a")
    done = decided(office, IGNORE)
    case = office.opened("a", kind="NCMEC")
    assert decision_undo.undo(office.context, office.ann, done.decision_id).job_id == old
    states = [jobs.view(office.context, office.cleo, job).state for job in (old, case)]
    assert states == [JobState.OPEN, JobState.OPEN]


def test_two_reviewers_who_decide_at_once_decide_once(office: Desk, clock: MovableClock) -> None:
    """Ann's claim ran out and Bob took the job; both press the key in the same moment."""
    for number in range(10):
        office.opened(f"i{number}")
        job_id, old = office.claimed(office.ann)
        clock.advance(minutes=6)
        _, new = office.claimed(office.bob)

        def decide(attempt: tuple[Any, str], job_id: str = job_id) -> str:
            caller, token = attempt
            try:
                decisions.decide(office.context, caller, job_id, token, banned(office))
            except Conflict:
                return "refused"
            return "decided"

        attempts = [(office.ann, old), (office.bob, new), (office.bob, new)]
        with ThreadPoolExecutor(3) as threads:
            ends = sorted(threads.map(decide, attempts))
        assert ends == ["decided", "refused", "refused"]
    assert len(rows(office, "SELECT decision_id FROM decisions")) == 10
    assert len(rows(office, "SELECT outbox_id FROM outbox")) == 10


def test_a_wrong_verdict_changes_nothing(office: Desk) -> None:
    job_id = office.opened("a")
    _, token = office.claimed(office.ann)
    wrong = Verdict(DecisionKind.CUSTOM_ACTION, ("gone",))
    with pytest.raises(InvalidInput):
        decisions.decide(office.context, office.ann, job_id, token, wrong)
    over = Verdict(
        DecisionKind.CUSTOM_ACTION,
        (office.action_id,),
        parameters={office.action_id: {"days": 31}},
    )
    with pytest.raises(InvalidInput, match="at most 30"):
        decisions.decide(office.context, office.ann, job_id, token, over)
    assert jobs.view(office.context, office.ann, job_id).state == JobState.OPEN
    assert rows(office, "SELECT decision_id FROM decisions") == []


def test_a_decision_knows_how_long_it_took(office: Desk, clock: MovableClock) -> None:
    office.opened("a")
    job_id, token = office.claimed(office.ann)
    claimed_at = clock()
    clock.advance(seconds=42)
    jobs.heartbeat(office.context, office.ann, job_id, token)
    decisions.decide(office.context, office.ann, job_id, token, IGNORE)
    (row,) = rows(office, "SELECT claimed_at, decided_at FROM decisions")
    assert row == {"claimed_at": claimed_at, "decided_at": clock()}


def test_decisions_are_listed_latest_first(office: Desk, clock: MovableClock) -> None:
    for number in range(3):
        office.opened(f"i{number}")
        decided(office, IGNORE)
        clock.advance(minutes=1)
    wanted = DecisionFilter(queue_id=office.queue_id, kind="IGNORE", decided_by="user:ann")
    page = decision_log.listed(office.context, office.ann, wanted, PageRequest(2))
    assert [one.item_id for one in page.items] == ["i2", "i1"]
    assert page.next_cursor
    nobody = DecisionFilter(decided_by="user:eve")
    assert decision_log.listed(office.context, office.ann, nobody, PageRequest()).items == ()


def test_an_unknown_decision_cannot_be_undone(office: Desk) -> None:
    with pytest.raises(NotFound):
        decision_undo.undo(office.context, office.ann, "00000000-0000-0000-0000-000000000000")


def test_decisions_are_audited(office: Desk) -> None:
    office.opened("a")
    done = decided(office, IGNORE)
    decision_undo.undo(office.context, office.ann, done.decision_id)
    log = rows(office, "SELECT event, subject_id, actor FROM audit_log ORDER BY n DESC LIMIT 2")
    assert [row["event"] for row in log] == ["decision:undo", "decision:create"]
    assert {row["subject_id"] for row in log} == {done.decision_id}
