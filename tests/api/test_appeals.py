"""An appeal from the platform's first word to the decision it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests.api.platform import BAN, POST_TYPE, Api, expect_problem

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@dataclass(frozen=True)
class Court:
    context: Context
    org_id: int
    post: str
    user: str
    ban: str
    unban: str

    def appeal(self, number: str = "ap1", item: str = "p1", **more: object) -> dict[str, object]:
        author = {"id": "u1", "typeId": self.user}
        return {
            "appealId": number,
            "appealedBy": author,
            "appealedAt": "2026-01-05T09:00:00Z",
            "actionedItem": {
                "id": item,
                "typeId": self.post,
                "data": {"text": "hello", "author": author},
            },
            "actionsTaken": [self.ban],
        } | more

    def rows(self, query: str) -> list[Any]:
        with self.context.database.transaction(self.org_id) as tx:
            return list(tx.execute(text(query)).all())


@pytest.fixture
def court(admin: Api, context: Context, org: Organisation) -> Court:
    post = admin.made("item-types", POST_TYPE)["id"]
    unban = admin.made("actions", {**BAN, "name": "Unban"})["id"]
    ban = admin.made("actions", {**BAN, "reversalActionId": unban})["id"]
    return Court(context, org.org_id, post, admin.ids("item-types")["User"], ban, unban)


def accepted(platform: Api, body: object) -> None:
    answer = platform.post("/report/appeal", body)
    assert (answer.status_code, answer.text) == (204, "")


def the_job(admin: Api) -> dict[str, Any]:
    (job,) = admin.get("/jobs").json()["items"]
    found: dict[str, Any] = admin.get(f"/jobs/{job['jobId']}").json()
    return found


def decided(admin: Api, kind: str, **more: object) -> dict[str, Any]:
    body = {"jobId": the_job(admin)["jobId"], "kind": kind, **more}
    answer = admin.post("/decisions", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_an_appeal_is_kept_and_opens_a_job(admin: Api, platform: Api, court: Court) -> None:
    accepted(platform, court.appeal(appealReason="it was a joke"))
    job = the_job(admin)
    assert job["kind"] == "APPEAL"
    assert job["appeals"][0]["reason"] == "it was a joke"
    assert job["appeals"][0]["against"] == []
    (source,) = job["sources"]
    assert (source["kind"], source["appealId"]) == ("APPEAL", "ap1")
    assert next(field["value"] for field in job["item"]["fields"]) == "hello"


def test_a_slash_and_any_case_are_the_same_route(platform: Api, court: Court) -> None:
    for path in ("/report/appeal/", "/Report/Appeal"):
        assert platform.post(path, court.appeal(path)).status_code == 204


def test_a_second_appeal_is_kept_and_linked(admin: Api, platform: Api, court: Court) -> None:
    accepted(platform, court.appeal("ap1"))
    accepted(platform, court.appeal("ap2"))
    first, second = the_job(admin)["appeals"]
    assert (first["appealId"], second["appealId"]) == ("ap1", "ap2")
    assert second["earlierId"] == first["id"]
    assert [source["appealId"] for source in the_job(admin)["sources"]] == ["ap1", "ap2"]


def test_an_appeal_sent_twice_is_kept_once(admin: Api, platform: Api, court: Court) -> None:
    accepted(platform, court.appeal())
    accepted(platform, court.appeal())
    assert len(admin.get("/appeals").json()["items"]) == 1


def test_an_item_never_sent_is_kept_without_being_judged(platform: Api, court: Court) -> None:
    accepted(platform, court.appeal())
    assert court.rows("SELECT item_id, source FROM submissions") == [("p1", "submit-appeal")]
    assert court.rows("SELECT seq FROM pending") == []
    accepted(platform, court.appeal("ap2"))
    assert len(court.rows("SELECT seq FROM submissions")) == 1


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"actionsTaken": ["zz"]}, "zz"),
        ({"appealedAt": "no time"}, "appealedAt"),
        ({"additionalItems": "user"}, "content"),
        ({"actionedItem": "bad"}, "Item"),
    ],
)
def test_a_wrong_appeal_is_refused(
    platform: Api, court: Court, change: dict[str, Any], title: str
) -> None:
    if change.get("additionalItems") == "user":
        person = {"id": "2", "typeId": court.user, "data": {"name": "N"}}
        change = {"actionsTaken": [], "additionalItems": [person]}
    if change.get("actionedItem") == "bad":
        change = {"actionedItem": {"id": "1", "typeId": court.post, "data": {}}}
    answer = platform.post("/report/appeal", court.appeal(**change))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert title in error["title"]
    assert set(error) <= {"status", "type", "title", "detail"}
    assert error["type"][-1] == "/errors/invalid-user-input"


def test_every_unknown_action_is_named(platform: Api, court: Court) -> None:
    answer = platform.post("/report/appeal", court.appeal(actionsTaken=["yy", "zz"]))
    titles = [error["title"] for error in answer.json()["errors"]]
    assert ["yy" in titles[0], "zz" in titles[1]] == [True, True]
    assert all(set(e) == {"status", "type", "title"} for e in answer.json()["errors"])


def test_the_shape_is_looked_at_before_the_key(anybody: Api, court: Court) -> None:
    wrong = anybody.post("/report/appeal", {"appealId": 7})
    assert wrong.status_code == 400
    assert "must have required property 'appealedBy'" in wrong.json()["errors"][0]["detail"]
    refused = anybody.post("/report/appeal", court.appeal())
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["title"] == "Invalid API Key"


def test_an_accepted_appeal_tells_the_platform_and_takes_the_action_back(
    admin: Api, platform: Api, court: Court
) -> None:
    callback = {"url": "https://platform.example/appeals", "body": {"k": "v"}}
    assert admin.put("/org/settings", {"appealCallback": callback}).status_code == 200
    accepted(platform, court.appeal("ap1"))
    accepted(platform, court.appeal("ap2"))
    done = decided(admin, "ACCEPT_APPEAL", reason="a joke indeed")

    sent = court.rows("SELECT kind, convert_from(body, 'UTF8')::json FROM outbox ORDER BY kind")
    assert [kind for kind, _ in sent] == ["action", "appeal-decision", "appeal-decision"]
    assert sent[0][1]["action"] == {"id": court.unban}
    assert sent[0][1]["decisionReason"] == "a joke indeed"
    told = {body["appealId"]: body for _, body in sent[1:]}
    assert told["ap1"] == {
        "appealId": "ap1",
        "appealedBy": {"id": "u1", "typeId": court.user},
        "appealDecision": "ACCEPT",
        "item": {"id": "p1", "typeId": court.post},
        "custom": {"k": "v"},
    }
    states = {one["appealId"]: one["state"] for one in admin.get("/appeals").json()["items"]}
    assert states == {"ap1": "ACCEPT", "ap2": "ACCEPT"}
    one = admin.get(f"/decisions/{done['decisionId']}").json()
    assert (one["kind"], one["actionIds"]) == ("ACCEPT_APPEAL", [])
    labels = court.rows("SELECT violating, source FROM labels")
    assert labels == [(False, "appeal")]


def test_a_rejected_appeal_takes_nothing_back(admin: Api, platform: Api, court: Court) -> None:
    accepted(platform, court.appeal())
    decided(admin, "REJECT_APPEAL")
    assert court.rows("SELECT kind FROM outbox") == []
    assert court.rows("SELECT violating, source FROM labels") == [(True, "appeal")]
    accepted(platform, court.appeal("ap2"))
    newest = admin.get("/appeals", state="OPEN").json()["items"]
    assert [one["appealId"] for one in newest] == ["ap2"]
    assert newest[0]["earlierId"]


def test_without_reversal_in_the_settings_only_the_platform_is_told(
    admin: Api, platform: Api, court: Court
) -> None:
    admin.put("/org/settings", {"appealReversal": False})
    accepted(platform, court.appeal())
    decided(admin, "ACCEPT_APPEAL")
    assert court.rows("SELECT kind FROM outbox") == []


def test_an_appeal_undone_waits_again(admin: Api, platform: Api, court: Court) -> None:
    admin.put("/org/settings", {"appealCallback": {"url": "https://platform.example/appeals"}})
    accepted(platform, court.appeal())
    done = decided(admin, "ACCEPT_APPEAL")
    assert admin.post(f"/decisions/{done['decisionId']}/undo").status_code == 200
    assert {state for (state,) in court.rows("SELECT state FROM outbox")} == {"cancelled"}
    (one,) = admin.get("/appeals").json()["items"]
    assert (one["state"], one["decisionId"]) == ("OPEN", None)
    assert court.rows("SELECT label_id FROM labels") == []
    decided(admin, "REJECT_APPEAL")


def test_an_appeal_is_not_ignored_nor_another_job_accepted(
    admin: Api, platform: Api, court: Court
) -> None:
    accepted(platform, court.appeal())
    wrong = {"jobId": the_job(admin)["jobId"], "kind": "IGNORE"}
    problem = expect_problem(admin.post("/decisions", wrong), 400)
    assert problem["errors"][0]["pointer"] == "/kind"


def test_who_acted_does_not_judge_the_appeal(admin: Api, platform: Api, court: Court) -> None:
    review = admin.made("actions", {"name": "Look", "type": "ENQUEUE_TO_MRT"})["id"]
    author = {"id": "u1", "typeId": court.user}
    platform.sent(court.post, {"id": "p1", "text": "hello", "author": author})
    take = {"actionId": review, "itemId": "p1", "itemTypeId": court.post}
    assert platform.post("/actions", take).status_code == 202
    decided(admin, "CUSTOM_ACTION", actionIds=[court.ban])
    accepted(platform, court.appeal())

    job = the_job(admin)
    (against,) = job["appeals"][0]["against"]
    assert against["actorName"] != against["actor"]
    assert admin.post(f"/queues/{job['queueId']}/claim").status_code == 204
    refusal = expect_problem(admin.post(f"/jobs/{job['jobId']}/claim"), 409)
    assert "own decision" in refusal["detail"]
    expect_problem(admin.post("/decisions", {"jobId": job["jobId"], "kind": "REJECT_APPEAL"}), 409)
    assert platform.post(f"/queues/{job['queueId']}/claim").status_code == 200

    admin.put("/org/settings", {"independentAppealReviewer": False})
    expect_problem(admin.post(f"/jobs/{job['jobId']}/claim"), 409)


def test_figures_say_how_often_what_was_done_did_not_hold(
    admin: Api, platform: Api, court: Court, clock: MovableClock
) -> None:
    empty = admin.get("/appeals/metrics").json()
    assert (empty["all"]["resolved"], empty["all"]["rate"]) == (0, None)
    spam = admin.made("policies", {"name": "Spam"})["id"]
    for number, kind in enumerate(["ACCEPT_APPEAL", "REJECT_APPEAL", "REJECT_APPEAL"]):
        body = court.appeal(f"a{number}", f"p{number}", violatingPolicies=[{"id": spam}])
        accepted(platform, body)
        clock.advance(seconds=60)
        decided(admin, kind)
    accepted(platform, court.appeal("a9", "p9"))
    clock.advance(seconds=1)
    figures = admin.get("/appeals/metrics", days=1).json()
    assert figures["waiting"] == 1
    assert figures["medianSecondsToDecide"] == 60
    for rate in (figures["all"], figures["byPolicy"][0], figures["byAction"][0]):
        assert (rate["overturned"], rate["resolved"]) == (1, 3)
        assert rate["low"] < rate["rate"] < rate["high"]
    assert figures["byPolicy"][0]["name"] == "Spam"
    assert [rate["key"] for rate in figures["byDay"]] == ["2026-01-05"]


def test_appeals_are_listed_by_what_is_asked(
    admin: Api, platform: Api, court: Court, clock: MovableClock
) -> None:
    for number in range(3):
        clock.advance(seconds=1)
        accepted(platform, court.appeal(f"a{number}", f"p{number}"))
    page = admin.get("/appeals", limit=2).json()
    assert [one["appealId"] for one in page["items"]] == ["a2", "a1"]
    rest = admin.get("/appeals", limit=2, cursor=page["nextCursor"]).json()
    assert [one["appealId"] for one in rest["items"]] == ["a0"]
    found = admin.get("/appeals", itemId="p1", itemTypeId=court.post, state="OPEN").json()["items"]
    assert [one["appealId"] for one in found] == ["a1"]
    assert admin.get("/appeals", appealId="nobody").json()["items"] == []
    assert admin.get(f"/appeals/{found[0]['id']}").json() == found[0]
    expect_problem(admin.get("/appeals/00000000-0000-0000-0000-000000000000"), 404)
