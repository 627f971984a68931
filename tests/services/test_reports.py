"""Reports hold whatever else happens at the same moment, and are all or nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from engine.casework.decisions import DecisionKind, Verdict
from engine.casework.reports import ReportRequest
from engine.errors import InvalidInput, PermissionDenied
from engine.items import ItemRef, RawItem
from engine.paging import PageRequest
from services import decisions, jobs, reports, strikes
from services.context import system_caller
from services.lake_export import export_all
from store import lake
from store.reports import ReportFilter
from tests.services.casework import desk
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.context import Context
    from tests.services.casework import Desk
    from tests.world import Organisation

POSTS = 4
ROUNDS = 6
MALLORY = ItemRef("t-user", "mallory")


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def sent(town: Town, item_id: str, reporter: str = "rita") -> ReportRequest:
    users = town.rows("SELECT object_id FROM config_heads WHERE kind='item_type' AND name='User'")
    author = {"id": "mallory", "typeId": users[0].object_id}
    raw = RawItem(item_id, town.post, None, "original", {"text": "spam", "author": author})
    return ReportRequest(ItemRef("t-user", reporter), "2026-01-05", raw)


def submit(town: Town, request: ReportRequest) -> str:
    return reports.submit(town.context, system_caller(town.org_id, "test"), request)


def test_a_report_that_cannot_be_kept_whole_is_not_kept_at_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object, **_named: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("store.reports.insert", fails)
    with pytest.raises(RuntimeError, match="disk"):
        submit(town, sent(town, "p1"))
    for table in ("reports", "jobs", "facts", "submissions", "pending"):
        assert town.rows(f"SELECT 1 FROM {table}") == [], table


def test_reports_decisions_and_verdicts_on_the_same_posts_do_not_stop_each_other(
    town: Town,
) -> None:
    """Everybody locks jobs, then people, then the clock."""
    work = replace(desk(town.context, town.org_id), type_id=town.post)
    struck = town.hook("Struck", applyUserStrikes=True)
    town.rule("spam", "text LIKE '%spam%'", struck, town.review(), policyIds=[work.policy_id])
    first = [submit(town, sent(town, f"p{n}")) for n in range(POSTS)]
    together = threading.Barrier(4)

    def repeatedly(task: Callable[[int], object]) -> int:
        together.wait(30)
        for number in range(ROUNDS):
            task(number)
        return ROUNDS

    tasks = (
        lambda n: submit(town, sent(town, f"p{n % POSTS}", f"r{n}")),
        lambda n: submit(town, sent(town, f"p{(n + 1) % POSTS}", f"q{n}")),
        lambda _: town.evaluate(),
        lambda _: _decide_next(town, work, struck),
    )
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(repeatedly, tasks)) == [ROUNDS] * 4
    town.evaluate()
    everyone = system_caller(town.org_id, "test")
    kept = reports.listed(town.context, everyone, ReportFilter(), PageRequest(200)).items
    assert len(kept) == len(first) + 2 * ROUNDS
    assert all(report.job_id for report in kept)
    assert town.rows("SELECT 1 FROM pending") == []
    executed = town.rows(f"SELECT 1 FROM action_executions WHERE action_id = '{struck}'")
    user = kept[0].author
    assert user is not None
    record = strikes.record_of(
        town.context, everyone, ItemRef(user.type_id, user.id), PageRequest()
    )
    assert record.total == len(executed)


def _decide_next(town: Town, work: Desk, action_id: str) -> None:
    """Whichever post is open in the default queue."""
    for row in town.rows("SELECT job_id::text FROM jobs WHERE state = 'open' LIMIT 1"):
        token = jobs.claim(town.context, work.ann, row.job_id).lease_token or ""
        verdict = Verdict(DecisionKind.CUSTOM_ACTION, (action_id,), (work.policy_id,))
        decisions.decide(town.context, work.ann, row.job_id, token, verdict)


def test_a_rule_that_counts_reports_fires_with_the_report_that_reaches_it(town: Town) -> None:
    hide = town.hook("Hide")
    town.rule("often reported", "reports(item) >= 2", hide)
    for reporter in ("a", "b"):
        assert town.rows("SELECT 1 FROM action_executions") == []
        submit(town, sent(town, "p1", reporter))
        town.evaluate()
    [done] = town.rows("SELECT item_id, action_id, source FROM action_executions")
    assert tuple(done) == ("p1", hide, "submit-report")


def test_reports_reach_the_lake_and_so_does_their_end(town: Town) -> None:
    report_id = submit(town, sent(town, "p1"))
    export_all(town.context, town.org_id)
    reports.invalidate(
        town.context, system_caller(town.org_id, "t"), ItemRef("t-user", "rita"), "a campaign"
    )
    export_all(town.context, town.org_id)
    found = lake.snapshot(lake.fact_uri(town.context.lake_root, town.org_id, "reports"))
    assert found is not None
    rows = [row for f in found.files for row in pq.ParquetFile(f.path).read().to_pylist()]
    newest = max(rows, key=lambda row: int(row["_xid"]))
    assert {(row["report_id"], row["item_id"], row["reporter_id"]) for row in rows} == {
        (report_id, "p1", "rita")
    }
    assert newest["invalidated_at"] == town.context.clock()


def test_taking_reports_back_needs_a_reason_and_a_permission(town: Town) -> None:
    everyone = system_caller(town.org_id, "test")
    with pytest.raises(InvalidInput):
        reports.invalidate(town.context, everyone, MALLORY, " ")
    nobody = replace(everyone, permissions=frozenset())
    for forbidden in (
        lambda: reports.invalidate(town.context, nobody, MALLORY, "r"),
        lambda: reports.standing(town.context, nobody, MALLORY),
        lambda: reports.listed(town.context, nobody, ReportFilter(), PageRequest()),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()
