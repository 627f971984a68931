"""An organisation's settings over HTTP: defaults first, then version by version."""

from __future__ import annotations

import httpx

from tests.api.platform import BAN, Api, expect_problem, pointers, signed_in


def test_settings_have_defaults_until_they_are_saved(admin: Api) -> None:
    read = admin.get("/org/settings").json()
    assert (read["version"], read["strikeTtlDays"], read["appealCallback"]) == (0, 90, None)
    assert admin.get("/org/settings/versions").json()["items"] == []

    saved = admin.put("/org/settings", {**read, "strikeTtlDays": 30, "reason": "shorter"}).json()
    assert (saved["version"], saved["strikeTtlDays"]) == (1, 30)
    assert admin.get("/org/settings").json() == saved

    again = admin.put("/org/settings", {"decisionNeedsReason": True, "expectedVersion": 1}).json()
    assert (again["version"], again["strikeTtlDays"], again["decisionNeedsReason"]) == (2, 90, True)
    versions = admin.get("/org/settings/versions").json()["items"]
    assert [(one["version"], one["reason"]) for one in versions] == [(2, ""), (1, "shorter")]
    assert versions[0]["authorName"] == saved["updatedByName"]

    back = admin.post("/org/settings/rollback", {"version": 1}).json()
    assert (back["version"], back["strikeTtlDays"]) == (3, 30)
    events = [entry["event"] for entry in admin.get("/audit").json()["items"]]
    assert events.count("settings:update") == 2
    assert events.count("settings:rollback") == 1


def test_a_save_over_somebody_elses_is_refused(admin: Api) -> None:
    admin.put("/org/settings", {})
    expect_problem(admin.put("/org/settings", {"expectedVersion": 0}), 409)


def test_a_threshold_names_actions_that_exist(admin: Api) -> None:
    ban = admin.made("actions", BAN)["id"]
    good = {"strikeThresholds": [{"threshold": 3, "actionIds": [ban]}]}
    assert admin.put("/org/settings", good).status_code == 200
    bad = {"strikeThresholds": [{"threshold": 3, "actionIds": ["nobody"]}]}
    assert pointers(admin.put("/org/settings", bad)) == ["/strikeThresholds/0/actionIds"]


def test_only_managers_of_the_organisation_see_settings(admin: Api, base_url: str) -> None:
    new = {"email": "mo@example.org", "name": "Mo", "role": "MODERATOR"}
    made = admin.post("/users", new).json()
    with httpx.Client(base_url=base_url, timeout=20) as client:
        moderator = signed_in(client, new["email"], made["password"])
        expect_problem(moderator.get("/org/settings"), 403)
        expect_problem(moderator.put("/org/settings", {}), 403)
