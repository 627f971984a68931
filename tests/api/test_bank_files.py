"""A bank's entries as CSV over HTTP: tried first, taken line by line, written out with hits."""

from __future__ import annotations

import csv
import io
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from services.evaluation import Pace, evaluate_next
from services.live_configuration import LiveConfigurations
from tests.api.platform import POST_TYPE, Api, expect_problem

if TYPE_CHECKING:
    import httpx

    from services.context import Context
    from tests.world import Organisation

GOOD = "text,mode,note,expires_at,source\nprofit,,classic,,team\nb[i1]t,regex,,2030-01-01,list\n"


@pytest.fixture
def bank(admin: Api) -> str:
    terms = [{"text": "profit"}, {"text": "coin", "mode": "substring"}]
    return str(admin.made("banks", {"name": "scams", "terms": terms})["id"])


def sent(admin: Api, bank: str, text: str, **query: object) -> httpx.Response:
    return admin.client.post(
        f"/banks/{bank}/import",
        content=text.encode(),
        params={key: str(value) for key, value in query.items()},
        headers={"Content-Type": "text/csv"},
    )


def terms(admin: Api, bank: str) -> list[tuple[str, str, str]]:
    found = admin.get(f"/config/banks/{bank}").json()["terms"]
    return [(term["text"], term["mode"], term["note"]) for term in found]


def test_a_dry_run_tells_and_changes_nothing(admin: Api, bank: str) -> None:
    told = sent(admin, bank, GOOD, dryRun="true").json()
    assert (told["added"], told["changed"], told["unchanged"], told["removed"]) == (1, 1, 0, 0)
    assert (told["total"], told["version"], told["dryRun"]) == (3, None, True)
    assert admin.get(f"/config/banks/{bank}").json()["version"] == 1


def test_a_file_adds_and_changes_and_says_it_once(admin: Api, bank: str) -> None:
    assert sent(admin, bank, GOOD).json()["version"] == 2
    assert terms(admin, bank) == [
        ("profit", "word", "classic"),
        ("coin", "substring", ""),
        ("b[i1]t", "regex", ""),
    ]
    again = sent(admin, bank, GOOD).json()
    assert (again["version"], again["unchanged"]) == (None, 2)
    assert admin.get(f"/config/banks/{bank}").json()["version"] == 2


def test_a_file_can_take_the_place_of_what_is_there(admin: Api, bank: str) -> None:
    told = sent(admin, bank, "text\nnew\nnew\n", replace="true", mode="variant").json()
    assert (told["added"], told["removed"], told["repeats"]) == (1, 2, 1)
    assert terms(admin, bank) == [("new", "variant", "")]


def test_bad_lines_are_told_one_by_one(admin: Api, bank: str) -> None:
    bad = "text,mode,expires_at\nfine,,\n(,regex,\nx,loud,\ny,,soon\n"
    dry = sent(admin, bank, bad, dryRun="true").json()
    assert [problem["pointer"] for problem in dry["problems"]] == [
        "/lines/3",
        "/lines/4",
        "/lines/5",
    ]
    refusal = expect_problem(sent(admin, bank, bad), 400)
    assert len(refusal["errors"]) == 3
    assert sent(admin, bank, bad, skipProblems="true").json()["added"] == 1
    assert ("fine", "word", "") in terms(admin, bank)


def test_what_is_no_csv_of_terms_is_refused(admin: Api, bank: str) -> None:
    expect_problem(sent(admin, bank, "word\nprofit\n"), 400)
    expect_problem(sent(admin, bank, ""), 400)
    latin = admin.client.post(
        f"/banks/{bank}/import", content=b"text\n\xff\n", headers={"Content-Type": "text/csv"}
    )
    expect_problem(latin, 400)
    expect_problem(sent(admin, "x", GOOD), 404)
    expect_problem(sent(admin, bank, GOOD, expectedVersion=7), 409)


def test_what_is_exported_is_imported_as_it_was(admin: Api, bank: str) -> None:
    sent(admin, bank, GOOD)
    exported = admin.get(f"/banks/{bank}/export")
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    other = str(admin.made("banks", {"name": "copy"})["id"])
    assert sent(admin, other, exported.text).json()["added"] == 3
    assert admin.get(f"/banks/{other}/export").text == exported.text


def test_hits_are_shown_with_each_entry(
    admin: Api, platform: Api, bank: str, context: Context, org: Organisation
) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    examples = [
        {"data": {"text": "profit"}, "matches": True},
        {"data": {"text": "no"}, "matches": False},
    ]
    rule = {"name": "R", "where": "matches(text, 'scams')", "itemTypeIds": [post]}
    admin.made("rules", rule | {"status": "LIVE", "examples": examples})
    platform.sent(post, {"id": "1", "text": "profit"}, {"id": "2", "text": "bitcoin profit"})
    live = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, live, Pace()):
        pass
    listed = admin.get(f"/banks/{bank}/entries").json()["items"]
    assert [(one["text"], one["hits"]) for one in listed] == [("profit", 2), ("coin", 1)]
    assert all(one["lastHitAt"] for one in listed)
    text = admin.get(f"/banks/{bank}/export", hits="true").text
    assert [row["hits"] for row in csv.DictReader(io.StringIO(text))] == ["2", "1"]
    assert sent(admin, bank, text).json()["unchanged"] == 2


def test_entries_are_paged_and_searched(admin: Api) -> None:
    many = [{"text": f"word{n}", "source": "even" if n % 2 == 0 else "odd"} for n in range(7)]
    bank = admin.made("banks", {"name": "many", "terms": many})["id"]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = admin.get(f"/banks/{bank}/entries", limit=3, cursor=cursor).json()
        seen += [one["text"] for one in page["items"]]
        cursor = page["nextCursor"]
    assert seen == [f"word{n}" for n in range(7)]
    found = admin.get(f"/banks/{bank}/entries", search="EVEN").json()["items"]
    assert [one["text"] for one in found] == ["word0", "word2", "word4", "word6"]


def test_a_bank_that_is_renamed_keeps_its_entries(admin: Api, bank: str) -> None:
    renamed = admin.put(f"/config/banks/{bank}", {"name": "frauds", "reason": "a better word"})
    assert [term["text"] for term in renamed.json()["terms"]] == ["profit", "coin"]
    emptied = admin.put(f"/config/banks/{bank}", {"name": "frauds", "terms": []})
    assert emptied.json()["terms"] == []


def test_a_bank_that_rules_name_keeps_its_name_and_the_refusal_says_which_rules(
    admin: Api, bank: str
) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    for number in range(12):
        rule = {"name": f"r{number:02}", "status": "SHADOW", "itemTypeIds": [post]}
        admin.made("rules", rule | {"where": "matches(text, 'scams')"})
    told = expect_problem(admin.put(f"/config/banks/{bank}", {"name": "frauds"}), 409)
    assert "`scams` cannot be renamed to `frauds`" in told["detail"]
    assert told["detail"].count("rule `r") == 10
    assert told["detail"].endswith(" and 2 more")
    assert "let those rules name that one" in told["hint"]
    assert admin.get(f"/config/banks/{bank}").json()["name"] == "scams"


def test_fifty_thousand_entries_are_workable(admin: Api) -> None:
    bank = str(admin.made("banks", {"name": "large"})["id"])
    text = "text,mode\n" + "".join(f"term number {n},word\n" for n in range(50_000))
    started = perf_counter()
    assert sent(admin, bank, text).json()["added"] == 50_000
    assert sent(admin, bank, text + "one more,word\n").status_code == 400
    one_more = text.replace("term number 7,", "term number x7,")
    assert sent(admin, bank, one_more, replace="true").json()["added"] == 1
    assert admin.get(f"/banks/{bank}/export").text.count("\n") == 50_001
    page = admin.get(f"/banks/{bank}/entries", search="number 4999").json()
    assert len(page["items"]) == 11
    assert perf_counter() - started < 60
