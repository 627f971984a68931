"""`GET /user_scores` answers with a bare number, as Coop's callers expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.api.platform import Api


@pytest.mark.parametrize("path", ["/user_scores", "/user_scores/"])
def test_a_user_nobody_knows_has_a_five(admin: Api, platform: Api, path: str) -> None:
    user = admin.ids("item-types")["User"]
    answer = platform.get(path, id="any user id", typeId=user)
    assert (answer.status_code, answer.text) == (200, "5")


def test_strikes_lower_the_score(admin: Api, platform: Api) -> None:
    user = admin.ids("item-types")["User"]
    strikes = {"userTypeId": user, "userId": "mallory", "amount": 20, "reason": "known elsewhere"}
    assert admin.post("/strikes/adjust", strikes).status_code == 201
    assert platform.get("/user_scores", id="mallory", typeId=user).json() == 1


@pytest.mark.parametrize("asked", [{}, {"id": "u"}, {"typeId": "t"}, {"id": "", "typeId": "t"}])
def test_both_parts_of_the_name_are_needed(platform: Api, asked: Mapping[str, str]) -> None:
    answer = platform.get("/user_scores", **asked)
    assert answer.status_code == 400
    for error in answer.json()["errors"]:
        assert set(error) == {"status", "type", "title"}
        assert error["type"] == ["/errors/invalid-user-input"]


def test_a_key_is_needed(anybody: Api) -> None:
    assert anybody.get("/user_scores", id="u", typeId="t").status_code == 401
