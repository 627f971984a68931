"""Policies, actions, banks, rules, queues and item types over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.api.platform import BAN, POST_TYPE, Api, expect_problem, pointers, signed_in


def test_a_document_is_kept_version_by_version(admin: Api) -> None:
    made = admin.made("policies", {"name": "Spam", "reason": "first"})
    assert made["version"] == 1
    saved = admin.put(f"/config/policies/{made['id']}", {**made, "text": "No spam."}).json()
    assert (saved["version"], saved["text"]) == (2, "No spam.")

    versions = admin.get(f"/config/policies/{made['id']}/versions").json()["items"]
    assert [(v["version"], v["reason"], v["document"]["text"]) for v in versions] == [
        (2, "", "No spam."),
        (1, "first", ""),
    ]
    assert versions[0]["author"].startswith("user:")
    me = admin.get("/sessions/current").json()["name"]
    assert {versions[0]["authorName"], saved["updatedByName"]} == {me}


def test_a_rule_that_lost_its_meaning_says_so_wherever_it_is_read(admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    rule = {"name": "R", "where": "score > 1", "itemTypeIds": [post], "status": "PAUSED"}
    made = admin.made("rules", rule)
    assert made["problem"] is None
    fields = [field for field in POST_TYPE["fields"] if field["name"] != "score"]
    admin.put(f"/config/item-types/{post}", POST_TYPE | {"fields": fields})
    read = admin.get(f"/config/rules/{made['id']}").json()
    assert "'score'" in read["problem"]
    (listed,) = admin.get("/config/rules").json()["items"]
    assert listed["problem"] == read["problem"]
    mended = admin.put(f"/config/rules/{made['id']}", read | {"where": "text = 'a'"})
    assert (mended.status_code, mended.json()["problem"]) == (200, None)
    assert "problem" not in admin.get(f"/config/item-types/{post}").json()


def test_a_rollback_saves_the_old_version_anew(admin: Api) -> None:
    made = admin.made("policies", {"name": "Spam"})
    path = f"/config/policies/{made['id']}"
    admin.put(path, {"name": "Scam"})
    back = admin.post(f"{path}/rollback", {"version": 1}).json()
    assert (back["name"], back["version"]) == ("Spam", 3)

    assert admin.delete(path).status_code == 204
    expect_problem(admin.get(path), 404)
    expect_problem(admin.post(f"{path}/rollback", {"version": 4}), 409)
    assert admin.post(f"{path}/rollback", {"version": 2}).json()["name"] == "Scam"
    expect_problem(admin.post(f"{path}/rollback", {"version": 99}), 404)


def test_a_save_over_somebody_elses_is_refused(admin: Api) -> None:
    made = admin.made("policies", {"name": "Spam"})
    path = f"/config/policies/{made['id']}"
    assert admin.put(path, {"name": "A", "expectedVersion": 1}).status_code == 200
    refusal = expect_problem(admin.put(path, {"name": "B", "expectedVersion": 1}), 409)
    assert "version 2" in refusal["detail"]


def test_of_two_simultaneous_saves_one_wins(admin: Api) -> None:
    made = admin.made("policies", {"name": "Spam"})
    path = f"/config/policies/{made['id']}"
    with ThreadPoolExecutor(2) as threads:
        saves = [
            threads.submit(admin.put, path, {"name": name, "expectedVersion": 1}) for name in "AB"
        ]
        assert sorted(save.result().status_code for save in saves) == [200, 409]


def test_a_name_is_used_once_for_each_kind(admin: Api) -> None:
    admin.made("policies", {"name": "Spam"})
    expect_problem(admin.post("/config/policies", {"name": "Spam"}), 409)
    admin.made("banks", {"name": "Spam"})


def test_every_mistake_is_told_with_its_pointer(admin: Api) -> None:
    wrong = {"severity": "AWFUL", "strikeWeight": -1, "txet": "x"}
    answer = admin.post("/config/policies", wrong)
    assert set(pointers(answer)) == {"/name", "/severity", "/strikeWeight", "/txet"}
    hints = {e["pointer"]: e["hint"] for e in answer.json()["errors"]}
    assert hints["/txet"] == "did you mean `text`?"


def test_lists_are_paged_and_complete(admin: Api) -> None:
    for number in range(5):
        admin.made("policies", {"name": f"P{number}"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = admin.get("/config/policies", limit=2, cursor=cursor).json()
        assert len(page["items"]) <= 2
        seen += [one["name"] for one in page["items"]]
        cursor = page["nextCursor"]
    assert sorted(seen) == [f"P{number}" for number in range(5)]


def test_what_a_document_names_must_exist(admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    rule = {"name": "R", "where": "score > 1", "itemTypeIds": [post, "x"]}
    answer = admin.post("/config/rules", rule | {"actionIds": ["a"], "policyIds": ["p"]})
    assert pointers(answer) == ["/itemTypeIds/1", "/actionIds/0", "/policyIds/0"]
    assert pointers(admin.post("/config/rules", rule | {"itemTypeIds": []})) == ["/itemTypeIds"]
    action = BAN | {"queueId": "q", "itemTypeIds": ["x"]}
    assert pointers(admin.post("/config/actions", action)) == ["/itemTypeIds/0", "/queueId"]
    queue = {"name": "Q", "hiddenActionIds": ["x"]}
    assert pointers(admin.post("/config/queues", queue)) == ["/hiddenActionIds/0"]
    policy = {"name": "P", "parentId": "x"}
    assert pointers(admin.post("/config/policies", policy)) == ["/parentId"]


def test_what_is_in_use_cannot_be_deleted(admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    bank = admin.made("banks", {"name": "words", "terms": [{"text": "spam"}]})["id"]
    policy = admin.made("policies", {"name": "Spam"})["id"]
    action = admin.made("actions", BAN)["id"]
    rule = admin.made(
        "rules",
        {
            "name": "Words",
            "where": "matches(text, 'words')",
            "itemTypeIds": [post],
            "actionIds": [action],
            "policyIds": [policy],
        },
    )["id"]
    used = [("item-types", post), ("banks", bank), ("policies", policy), ("actions", action)]
    for kind, identity in used:
        refusal = expect_problem(admin.delete(f"/config/{kind}/{identity}"), 409)
        assert "rule `Words`" in refusal["detail"]
    expect_problem(admin.put(f"/config/banks/{bank}", {"name": "terms", "terms": []}), 409)

    assert admin.delete(f"/config/rules/{rule}").status_code == 204
    for kind, identity in used:
        assert admin.delete(f"/config/{kind}/{identity}").status_code == 204


def test_one_queue_is_always_the_default(admin: Api) -> None:
    first = admin.ids("queues")["Default"]
    expect_problem(admin.delete(f"/config/queues/{first}"), 409)
    expect_problem(admin.put(f"/config/queues/{first}", {"name": "Default"}), 409)
    admin.put(f"/config/queues/{first}", {"name": "Front desk", "isDefault": True})
    expect_problem(admin.delete(f"/config/queues/{first}"), 409)

    admin.made("queues", {"name": "Urgent", "isDefault": True})
    listed = {one["name"]: one["isDefault"] for one in admin.get("/config/queues").json()["items"]}
    assert listed == {"Front desk": False, "Urgent": True}
    assert admin.delete(f"/config/queues/{first}").status_code == 204


def test_the_user_type_stays_whatever_it_is_called(admin: Api) -> None:
    path = f"/config/item-types/{admin.ids('item-types')['User']}"
    assert "organisation" in expect_problem(admin.delete(path), 409)["detail"]
    renamed = admin.put(path, admin.get(path).json() | {"name": "Member"})
    assert renamed.json()["name"] == "Member"
    assert "organisation" in expect_problem(admin.delete(path), 409)["detail"]
    other = admin.made("item-types", POST_TYPE | {"name": "User"})
    assert admin.delete(f"/config/item-types/{other['id']}").status_code == 204


def test_an_item_type_change_that_breaks_a_rule_is_refused(admin: Api) -> None:
    made = admin.made("item-types", POST_TYPE)
    rule = {"name": "R", "where": "score > 1", "itemTypeIds": [made["id"]], "status": "SHADOW"}
    admin.made("rules", rule)
    fields = [field for field in POST_TYPE["fields"] if field["name"] != "score"]
    path = f"/config/item-types/{made['id']}"
    assert "`R`" in expect_problem(admin.put(path, POST_TYPE | {"fields": fields}), 409)["detail"]
    assert admin.put(path, POST_TYPE | {"description": "new"}).json()["version"] == 2


def test_an_item_type_is_proposed_from_records(admin: Api) -> None:
    records = [{"title": "a", "likes": 3}, {"title": "b", "likes": 4.5}]
    proposed = admin.post("/config/item-types/infer", {"name": "Video", "records": records})
    assert proposed.status_code == 200
    fields = {field["name"]: field["type"] for field in proposed.json()["fields"]}
    assert fields == {"title": "STRING", "likes": "NUMBER"}
    assert admin.made("item-types", proposed.json())["name"] == "Video"


def test_callback_headers_are_shown_to_those_who_may_change_them(admin: Api, base_url: str) -> None:
    action = admin.made("actions", BAN | {"callbackUrlHeaders": {"Authorization": "secret"}})
    assert action["callbackUrlHeaders"] == {"Authorization": "secret"}
    made = admin.post("/users", {"email": "ann@test.example", "role": "ANALYST"}).json()
    with httpx.Client(base_url=base_url) as client:
        analyst = signed_in(client, "ann@test.example", made["password"])
        for path in ("/config/actions", f"/config/actions/{action['id']}/versions"):
            assert "secret" not in analyst.get(path).text


def test_a_bank_tells_what_a_text_matches_and_why(admin: Api) -> None:
    terms = [
        {"text": "free money", "mode": "word", "note": "classic"},
        {"text": "b[i1]tcoin", "mode": "regex"},
    ]
    bank = admin.made("banks", {"name": "scams", "terms": terms})["id"]
    told = admin.post(f"/config/banks/{bank}/try", {"text": "é FREE Money, b1tcoin"}).json()
    assert told["matches"] is True
    assert told["spans"] == [[2, 12], [14, 21]]
    assert [(one["matched"], one["term"], one["note"]) for one in told["found"]] == [
        ("FREE Money", "free money", "classic"),
        ("b1tcoin", "b[i1]tcoin", ""),
    ]
    assert admin.post(f"/config/banks/{bank}/try", {"text": "hello"}).json()["matches"] is False


def test_a_bank_with_a_bad_pattern_is_refused(admin: Api) -> None:
    terms = [{"text": "ok"}, {"text": "(", "mode": "regex"}]
    expect_problem(admin.post("/config/banks", {"name": "b", "terms": terms}), 400)
