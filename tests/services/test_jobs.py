"""Who works on which job, also when many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.casework.leases import LEASE
from engine.errors import Conflict, NotFound, PermissionDenied
from engine.paging import page_request
from services import jobs, queues
from services.context import Caller
from store.jobs import JobFilter
from tests.services.casework import Desk, desk

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def office(context: Context, org: Organisation) -> Desk:
    return desk(context, org.org_id)


def test_the_oldest_job_comes_first(office: Desk, clock: MovableClock) -> None:
    first = office.opened("a")
    clock.advance(minutes=1)
    second = office.opened("b")
    assert office.claimed(office.ann)[0] == first
    assert office.claimed(office.bob)[0] == second
    assert office.next_job(office.ann) is None


def test_an_item_has_one_open_job_that_gathers_its_reasons(office: Desk) -> None:
    job_id = office.opened("a", ["p1"])
    assert office.opened("a", ["p2", "p1"]) == job_id
    view = jobs.view(office.context, office.ann, job_id)
    assert len(view.sources) == 2
    assert sorted(view.policy_ids) == ["p1", "p2"]


def test_a_child_safety_case_is_not_lost_in_an_ordinary_job(office: Desk) -> None:
    ordinary = office.opened("a", ["p1"])
    case = office.opened("a", ["p2"], kind="NCMEC")
    assert case != ordinary
    assert office.opened("a", ["p3"], kind="NCMEC") == case
    views = [jobs.view(office.context, office.cleo, job_id) for job_id in (ordinary, case)]
    assert [view.kind for view in views] == ["DEFAULT", "NCMEC"]
    assert [sorted(view.policy_ids) for view in views] == [["p1"], ["p2", "p3"]]


def test_a_job_never_carries_more_than_a_thousand_reasons(office: Desk) -> None:
    for _ in range(1005):
        job_id = office.opened("a")
    assert len(jobs.view(office.context, office.ann, job_id).sources) == 1000


def test_reviewers_who_ask_at_once_get_different_jobs(office: Desk) -> None:
    opened = {office.opened(f"i{number}") for number in range(30)}
    reviewers = [office.reviewer(f"r{number}") for number in range(8)]

    def review_all(caller: Caller) -> list[str]:
        taken = []
        while (view := office.next_job(caller)) is not None:
            taken.append(view.job_id)
        return taken

    with ThreadPoolExecutor(8) as threads:
        taken = [one for some in threads.map(review_all, reviewers) for one in some]
    assert sorted(taken) == sorted(opened)


def test_of_two_who_claim_one_job_one_gets_it(office: Desk) -> None:
    job_id = office.opened("a")

    def claims(caller: Caller) -> bool:
        try:
            jobs.claim(office.context, caller, job_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(claims, [office.ann, office.bob])) == [False, True]


def test_a_claim_that_runs_out_gives_the_job_back(office: Desk, clock: MovableClock) -> None:
    job_id = office.opened("a")
    _, token = office.claimed(office.ann)
    assert office.next_job(office.bob) is None
    clock.advance(seconds=LEASE.total_seconds())
    with pytest.raises(Conflict, match="run out"):
        jobs.heartbeat(office.context, office.ann, job_id, token)
    assert office.claimed(office.bob)[0] == job_id
    with pytest.raises(Conflict, match="somebody else"):
        jobs.heartbeat(office.context, office.ann, job_id, token)


def test_a_heartbeat_keeps_the_job(office: Desk, clock: MovableClock) -> None:
    office.opened("a")
    job_id, token = office.claimed(office.ann)
    for _ in range(3):
        clock.advance(minutes=4)
        assert jobs.heartbeat(office.context, office.ann, job_id, token) == clock() + LEASE
    assert office.next_job(office.bob) is None


def test_a_released_job_is_free_at_once(office: Desk) -> None:
    office.opened("a")
    job_id, token = office.claimed(office.ann)
    jobs.release(office.context, office.ann, job_id, token)
    assert office.claimed(office.bob)[0] == job_id


def test_a_skipped_job_comes_back_only_when_no_other_is_left(
    office: Desk, clock: MovableClock
) -> None:
    first = office.opened("a")
    clock.advance(minutes=1)
    second = office.opened("b")
    job_id, token = office.claimed(office.ann)
    jobs.skip(office.context, office.ann, job_id, token)

    assert office.claimed(office.ann)[0] == second
    assert office.claimed(office.ann)[0] == first
    job_id, token = jobs.view(office.context, office.ann, first).job_id, "wrong"
    with pytest.raises(Conflict):
        jobs.skip(office.context, office.ann, job_id, token)


def test_a_skipped_job_goes_to_somebody_else_first(office: Desk, clock: MovableClock) -> None:
    first = office.opened("a")
    clock.advance(minutes=1)
    office.opened("b")
    job_id, token = office.claimed(office.ann)
    jobs.skip(office.context, office.ann, job_id, token)
    assert office.claimed(office.bob)[0] == first


def test_the_lease_token_is_shown_to_its_holder_alone(office: Desk) -> None:
    job_id = office.opened("a")
    office.claimed(office.ann)
    assert jobs.view(office.context, office.ann, job_id).lease_token
    seen = jobs.view(office.context, office.bob, job_id)
    assert (seen.lease_token, seen.leased_by) == (None, "user:ann")


def test_a_reviewer_may_claim_his_own_job_anew(office: Desk) -> None:
    job_id = office.opened("a")
    _, old = office.claimed(office.ann)
    anew = jobs.claim(office.context, office.ann, job_id).lease_token
    assert anew != old
    with pytest.raises(Conflict):
        jobs.release(office.context, office.ann, job_id, old)


def test_without_the_permission_there_is_nothing_to_see(office: Desk) -> None:
    stranger = Caller(office.org_id, "user:eve", frozenset())
    with pytest.raises(PermissionDenied):
        office.next_job(stranger)


def test_an_unknown_job_is_not_found(office: Desk) -> None:
    for job_id in ("x", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound):
            jobs.claim(office.context, office.ann, job_id)
    with pytest.raises(NotFound):
        jobs.claim_next(office.context, office.ann, "no such queue")


def test_open_jobs_are_listed_oldest_first_a_page_at_a_time(
    office: Desk, clock: MovableClock
) -> None:
    opened = []
    for number in range(5):
        opened.append(office.opened(f"i{number}"))
        clock.advance(seconds=1)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = jobs.listed(
            office.context, office.ann, JobFilter(queue_id=office.queue_id), page_request(2, cursor)
        )
        seen += [job.job_id for job in page.items]
        cursor = page.next_cursor
    assert seen == opened
    assert cursor is None


def test_queues_tell_what_waits_and_who_works(office: Desk, clock: MovableClock) -> None:
    since = clock()
    for number in range(3):
        office.opened(f"i{number}")
    office.claimed(office.ann)
    stats = {queue.name: queue for queue in queues.queue_stats(office.context, office.ann)}
    told = stats["Review"]
    assert (told.pending, told.leased, told.enqueued_last_hour) == (3, 1, 3)
    assert told.oldest_enqueued_at == since
    assert told.reviewers == ("user:ann",)
    assert stats["Default"].pending == 0


def test_the_next_job_is_found_by_an_index(office: Desk) -> None:
    with office.context.database.transaction(office.org_id) as tx:
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            row[0]
            for row in tx.execute(
                text(
                    "EXPLAIN SELECT job_id FROM jobs WHERE state = 'open' AND queue_id = 'q' "
                    "AND (leased_until IS NULL OR leased_until <= now()) "
                    "ORDER BY enqueued_at LIMIT 1 FOR UPDATE SKIP LOCKED"
                )
            )
        )
    assert "jobs_open_idx" in plan
    assert "Sort" not in plan


def test_jobs_of_another_organisation_are_not_there(office: Desk) -> None:
    job_id = office.opened("a")
    stranger = Caller(office.org_id + 1, "user:eve", office.ann.permissions)
    with pytest.raises(NotFound):
        jobs.view(office.context, stranger, job_id)
