"""Rules: checked on save, proved by examples before they go live, previewed on recent items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.platform import BAN, POST_TYPE, Api, expect_problem, pointers

HIT = {"data": {"text": "buy crypto now"}, "matches": True}
MISS = {"data": {"text": "good morning"}, "matches": False}


@pytest.fixture
def post(admin: Api) -> str:
    admin.made("banks", {"name": "crypto", "terms": [{"text": "crypto"}]})
    return str(admin.made("item-types", POST_TYPE)["id"])


def rule(post: str, **more: object) -> dict[str, Any]:
    base = {"name": "Crypto", "where": "matches(text,'crypto')", "itemTypeIds": [post]}
    return base | more


def test_a_condition_is_stored_in_its_canonical_form(admin: Api, post: str) -> None:
    assert admin.made("rules", rule(post))["where"] == "matches(text, 'crypto')"


def test_a_wrong_condition_is_refused_with_its_place(admin: Api, post: str) -> None:
    answer = admin.post("/config/rules", rule(post, where="scor > 3 AND text = 1"))
    assert set(pointers(answer)) == {"/where"}
    first = answer.json()["errors"][0]
    assert "line 1, column 1" in first["message"]
    assert "score" in first["hint"]


def test_going_live_takes_one_hit_and_one_miss(admin: Api, post: str) -> None:
    for examples in ([], [HIT], [MISS]):
        answer = admin.post("/config/rules", rule(post, status="LIVE", examples=examples))
        assert "/examples" in pointers(answer)
    made = admin.made("rules", rule(post, status="LIVE", examples=[HIT, MISS]))
    assert made["status"] == "LIVE"


def test_going_live_takes_examples_that_hold(admin: Api, post: str) -> None:
    wrong = {"data": {"text": "nothing here"}, "matches": True}
    answer = admin.post("/config/rules", rule(post, status="LIVE", examples=[HIT, MISS, wrong]))
    assert pointers(answer) == ["/examples/2"]
    assert "must match, but it does not match" in answer.json()["errors"][0]["message"]
    unfit = {"data": {"text": {"not": "a text"}}, "matches": False}
    answer = admin.post("/config/rules", rule(post, status="LIVE", examples=[HIT, MISS, unfit]))
    assert pointers(answer) == ["/examples/2"]
    empty = {"data": {}, "matches": True}
    answer = admin.post("/config/rules", rule(post, status="LIVE", examples=[HIT, MISS, empty]))
    [problem] = answer.json()["errors"]
    assert "must match, but it is unknown" in problem["message"]
    assert "every field that the condition reads" in problem["hint"]


def test_a_draft_may_have_examples_that_fail_and_says_so(admin: Api, post: str) -> None:
    wrong = {"data": {"text": "nothing"}, "matches": True, "note": "odd"}
    made = admin.made("rules", rule(post, examples=[HIT, wrong]))
    told = admin.post(f"/rules/{made['id']}/examples/run").json()
    assert told["passed"] is False
    assert [(one["outcome"], one["passed"]) for one in told["examples"]] == [
        (True, True),
        (False, False),
    ]


def test_an_analyst_may_not_touch_live_rules(admin: Api, post: str) -> None:
    made = admin.made("rules", rule(post, status="LIVE", examples=[HIT, MISS]))
    account = admin.post("/users", {"email": "ann@test.example", "role": "ANALYST"}).json()
    credentials = {"email": "ann@test.example", "password": account["password"]}
    token = admin.post("/sessions", credentials).json()["token"]
    admin.client.headers["Authorization"] = f"Bearer {token}"

    expect_problem(admin.put(f"/config/rules/{made['id']}", rule(post, status="DRAFT")), 403)
    expect_problem(admin.delete(f"/config/rules/{made['id']}"), 403)
    live = rule(post, name="Mine", status="LIVE", examples=[HIT, MISS])
    expect_problem(admin.post("/config/rules", live), 403)
    assert admin.made("rules", rule(post, name="Mine", status="SHADOW"))["version"] == 1


def test_checking_says_what_is_wrong_and_where(admin: Api, post: str) -> None:
    good = admin.post("/rules/check", {"where": "score>1", "itemTypeId": post}).json()
    assert good == {"ok": True, "diagnostics": [], "canonical": "score > 1", "warnings": []}
    bad = admin.post("/rules/check", {"where": "score >\n 'x'", "itemTypeId": post}).json()
    assert bad["ok"] is False
    assert bad["canonical"] is None
    found = bad["diagnostics"][0]
    assert set(found) == {"code", "message", "hint", "line", "column", "length"}
    expect_problem(admin.post("/rules/check", {"where": "true", "itemTypeId": "x"}), 404)


def test_the_functions_are_told_with_signatures(admin: Api) -> None:
    functions = {one["name"]: one for one in admin.get("/rules/functions").json()["items"]}
    assert functions["length"]["signatures"] == ["text TEXT -> NUMBER"]
    assert functions["count_recent"]["summary"]


def previewed(admin: Api, post: str, where: str, **more: object) -> dict[str, Any]:
    answer = admin.post("/rules/preview", {"where": where, "itemTypeId": post} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_preview_counts_hits_and_shows_where_they_are(
    admin: Api, platform: Api, post: str
) -> None:
    texts = ["crypto!", "no", "also crypto", "none"]
    items = [{"id": f"i{n}", "text": text, "secret": "s"} for n, text in enumerate(texts)]
    platform.sent(post, *items)
    told = previewed(admin, post, "matches(text, 'crypto')")
    assert (told["sampled"], told["hits"], told["unknown"]) == (4, 2, 0)
    shown = {one["itemId"]: one for one in told["examples"]}
    assert shown["i0"]["spans"] == {"text": [[0, 6]]}
    assert shown["i2"]["spans"] == {"text": [[5, 11]]}
    assert shown["i0"]["data"] == {"id": "i0", "text": "crypto!"}
    assert told["from"] <= told["to"]

    unknown = previewed(admin, post, "score > 1")
    assert (unknown["hits"], unknown["unknown"]) == (0, 4)


def test_a_preview_of_a_wrong_condition_tells_what_is_wrong(admin: Api, post: str) -> None:
    told = previewed(admin, post, "scor > 1")
    assert told["sampled"] == 0
    assert told["diagnostics"][0]["message"]
    assert told["estimatedPerDay"]["value"] is None


def test_a_preview_counts_in_the_history(admin: Api, platform: Api, post: str) -> None:
    author = {"id": "u1", "typeId": platform.ids("item-types")["User"]}
    platform.sent(post, *({"id": f"i{n}", "text": "x", "author": author} for n in range(5)))
    told = previewed(admin, post, "count_recent(creator, '1 hour') > 3")
    assert (told["sampled"], told["hits"]) == (5, 2)


def test_a_saved_shadow_rule_has_its_counter_running(admin: Api, post: str) -> None:
    where = "count_recent(creator, '1 hour') > 3"
    assert admin.made("rules", rule(post, where=where, status="SHADOW"))["version"] == 1
    examples = [{"data": {"text": "x", "author": None}, "matches": False}]
    made = admin.made("rules", rule(post, name="B", where=where, examples=examples))
    told = admin.post(f"/rules/{made['id']}/examples/run").json()
    assert [one["outcome"] for one in told["examples"]] == [None]
    assert told["passed"] is True


def test_a_preview_of_two_thousand_items_is_quick(admin: Api, platform: Api, post: str) -> None:
    items = [
        {"id": f"i{n}", "text": f"word {n} " * 20 + "crypto" * (n % 7 == 0)} for n in range(2000)
    ]
    platform.sent(post, *items)
    times = [
        previewed(admin, post, f"matches(text, 'crypto') AND length(text) > {n}")["milliseconds"]
        for n in range(5)
    ]
    assert min(times) < 300


def test_a_rule_with_an_action_is_saved_with_it(admin: Api, post: str) -> None:
    action = admin.made("actions", BAN)["id"]
    made = admin.made("rules", rule(post, actionIds=[action], expiresAt="2026-06-01T00:00:00Z"))
    assert (made["actionIds"], made["expiresAt"]) == ([action], "2026-06-01T00:00:00Z")
