"""A person's strikes over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.platform import expect_problem, pointers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.platform import Api


@pytest.fixture
def bob(admin: Api) -> dict[str, str]:
    return {"userTypeId": admin.ids("item-types")["User"], "userId": "bob"}


def test_strikes_are_added_read_and_revoked(admin: Api, bob: Mapping[str, str]) -> None:
    spam = admin.made("policies", {"name": "Spam"})["id"]
    given = {**bob, "amount": 3, "policyId": spam, "reason": "from the old system"}
    made = admin.post("/strikes/adjust", given)
    assert made.status_code == 201
    assert made.json()["total"] == 3
    admin.post("/strikes/adjust", {**bob, "amount": -1, "reason": "one was for another"})
    record = admin.get("/strikes", **bob).json()
    assert (record["userId"], record["total"], record["nextCursor"]) == ("bob", 2, None)
    latest, first = record["items"]
    assert (latest["amount"], latest["policyName"], latest["holds"]) == (-1, None, True)
    assert (first["amount"], first["policyName"], first["reason"]) == (
        3,
        "Spam",
        "from the old system",
    )
    revoked = admin.post(f"/strikes/{first['strikeId']}/revoke", {"reason": "after an appeal"})
    assert revoked.json()["total"] == 0
    again = admin.post(f"/strikes/{first['strikeId']}/revoke", {"reason": "after an appeal"})
    expect_problem(again, 409)
    given_again = admin.post(f"/strikes/{first['strikeId']}/restore", {"reason": "no joke"})
    assert (given_again.status_code, given_again.json()["total"]) == (201, 2)
    expect_problem(admin.post(f"/strikes/{first['strikeId']}/restore", {"reason": "no joke"}), 409)
    admin.post(f"/strikes/{given_again.json()['strikeId']}/revoke", {"reason": "after all"})
    assert admin.get("/strikes/histogram").json() == {"items": [], "nextCursor": None}
    held = admin.get("/strikes/histogram", days="90").json()
    assert held["items"] == [{"strikes": 3, "people": 1}]


def test_a_record_comes_a_page_at_a_time(admin: Api, bob: Mapping[str, str]) -> None:
    for number in range(1, 4):
        admin.post("/strikes/adjust", {**bob, "amount": number, "reason": "r"})
    first = admin.get("/strikes", **bob, limit="2").json()
    rest = admin.get("/strikes", **bob, limit="2", cursor=first["nextCursor"]).json()
    amounts = [one["amount"] for one in (*first["items"], *rest["items"])]
    assert (amounts, rest["nextCursor"]) == ([3, 2, 1], None)
    assert admin.get("/strikes/histogram").json()["items"] == [{"strikes": 6, "people": 1}]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": 0}, "/amount"),
        ({"amount": 1.5}, "/amount"),
        ({"amount": 2000}, "/amount"),
        ({"reason": ""}, "/reason"),
        ({"policyId": "none"}, "/policyId"),
        ({"userTypeId": "none"}, "/userTypeId"),
        ({"amonut": 1}, "/amonut"),
    ],
)
def test_an_adjustment_is_checked(
    admin: Api, bob: Mapping[str, str], change: Mapping[str, object], pointer: str
) -> None:
    answer = admin.post("/strikes/adjust", {**bob, "amount": 1, "reason": "r", **change})
    assert pointers(answer) == [pointer]


def test_an_unknown_strike_is_not_found(admin: Api) -> None:
    for strike_id in ("none", "0b6f3a36-7a1c-4c4c-9d39-2f3b8ad6c1aa"):
        for verb in ("revoke", "restore"):
            expect_problem(admin.post(f"/strikes/{strike_id}/{verb}", {"reason": "r"}), 404)


def test_a_person_is_named_by_type_and_id(admin: Api) -> None:
    expect_problem(admin.get("/strikes", userId="bob"), 400)
