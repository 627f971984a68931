"""Review, items, figures and webhooks over HTTP, on items that a rule has flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.flagged import Flagged, flagged
from tests.api.platform import Api, expect_problem, signed_in

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import MovableClock, Organisation


@pytest.fixture
def scene(admin: Api, platform: Api, context: Context, org: Organisation) -> Flagged:
    return flagged(admin, platform, context, org.org_id)


def claimed(admin: Api, scene: Flagged) -> dict[str, Any]:
    answer = admin.post(f"/queues/{scene.queue_id}/claim")
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_a_claimed_job_shows_all_it_takes_to_decide(admin: Api, scene: Flagged) -> None:
    job = claimed(admin, scene)
    assert job["queueName"] == "Default"
    assert job["state"] == "open"
    assert job["leaseToken"]
    item = job["item"]
    assert (item["itemId"], item["itemTypeName"]) == ("p1", "Post")
    fields = {field["name"]: field for field in item["fields"]}
    assert fields["text"]["spans"] == [[4, 10]]
    assert "secret" not in fields
    assert job["creator"]["itemId"] == "u1"
    assert job["creator"]["name"] == "Mallory"
    (source,) = job["sources"]
    assert (source["ruleName"], source["kind"]) == ("Crypto", "RULE_EXECUTION")
    assert source["where"] == "matches(text, 'crypto')"
    assert [one["itemId"] for one in job["otherItems"]] == ["p2"]
    assert "secret" not in job["otherItems"][0]["data"]
    assert [one["name"] for one in job["actions"]] == ["Ban", "Enqueue"]
    assert [one["name"] for one in job["policies"]] == ["Scams"]
    assert job["history"] == []


def test_an_empty_queue_answers_without_a_job(admin: Api, scene: Flagged) -> None:
    claimed(admin, scene)
    answer = admin.post(f"/queues/{scene.queue_id}/claim")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_decision_is_made_and_taken_back(admin: Api, scene: Flagged, clock: MovableClock) -> None:
    job = claimed(admin, scene)
    path = f"/jobs/{job['jobId']}"
    lease = {"leaseToken": job["leaseToken"]}
    assert admin.post(f"{path}/heartbeat", lease).json()["leasedUntil"]
    verdict = lease | {"kind": "CUSTOM_ACTION", "actionIds": [scene.action_id], "reason": "scam"}
    made = admin.post(f"{path}/decide", verdict)
    assert made.status_code == 201
    expect_problem(admin.post(f"{path}/decide", verdict), 409)

    listed = admin.get("/decisions", queueId=scene.queue_id, kind="CUSTOM_ACTION").json()["items"]
    assert [one["decisionId"] for one in listed] == [made.json()["decisionId"]]
    undone = admin.post(f"/decisions/{made.json()['decisionId']}/undo").json()
    assert undone["jobId"] == job["jobId"]
    expect_problem(admin.post(f"/decisions/{made.json()['decisionId']}/undo"), 409)

    lease = {"leaseToken": undone["leaseToken"]}
    assert admin.post(f"{path}/decide", lease | {"kind": "IGNORE"}).status_code == 201
    clock.advance(seconds=20)
    done = admin.get("/jobs", state="decided").json()["items"]
    assert [one["jobId"] for one in done] == [job["jobId"]]


def test_a_wrong_decision_is_refused_with_pointers(admin: Api, scene: Flagged) -> None:
    job = claimed(admin, scene)
    path = f"/jobs/{job['jobId']}/decide"
    wrong = {"leaseToken": job["leaseToken"], "kind": "CUSTOM_ACTION", "actionIds": ["x"]}
    (error,) = expect_problem(admin.post(path, wrong), 400)["errors"]
    assert error["pointer"] == "/actionIds/0"
    for body in (
        {},
        wrong | {"kind": "BURN"},
        wrong | {"actionIds": "x"},
        wrong | {"parameters": {"x": 3}},
        wrong | {"unknown": 1},
    ):
        expect_problem(admin.post(path, body), 400)
    expect_problem(admin.post(path, wrong | {"leaseToken": "stolen"}), 409)


def test_skipping_and_releasing_answer_with_nothing(admin: Api, scene: Flagged) -> None:
    job = claimed(admin, scene)
    for verb in ("skip", "release"):
        lease = {"leaseToken": job["leaseToken"]}
        assert admin.post(f"/jobs/{job['jobId']}/{verb}", lease).status_code == 204
        job = claimed(admin, scene)


def test_the_platforms_key_may_review_too(platform: Api, scene: Flagged) -> None:
    assert claimed(platform, scene)["item"]["itemId"] == "p1"


def test_an_item_is_found_with_its_history(admin: Api, scene: Flagged) -> None:
    found = admin.get("/items", itemId="p1").json()["items"]
    assert [one["itemTypeId"] for one in found] == [scene.type_id]
    assert found[0]["data"]["secret"] == "s1"
    by_author = admin.get("/items", creatorId="u1", itemTypeId=scene.type_id).json()["items"]
    assert [one["itemId"] for one in by_author] == ["p2", "p1"]
    assert len(admin.get("/items").json()["items"]) == 3

    history = admin.get(f"/items/{scene.type_id}/p1").json()
    assert len(history["submissions"]) == 1
    assert history["evaluations"][0]["outcomes"][0]["outcome"] == "TRUE"
    assert [one["actionName"] for one in history["actions"]] == ["Enqueue"]
    assert history["jobs"][0]["state"] == "open"
    assert history["decisions"] == []
    expect_problem(admin.get(f"/items/{scene.type_id}/nobody"), 404)


def test_hidden_fields_are_shown_to_administrators_and_keys_alone(
    admin: Api, platform: Api, base_url: str, scene: Flagged
) -> None:
    made = admin.post("/users", {"email": "mod@test.example", "role": "MODERATOR_MANAGER"}).json()
    with httpx.Client(base_url=base_url, timeout=20) as client:
        reviewer = signed_in(client, "mod@test.example", made["password"])
        for who, sees in ((admin, True), (platform, True), (reviewer, False)):
            for page in (
                who.get("/items", itemId="p1").json()["items"][0],
                who.get(f"/items/{scene.type_id}/p1").json()["submissions"][0],
            ):
                assert ("secret" in page["data"]) is sees
        assert "s1" not in reviewer.get(f"/items/{scene.type_id}/p1").text


def test_items_are_paged(admin: Api, scene: Flagged) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"itemTypeId": scene.type_id, "limit": 1, "cursor": cursor}
        page = admin.get("/items", **params).json()
        seen += [one["itemId"] for one in page["items"]]
        cursor = page["nextCursor"]
    assert seen == ["p2", "p1"]


def test_the_overview_counts_what_happened(admin: Api, scene: Flagged) -> None:
    told = admin.get("/overview", days=1).json()
    assert sum(hour["accepted"] for hour in told["volume"]) == 3
    assert sum(hour["evaluated"] for hour in told["volume"]) == 3
    matches = [(one["ruleId"], one["matches"]) for one in told["matchesByRule"]]
    assert matches == [(scene.rule_id, 1)]
    assert told["jobs"] == {"open": 1, "decidedToday": 0}
    assert told["deliveries"] == {"pending": 0, "dead": 0}
    assert told["lake"] == {"rows": None, "exportedAt": None}
    expect_problem(admin.get("/overview", days=91), 400)


def test_a_webhook_is_logged_and_sent_again(admin: Api, scene: Flagged) -> None:
    job = claimed(admin, scene)
    verdict = {
        "leaseToken": job["leaseToken"],
        "kind": "CUSTOM_ACTION",
        "actionIds": [scene.action_id],
    }
    made = admin.post(f"/jobs/{job['jobId']}/decide", verdict).json()
    (sent,) = admin.get("/webhooks/deliveries", state="pending").json()["items"]
    assert (sent["actionName"], sent["attempts"]) == ("Ban", 0)
    path = f"/webhooks/deliveries/{sent['deliveryId']}"
    page = admin.get(path).json()
    assert '"p1"' in page["body"]
    assert page["attemptLog"] == []

    expect_problem(admin.post(f"{path}/replay"), 409)
    admin.post(f"/decisions/{made['decisionId']}/undo")
    assert admin.get(path).json()["state"] == "cancelled"
    assert admin.post(f"{path}/replay").status_code == 202
    assert admin.get(path).json()["state"] == "pending"
    expect_problem(admin.get("/webhooks/deliveries/nope"), 404)
    expect_problem(admin.get("/webhooks/deliveries", state="odd"), 400)


def test_a_backtest_is_asked_for_and_stopped(admin: Api, scene: Flagged) -> None:
    wrong = expect_problem(admin.post("/backtests", {"truth": 3}), 400)
    assert {error["pointer"] for error in wrong["errors"]} >= {"/itemTypeId", "/truth"}
    asked = {"itemTypeId": scene.type_id, "where": "matches(text, 'crypto')"}
    expect_problem(admin.post("/backtests", asked | {"where": "nonsense >"}), 400)

    queued = admin.post("/backtests", asked)
    assert queued.status_code == 202
    path = f"/backtests/{queued.json()['backtestId']}"
    assert admin.get(path).json()["state"] == "queued"
    assert admin.get(f"{path}/flips").json() == {"items": [], "nextCursor": None}
    assert len(admin.get("/backtests").json()["items"]) == 1
    assert admin.post(f"{path}/cancel").json()["state"] == "cancelled"
    expect_problem(admin.post(f"{path}/cancel"), 409)
    expect_problem(admin.get("/backtests/nope"), 404)
