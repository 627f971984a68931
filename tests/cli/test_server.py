"""What the server commands make of their settings, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from api.main import create_app
from cli.server import limits_of, seen_over_tls
from services.organisations import create_organisation
from store.settings import load_settings
from tests.api.conftest import served

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

PATH = "/api/v1/items/async"
USER_ITEMS = 40


def sent(client: httpx.Client, type_id: str, key: str, items: int = USER_ITEMS) -> httpx.Response:
    raws = [{"id": f"u{n}", "typeId": type_id, "data": {"name": "Ann"}} for n in range(items)]
    return client.post(PATH, json={"items": raws}, headers={"X-API-Key": key})


def user_type(client: httpx.Client, key: str) -> str:
    told = client.get("/api/v1/config/item-types", headers={"X-API-Key": key}).json()
    return str(told["items"][0]["id"])


def test_a_key_over_its_rate_is_told_when_to_come_back_and_others_are_not_held_up(
    context: Context, org: Organisation
) -> None:
    limits = limits_of(load_settings({"WINNOW_ITEMS_PER_SECOND": "10"}))
    other = create_organisation(context, "Other", None)
    with (
        served(create_app(context, limits=limits)) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        mine, theirs = user_type(client, org.api_key), user_type(client, other.api_key)
        assert sent(client, mine, org.api_key).status_code == 202
        refused = sent(client, mine, org.api_key, items=1)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 4
        assert sent(client, theirs, other.api_key).status_code == 202


@pytest.mark.parametrize(("setting", "rate"), [("0", None), ("", 50_000), ("7", 7)])
def test_nought_is_no_limit(setting: str, rate: float | None) -> None:
    limits = limits_of(load_settings({"WINNOW_ITEMS_PER_SECOND": setting}))
    assert limits.items_per_s == rate
    assert limits.body_bytes == 50 << 20


@pytest.mark.parametrize(("behind_tls", "secure"), [(False, False), (True, True)])
def test_behind_tls_a_session_cookie_stays_on_https(
    context: Context, *, behind_tls: bool, secure: bool
) -> None:
    created = create_organisation(context, "Sealed", "ann@sealed.example")
    app = create_app(context)
    credentials = {"email": created.admin_email, "password": created.admin_password}
    with (
        served(seen_over_tls(app) if behind_tls else app) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        answer = client.post("/api/v1/sessions", json=credentials)
    assert ("secure" in answer.headers["set-cookie"].lower()) is secure
