"""A configuration leaves one organisation and arrives whole in another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.packs.source import read_source
from services.organisations import create_organisation
from tests.api.platform import BAN, POST_TYPE, Api, expect_problem, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context


@pytest.fixture
def other(base_url: str, context: Context) -> Iterator[Api]:
    """The administrator of a fresh organisation."""
    made = create_organisation(context, "Other", "admin@other.example")
    with httpx.Client(base_url=base_url, timeout=20) as client:
        yield signed_in(client, made.admin_email, made.admin_password)


@pytest.fixture
def furnished(admin: Api) -> Api:
    """One of everything, and whatever may refer to something else."""
    post = admin.made("item-types", POST_TYPE)["id"]
    above = admin.made("policies", {"name": "Fraud"})["id"]
    policy = admin.made("policies", {"name": "Scams/'quick'", "parentId": above})["id"]
    urgent = admin.made("queues", {"name": "Urgent", "isDefault": True})["id"]
    headers = {"Authorization": "secret"}
    unban = admin.made("actions", BAN | {"name": "Unban", "callbackUrlHeaders": headers})["id"]
    ban = admin.made("actions", BAN | {"itemTypeIds": [post], "reversalActionId": unban})["id"]
    review = {"name": "Review", "type": "ENQUEUE_TO_MRT", "queueId": urgent}
    admin.made("actions", review)
    admin.put(f"/config/queues/{urgent}", {**_sent(admin, urgent), "hiddenActionIds": [ban]})
    admin.made("banks", {"name": "words", "terms": [{"text": "@policy/Fraud", "note": "odd"}]})
    author = {"id": "u", "typeId": admin.ids("item-types")["User"]}
    admin.made(
        "rules",
        {
            "name": "Words",
            "status": "LIVE",
            "where": f"matches(text, 'words') OR text = '{policy}' OR text = '@action/x'",
            "itemTypeIds": [post],
            "actionIds": [ban],
            "policyIds": [policy],
            "examples": [
                {"data": {"text": "@policy/Fraud", "author": author}, "matches": True},
                {"data": {"text": "no"}, "matches": False},
            ],
        },
    )
    thresholds = [{"threshold": 3, "actionIds": [ban]}]
    callback = {"url": "https://x.example/", "headers": {"Key": "hidden"}}
    settings = {"strikeThresholds": thresholds, "appealCallback": callback}
    assert admin.put("/org/settings", settings).status_code == 200
    return admin


def _sent(admin: Api, queue_id: str) -> dict[str, Any]:
    found: dict[str, Any] = admin.get(f"/config/queues/{queue_id}").json()
    return found


def exported(api: Api) -> dict[str, Any]:
    answer = api.get("/config/export")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def brought(api: Api, document: object, **query: object) -> dict[str, Any]:
    params = {key: str(value) for key, value in query.items()}
    answer = api.client.post("/config/import", json=document, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_document_names_what_it_refers_to_and_holds_no_secret(furnished: Api) -> None:
    document = exported(furnished)
    rule = document["rules"][0]
    assert rule["itemTypeIds"] == ["@item-type/Post"]
    assert rule["policyIds"] == ["@policy/Scams/'quick'"]
    assert "'@policy/Scams/''quick'''" in rule["where"]
    assert "'@@action/x'" in rule["where"]
    assert rule["examples"][0]["data"]["author"]["typeId"] == "@item-type/User"
    assert document["banks"][0]["terms"][0]["text"] == "@@policy/Fraud"
    assert document["settings"]["strikeThresholds"][0]["actionIds"] == ["@action/Ban"]
    text = json.dumps(document)
    assert "secret" not in text.replace('"secret"', "")
    assert "hidden" not in text.replace("hiddenFields", "").replace("hiddenActionIds", "")


def test_a_fresh_organisation_becomes_the_same(furnished: Api, other: Api) -> None:
    document = exported(furnished)
    planned = brought(other, document, dryRun="true")
    assert exported(other) != document
    done = brought(other, document)
    strip = {"objectId", "version"}
    assert [
        {k: v for k, v in s.items() if k not in strip} | {"difference": 0} for s in done["steps"]
    ] == [
        {k: v for k, v in s.items() if k not in strip} | {"difference": 0} for s in planned["steps"]
    ]
    after = exported(other)
    queues = {one["name"]: one["isDefault"] for one in after["queues"]}
    assert queues == {"Default": False, "Urgent": True}
    assert after == document
    assert {s["name"]: s["secrets"] for s in done["steps"] if s["secrets"]} == {
        "Unban": ["Authorization"],
        "Organisation settings": ["Key"],
    }
    assert other.ids("rules")["Words"] != furnished.ids("rules")["Words"]


def test_importing_what_is_there_changes_nothing(furnished: Api) -> None:
    before = furnished.get("/org").json()["configVersion"]
    told = brought(furnished, exported(furnished))
    assert told["steps"] == []
    assert told["unchanged"] > 8
    assert furnished.get("/org").json()["configVersion"] == before
    action = furnished.get(f"/config/actions/{furnished.ids('actions')['Unban']}").json()
    assert action["callbackUrlHeaders"] == {"Authorization": "secret"}


def test_yaml_says_the_same(furnished: Api, other: Api) -> None:
    text = furnished.get("/config/export", format="yaml").text
    assert read_source(text, "x").value == exported(furnished)
    answer = other.client.post(
        "/config/import", content=text, headers={"Content-Type": "application/yaml"}
    )
    assert answer.status_code == 200, answer.text
    assert exported(other) == exported(furnished)


def test_a_change_is_told_line_by_line(furnished: Api) -> None:
    document = exported(furnished)
    document["rules"][0]["where"] = "text = 'x'"
    document["rules"][0]["status"] = "SHADOW"
    [step] = brought(furnished, document, dryRun="true")["steps"]
    assert (step["doing"], step["kind"], step["name"]) == ("update", "rule", "Words")
    assert "+where: text = 'x'" in step["difference"]["text"].splitlines()


def test_what_is_not_named_stays_unless_it_is_to_go(furnished: Api) -> None:
    document = exported(furnished)
    document["rules"] = []
    document["settings"]["strikeThresholds"] = []
    document["queues"][1]["hiddenActionIds"] = []
    document["actions"] = [one for one in document["actions"] if one["name"] == "Review"]
    document["policies"] = []
    assert all(s["doing"] != "delete" for s in brought(furnished, document)["steps"])
    steps = brought(furnished, document, prune="true")["steps"]
    gone = {(step["kind"], step["name"]) for step in steps if step["doing"] == "delete"}
    assert gone == {
        ("rule", "Words"),
        ("action", "Ban"),
        ("action", "Unban"),
        ("policy", "Fraud"),
        ("policy", "Scams/'quick'"),
    }
    assert exported(furnished) == document


def test_one_mistake_keeps_everything_out(furnished: Api, other: Api) -> None:
    document = exported(furnished)
    before = exported(other)
    document["rules"][0]["actionIds"] = ["@action/Nothing"]
    document["policies"][0]["severity"] = "AWFUL"
    answer = other.client.post("/config/import", json=document)
    found = {one["pointer"]: one["message"] for one in expect_problem(answer, 400)["errors"]}
    assert found["/rules/0/actionIds/0"] == "there is no action `Nothing`"
    assert "/policies/0/severity" in found
    assert exported(other) == before
    document = exported(furnished)
    document["rules"][0]["examples"] = []
    answer = other.client.post("/config/import", json=document)
    assert {one["pointer"] for one in expect_problem(answer, 400)["errors"]} == {
        "/rules/0/examples"
    }
    assert exported(other) == before


@pytest.mark.parametrize(
    "document",
    [[], {}, {"format": "x"}, {"format": "winnow-configuration", "rules": 3}, None, "text"],
)
def test_what_is_no_configuration_is_refused(admin: Api, document: object) -> None:
    expect_problem(admin.client.post("/config/import", json=document), 400)


def test_a_second_person_is_asked_for_rules_that_go_live(furnished: Api, other: Api) -> None:
    document = exported(furnished)
    other.put("/org/settings", {"liveNeedsSecondPerson": True})
    document.pop("settings")
    steps = {step["name"]: step for step in brought(other, document)["steps"]}
    assert steps["Words"]["doing"] == "awaits-approval"
    assert "Words" not in other.ids("rules")
    [waiting] = other.get("/approvals", state="waiting").json()["items"]
    assert waiting["approvalId"] == steps["Words"]["approvalId"]
