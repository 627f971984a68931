"""What users report reaches a reviewer whole, and is kept before it is acknowledged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from tests.api.platform import Api, expect_problem, pointers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.context import Context
    from tests.world import Organisation

NAME = {"name": "name", "type": "STRING", "required": True}
AUTHOR = {"name": "author", "type": "RELATED_ITEM"}
NOW = "2026-01-05T09:00:00Z"


@pytest.fixture
def types(admin: Api) -> dict[str, str]:
    """By kind, the id of a type whose only required field is `name`."""
    post = {"name": "Post", "kind": "CONTENT", "fields": [NAME, AUTHOR]}
    return {
        "content": admin.made("item-types", {**post, "roles": {"creatorId": "author"}})["id"],
        "thread": admin.made("item-types", {"name": "Thread", "kind": "THREAD", "fields": [NAME]})[
            "id"
        ],
        "user": admin.ids("item-types")["User"],
    }


def item(type_id: str, identity: str, **data: object) -> dict[str, object]:
    return {"id": identity, "typeId": type_id, "data": {"name": "N1", **data}}


def body(types: Mapping[str, str], reported: object = None, **more: object) -> dict[str, Any]:
    return {
        "reporter": {"kind": "user", "typeId": types["user"], "id": "rita"},
        "reportedAt": NOW,
        "reportedItem": reported or item(types["content"], "p1"),
        **more,
    }


def reported(platform: Api, sent: Mapping[str, object]) -> str:
    answer = platform.post("/report", sent)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"reportId"}
    return str(UUID(answer.json()["reportId"]))


def open_jobs(admin: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get("/jobs").json()["items"]
    return found


def test_a_report_is_a_job_with_its_reason_and_its_context(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    content, author = types["content"], {"id": "mallory", "typeId": types["user"]}
    sent = body(
        types,
        item(content, "p1", author=author),
        reportedForReason={"policyId": "unknown", "reason": "rude"},
        reportedItemThread=[item(content, "t1"), item(content, "t2")],
        reportedItemsInThread=[{"id": "t2", "typeId": content}],
        additionalItems=[item(types["user"], "friend"), item(content, "p1")],
    )
    report_id = reported(platform, sent)
    [job] = open_jobs(admin)
    page = admin.get(f"/jobs/{job['jobId']}").json()
    assert (page["kind"], page["item"]["itemId"], page["policyIds"]) == ("DEFAULT", "p1", [])
    [source] = page["sources"]
    assert (source["kind"], source["reportId"], source["reason"]) == ("REPORT", report_id, "rude")
    assert source["reporter"] == {"typeId": types["user"], "id": "rita"}
    [report] = page["reports"]
    assert (report["reportId"], report["policyId"], report["state"]) == (
        report_id,
        "unknown",
        "open",
    )
    thread = [(one["item"]["itemId"], one["flagged"]) for one in page["thread"]]
    assert thread == [("t1", False), ("t2", True)]
    assert {one["itemId"] for one in page["additionalItems"]} == {"friend", "p1"}


def test_what_a_report_says_is_read_back(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    scams = admin.made("policies", {"name": "Scams"})["id"]
    author = {"id": "mallory", "typeId": types["user"]}
    sent = body(
        types,
        item(types["content"], "p1", author=author),
        reportedForReason={"policyId": scams, "reason": None, "csam": None},
    )
    report_id = reported(platform, sent)
    found = admin.get(f"/reports/{report_id}").json()
    assert found["item"] == {"typeId": types["content"], "id": "p1"}
    assert found["author"] == {"typeId": types["user"], "id": "mallory"}
    assert (found["policyName"], found["reason"], found["csam"]) == ("Scams", None, False)
    assert open_jobs(admin)[0]["policyIds"] == [scams]


def test_reports_of_one_item_share_a_job_however_many_come_at_once(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    def send(number: int) -> str:
        sent = body(types)
        sent["reporter"]["id"] = f"r{number}"
        return reported(platform, sent)

    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(send, range(16)))
    [job] = open_jobs(admin)
    page = admin.get(f"/jobs/{job['jobId']}").json()
    assert {source["reportId"] for source in page["sources"]} == ids
    assert {report["reportId"] for report in page["reports"]} == ids


def test_child_sexual_abuse_goes_to_child_safety_about_the_author(
    admin: Api, platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    author = {"id": "mallory", "typeId": types["user"]}
    sent = body(
        types,
        item(types["content"], "p1", author=author),
        reportedForReason={"csam": True},
        additionalItems=[item(types["content"], "p2")],
    )
    reported(platform, sent)
    [job] = open_jobs(admin)
    assert (job["kind"], job["itemTypeId"], job["itemId"]) == ("NCMEC", types["user"], "mallory")
    assert waiting(context, org) == 0


def test_without_an_author_child_safety_is_about_the_item(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    reported(platform, body(types, reportedForReason={"csam": True}))
    [job] = open_jobs(admin)
    assert (job["kind"], job["itemId"]) == ("NCMEC", "p1")


def test_reports_of_child_sexual_abuse_are_kept_from_who_may_not_see_them(
    admin: Api, platform: Api, types: Mapping[str, str], base_url: str
) -> None:
    secret = reported(platform, body(types, reportedForReason={"csam": True}))
    plain = reported(platform, body(types))
    made = admin.post("/api-keys", {"name": "Review", "scopes": ["review"]}).json()
    with httpx.Client(base_url=base_url, headers={"X-API-Key": made["key"]}, timeout=20) as client:
        limited = Api(client)
        assert [one["reportId"] for one in limited.get("/reports").json()["items"]] == [plain]
        expect_problem(limited.get(f"/reports/{secret}"), 403)
        assert limited.get(f"/reports/{plain}").status_code == 200
        assert [job["kind"] for job in open_jobs(limited)] == ["DEFAULT"]
        reporter = {"typeId": types["user"], "id": "rita"}
        taken = limited.post("/reports/invalidate", {"reporter": reporter, "reason": "spite"})
        assert taken.json() == {"reports": 1, "jobsClosed": 1}
    states = {one["reportId"]: one["state"] for one in admin.get("/reports").json()["items"]}
    assert states == {secret: "open", plain: "invalidated"}


def waiting(context: Context, org: Organisation) -> int:
    with context.database.transaction(org.org_id) as tx:
        return int(tx.execute(text("SELECT count(*) FROM pending")).scalar_one())


def test_a_reported_item_is_judged_by_rules_that_know_of_the_report(
    platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    platform.sent(types["content"], {"id": "p1", "name": "N1"}, {"id": "t1", "name": "N1"})
    judge(context, org)
    known = item(types["content"], "t1", id="t1")
    reported(platform, body(types, reportedItemThread=[known]))
    assert waiting(context, org) == 1
    with context.database.transaction(org.org_id) as tx:
        rows = tx.execute(text("SELECT item_id, source FROM submissions ORDER BY seq")).all()
        facts = tx.execute(
            text(
                "SELECT f.kind, f.subject_id, f.at < s.arrived_at AS known, f.cause_id"
                " FROM facts AS f, submissions AS s WHERE s.seq = 3"
            )
        ).all()
    assert [tuple(row) for row in rows] == [
        ("p1", "post-items"),
        ("t1", "post-items"),
        ("p1", "submit-report"),
    ]
    assert [tuple(row) for row in facts] == [("report", "p1", True, "rita")]


def test_reports_of_a_post_repeat_no_action_that_was_taken_on_it(
    admin: Api, platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    strike = {"name": "Strike", "callbackUrl": "https://p.example/s", "applyUserStrikes": True}
    rule = {
        "name": "All",
        "status": "LIVE",
        "where": "name = 'N1'",
        "itemTypeIds": [types["content"]],
        "actionIds": [admin.made("actions", strike)["id"]],
        "policyIds": [admin.made("policies", {"name": "Rude"})["id"]],
        "examples": [
            {"data": {"name": "N1"}, "matches": True},
            {"data": {"name": "N2"}, "matches": False},
        ],
    }
    admin.made("rules", rule)
    author = {"id": "mallory", "typeId": types["user"]}
    for _ in range(3):
        reported(platform, body(types, item(types["content"], "p1", author=author)))
        judge(context, org)
    strikes = admin.get("/strikes", userTypeId=types["user"], userId="mallory").json()
    assert strikes["total"] == 1
    with context.database.transaction(org.org_id) as tx:
        sources = tx.execute(text("SELECT source FROM action_executions")).scalars().all()
    assert sources == ["submit-report"]


def judge(context: Context, org: Organisation) -> None:
    live = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, live, Pace()):
        pass


def test_the_item_and_its_author_are_each_known_to_be_reported(
    platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    author = {"id": "mallory", "typeId": types["user"]}
    reported(platform, body(types, item(types["content"], "p1", author=author)))
    reported(platform, body(types, item(types["user"], "mallory")))
    with context.database.transaction(org.org_id) as tx:
        found = tx.execute(text("SELECT subject_id FROM facts ORDER BY at")).scalars().all()
    assert found == ["p1", "mallory", "mallory"]


def test_reports_are_found_by_item_reporter_policy_and_state(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    content = types["content"]
    first = reported(platform, body(types, item(content, "p1")))
    second = reported(
        platform, body(types, item(content, "p2"), reportedForReason={"policyId": "x"})
    )

    def ids(**wanted: str) -> list[str]:
        return [one["reportId"] for one in admin.get("/reports", **wanted).json()["items"]]

    assert sorted(ids()) == sorted([first, second])
    assert ids(itemTypeId=content, itemId="p1") == [first]
    assert ids(policyId="x") == [second]
    assert sorted(ids(reporterTypeId=types["user"], reporterId="rita")) == sorted([first, second])
    assert ids(reporterTypeId=types["user"], reporterId="bob") == []
    assert sorted(ids(state="open")) == sorted([first, second])
    assert ids(state="upheld") == []
    pages = admin.get("/reports", limit="1").json()
    rest = admin.get("/reports", limit="1", cursor=pages["nextCursor"]).json()
    assert {pages["items"][0]["reportId"], rest["items"][0]["reportId"]} == {first, second}
    assert rest["nextCursor"] is None


def decide(admin: Api, item_id: str, kind: str, action_id: str = "") -> None:
    [job] = [job for job in open_jobs(admin) if job["itemId"] == item_id]
    token = admin.post(f"/jobs/{job['jobId']}/claim").json()["leaseToken"]
    actions = [action_id] if action_id else []
    verdict = {"leaseToken": token, "kind": kind, "actionIds": actions}
    assert admin.post(f"/jobs/{job['jobId']}/decide", verdict).status_code == 201


def test_a_reporter_s_standing_is_what_became_of_the_reports(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    ban = admin.made("actions", {"name": "Ban", "callbackUrl": "https://p.example/b"})["id"]
    for identity in ("p1", "p2", "p3"):
        reported(platform, body(types, item(types["content"], identity)))
    decide(admin, "p1", "CUSTOM_ACTION", ban)
    decide(admin, "p2", "IGNORE")
    who = {"reporterTypeId": types["user"], "reporterId": "rita"}
    found = admin.get("/reports/standing", **who).json()
    assert {key: found[key] for key in ("reports", "open", "upheld", "dismissed")} == {
        "reports": 3,
        "open": 1,
        "upheld": 1,
        "dismissed": 1,
    }
    assert found["accuracy"] == 0.5


def test_a_decision_on_a_reported_item_tells_the_platform_of_the_reports(
    admin: Api, platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    ban = admin.made("actions", {"name": "Ban", "callbackUrl": "https://p.example/b"})["id"]
    for reason in ("first", "second"):
        reported(platform, body(types, reportedForReason={"reason": reason}))
    decide(admin, "p1", "CUSTOM_ACTION", ban)
    with context.database.transaction(org.org_id) as tx:
        [custom] = tx.execute(
            text("SELECT convert_from(body, 'UTF8')::json -> 'custom' FROM outbox")
        ).scalars()
    rita = {"id": "rita", "typeId": types["user"]}
    assert custom["reportHistory"] == [
        {"reason": "second", "reporter": rita},
        {"reason": "first", "reporter": rita},
    ]
    assert "reason" in custom


def test_the_reports_of_a_bad_faith_reporter_are_taken_back(
    admin: Api, platform: Api, types: Mapping[str, str], context: Context, org: Organisation
) -> None:
    scams = admin.made("policies", {"name": "Scams"})["id"]
    alone = reported(platform, body(types, item(types["content"], "p1")))
    shared = reported(
        platform,
        body(types, item(types["content"], "p2"), reportedForReason={"policyId": scams}),
    )
    other = body(types, item(types["content"], "p2"))
    other["reporter"]["id"] = "honest"
    kept = reported(platform, other)
    rita = {"typeId": types["user"], "id": "rita"}
    answer = admin.post("/reports/invalidate", {"reporter": rita, "reason": "a campaign"})
    assert answer.json() == {"reports": 2, "jobsClosed": 1}
    [job] = open_jobs(admin)
    assert (job["itemId"], job["policyIds"]) == ("p2", [])
    page = admin.get(f"/jobs/{job['jobId']}").json()
    assert [source["reportId"] for source in page["sources"]] == [kept]
    for report_id in (alone, shared):
        found = admin.get(f"/reports/{report_id}").json()
        assert (found["state"], found["invalidatedReason"]) == ("invalidated", "a campaign")
    with context.database.transaction(org.org_id) as tx:
        held = tx.execute(text("SELECT cause_id FROM facts WHERE withdrawn_at IS NULL"))
        assert held.scalars().all() == ["honest"]
        logged = tx.execute(text("SELECT detail FROM audit_log WHERE event='report:invalidate'"))
        assert logged.scalar_one()["reports"] == 2
    again = admin.post("/reports/invalidate", {"reporter": rita, "reason": "a campaign"})
    assert again.json() == {"reports": 0, "jobsClosed": 0}


def test_the_key_of_a_report_is_checked_after_its_shape(
    anybody: Api, types: Mapping[str, str]
) -> None:
    wrong = anybody.post("/report", {})
    assert wrong.status_code == 400
    [error] = wrong.json()["errors"]
    assert "pointer" not in error
    assert "reporter" in error["detail"]
    stranger = anybody.post("/report/", body(types))
    assert stranger.status_code == 401
    assert set(stranger.json()["errors"][0]) == {"status", "type", "title", "detail", "requestId"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"reporter": {"kind": "rule", "id": "r"}}, "/reporter"),
        ({"reporter": {"kind": "rule", "id": "r", "typeId": "t"}}, "/reporter/kind"),
        ({"reporter": {"kind": "user", "id": 7, "typeId": "t"}}, "/reporter/id"),
        ({"reporter": {"kind": "user", "id": "a\0", "typeId": "t"}}, "/reporter/id"),
        ({"reportedAt": 7}, "/reportedAt"),
        ({"reportedItem": {"id": "p1", "typeId": "t"}}, "/reportedItem"),
        ({"reportedForReason": None}, "/reportedForReason"),
        ({"reportedForReason": {"csam": "yes"}}, "/reportedForReason/csam"),
        ({"reportedItemThread": {}}, "/reportedItemThread"),
        ({"reportedItemThread": [{"id": "x"}]}, "/reportedItemThread/0"),
        ({"reportedItemsInThread": [{"id": "x"}]}, "/reportedItemsInThread/0"),
        ({"additionalItems": "none"}, "/additionalItems"),
    ],
)
def test_a_body_of_another_shape_is_refused_with_its_place(
    platform: Api, change: Mapping[str, object], pointer: str
) -> None:
    sent = body({"user": "t", "content": "t"}, **change)
    answer = platform.post("/report", sent)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["type"] == ["/errors/invalid-user-input"]
    assert error["title"] == "Request body failed schema validation."


def test_a_time_that_is_none_is_refused(platform: Api, types: Mapping[str, str]) -> None:
    answer = platform.post("/report", body(types, reportedAt="yesterday"))
    assert answer.json() == {
        "errors": [
            {
                "status": 400,
                "type": ["/errors/invalid-user-input"],
                "title": "Invalid reportedAt time",
            }
        ]
    }


@pytest.mark.parametrize(
    "moment",
    ["2026-01-05", "2026-01-05T09:00+01:00", "Mon, 05 Jan 2026 09:00:00 GMT", "Jan 5, 2026"],
)
def test_a_time_as_browsers_write_it_is_read(
    platform: Api, types: Mapping[str, str], moment: str
) -> None:
    assert reported(platform, body(types, reportedAt=moment))


DATA_SLUGS = ["/errors/data-invalid-for-item-type", "/errors/invalid-user-input"]


def test_a_bad_message_of_a_thread_is_told_with_a_summary(
    platform: Api, types: Mapping[str, str]
) -> None:
    bad = {"id": "2", "typeId": types["content"], "data": {}}
    answer = platform.post("/report", body(types, reportedItemThread=[bad]))
    assert answer.status_code == 400
    message, summary = answer.json()["errors"]
    assert (message["type"], set(message)) == (DATA_SLUGS, {"status", "type", "title", "detail"})
    assert "name" in message["detail"]
    assert (summary["type"], set(summary)) == (DATA_SLUGS[1:], {"status", "type", "title"})


@pytest.mark.parametrize("kind", ["user", "thread"])
def test_a_thread_holds_content_alone(platform: Api, types: Mapping[str, str], kind: str) -> None:
    answer = platform.post("/report", body(types, reportedItemThread=[item(types[kind], "2")]))
    assert [error["type"] for error in answer.json()["errors"]] == [DATA_SLUGS[1:]]


def test_a_bad_additional_item_is_one_summary(platform: Api, types: Mapping[str, str]) -> None:
    bad = {"id": "2", "typeId": types["content"], "data": {}}
    answer = platform.post("/report", body(types, additionalItems=[bad]))
    [error] = answer.json()["errors"]
    assert (error["type"], set(error)) == (DATA_SLUGS[1:], {"status", "type", "title"})
    assert "additionalItems" in error["title"]


def test_a_thread_is_reported_without_additional_items(
    platform: Api, types: Mapping[str, str]
) -> None:
    thread = item(types["thread"], "t1")
    assert reported(platform, body(types, thread, itemThreadContentItems=["ignored"]))
    more = body(types, thread, additionalItems=[item(types["content"], "p1")])
    assert platform.post("/report", more).status_code == 400


def test_an_item_of_no_type_is_refused_and_nothing_is_kept(
    admin: Api, platform: Api, types: Mapping[str, str]
) -> None:
    answer = platform.post("/report", body(types, item("none", "p1")))
    assert answer.status_code == 400
    assert "item type" in answer.json()["errors"][0]["title"]
    assert open_jobs(admin) == []
    assert admin.get("/reports").json()["items"] == []


def test_native_routes_refuse_in_their_own_shape(admin: Api, platform: Api) -> None:
    expect_problem(admin.get("/reports/none"), 404)
    expect_problem(admin.get("/reports", itemId="p1"), 400)
    blank = {"reporter": {"typeId": "t", "id": "r"}, "reason": " "}
    assert pointers(admin.post("/reports/invalidate", blank)) == ["/reason"]
    assert platform.get("/reports").status_code == 200
