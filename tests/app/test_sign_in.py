"""The door of the console: who comes in, where to, and what passes by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI

from app.server import console_asgi

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = {"Accept": "text/html"}
RIGHT = {"email": "ada@example.org", "password": "right", "next": "/rule?id=r1"}


@pytest.fixture
def door(console_url: str, api_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("WINNOW_API_URL", api_url)
    with httpx.Client(base_url=console_url, headers=HTML, timeout=30) as client:
        yield client


def test_a_page_without_a_session_leads_to_signing_in_and_back(door: httpx.Client) -> None:
    answer = door.get("/rule?id=r1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/rule%3Fid%3Dr1"


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(door: httpx.Client) -> None:
    answer = door.post("/sign-in", data=RIGHT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/rule?id=r1")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("winnow_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_wrong_password_is_told_without_a_cookie(door: httpx.Client) -> None:
    answer = door.post("/sign-in", data={**RIGHT, "password": "wrong"})
    assert answer.status_code == 401
    assert "Email or password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_another_site_cannot_sign_anybody_in(door: httpx.Client, headers: dict[str, str]) -> None:
    answer = door.post("/sign-in", data=RIGHT, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_sign_anybody_out(door: httpx.Client) -> None:
    answer = door.get("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert "set-cookie" not in answer.headers


def test_an_api_that_is_down_is_told_at_the_door(
    door: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_API_URL", "http://127.0.0.1:9/api/v1")
    answer = door.post("/sign-in", data=RIGHT)
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_the_sign_in_page_may_load_nothing_from_elsewhere(door: httpx.Client) -> None:
    policy = door.get("/sign-in").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")


def test_calls_of_the_api_reach_it_with_their_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_API_URL", "set by the console")
    api = FastAPI()

    @api.get("/api/v1/ready")
    def ready() -> dict[str, str]:
        return {"status": "ok"}

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(console_asgi(api, "http://127.0.0.1:9/api/v1"))
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            return await client.get("/api/v1/ready", headers=HTML)

    assert asyncio.run(ask()).json() == {"status": "ok"}
