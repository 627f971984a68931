"""The client that platforms use: alone in the world, patient, and right about a real API."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import re
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.main import create_app
from app.winnow_client.platform import Item, Platform, Ref, pause_s, verify_webhook
from app.winnow_client.transport import ApiError
from tests.api.conftest import served
from tests.api.platform import BAN, POST_TYPE, Api, signed_in
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from services.context import Context
    from tests.world import Organisation

PACKAGE = ROOT / "app" / "winnow_client"
ALLOWED = {"httpx", "msgspec", *sys.stdlib_module_names}
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
NOW = 1_767_600_000
HELLO = Item(id="p1", type_id="t", data={"text": "hello"})


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return names


def test_the_client_imports_nothing_else_of_ours() -> None:
    paths = sorted(PACKAGE.glob("*.py"))
    assert PACKAGE / "platform.py" in paths
    for path in paths:
        others = {n for n in imported(path) if not n.startswith("app.winnow_client")}
        assert {name.partition(".")[0] for name in others} <= ALLOWED, path.name


def answering(*answers: httpx.Response | Exception) -> tuple[Platform, list[Any], list[float]]:
    """A platform whose requests are answered in turn, those requests, and its pauses."""
    waiting, requests = list(answers), list[httpx.Request]()
    pauses: list[float] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.Client(base_url="http://winnow/api/v1", transport=httpx.MockTransport(handle))
    return Platform(http, "k", attempts=3, sleep=pauses.append), requests, pauses


def test_what_may_pass_is_tried_again_under_one_key_and_not_too_early() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    platform, requests, pauses = answering(busy, httpx.ConnectError("gone"), httpx.Response(202))
    platform.send([HELLO])
    assert pauses == [7.0, 1.0]
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
    assert {request.headers["X-API-Key"] for request in requests} == {"k"}


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (401, 1), (422, 1), (503, 3), (500, 3)])
def test_what_will_not_pass_is_not_tried_again(status: int, tries: int) -> None:
    answers = [httpx.Response(status, json={"title": "no", "detail": "why"}) for _ in range(3)]
    platform, requests, _ = answering(*answers)
    with pytest.raises(ApiError, match="why") as refused:
        platform.send([HELLO])
    assert (refused.value.status, len(requests)) == (status, tries)


def test_pauses_double_and_end_at_a_minute() -> None:
    assert [pause_s(n, None) for n in (1, 2, 3, 20)] == [0.5, 1.0, 2.0, 60.0]
    assert (pause_s(1, "30"), pause_s(1, "soon"), pause_s(1, "9999")) == (30.0, 0.5, 60.0)


def signed(body: bytes, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"msg_1.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        (signed(b"{}"), True),
        (signed(b"{}", NOW - 299), True),
        (signed(b"{}", NOW - 301), False),
        (signed(b"{ }"), False),
        (signed(b"{}", secret="whsec_" + base64.b64encode(b"another").decode()), False),
        ({**signed(b"{}"), "webhook-id": "msg_2"}, False),
        ({**signed(b"{}"), "webhook-timestamp": "now"}, False),
        ({}, False),
    ],
)
def test_a_webhook_is_believed_when_its_signature_is_fresh_and_fits(
    headers: dict[str, str], *, genuine: bool
) -> None:
    assert verify_webhook([SECRET], b"{}", headers, now=NOW) is genuine


@pytest.fixture
def url(context: Context, org: Organisation) -> Iterator[str]:
    assert org.org_id
    with served(create_app(context)) as base:
        yield base


def documented() -> dict[str, Callable[..., Any]]:
    """The functions that the documentation shows."""
    page = (ROOT / "docs" / "python-client.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "docs"}
    for block in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(compile(block, "docs/python-client.md", "exec"), names)
    return names


def test_what_the_documentation_shows_works_against_an_api(url: str, org: Organisation) -> None:
    docs = documented()
    with httpx.Client(base_url=f"{url}/api/v1", timeout=20) as http:
        admin: Api = signed_in(http, org.admin_email, org.admin_password)
        post = admin.made("item-types", POST_TYPE)["id"]
        action = admin.made("actions", BAN)["id"]
        policy = admin.made("policies", {"name": "Spam"})["id"]
        user = Ref(id="u1", type_id=admin.ids("item-types")["User"])
        winnow: Platform = docs["connect"](url, org.api_key)
        with winnow.http:
            batch = docs["send_posts"](winnow, post, {"p1": "hello", "p2": "good"})
            assert (batch.accepted, batch.refused) == (2, 0)
            assert batch.results[0].submission_id
            item = Item(id="p3", type_id=post, data={"text": "hi"})
            verdict = docs["ask_first"](winnow, item)
            assert (verdict.item_id, verdict.finished, verdict.actions) == ("p3", True, ())
            assert docs["pass_on"](winnow, user, item, "rude")
            docs["ban"](winnow, action, Ref(id="p3", type_id=post))
            docs["object_to"](winnow, "ap1", user, item, action)
            winnow.send([item], idempotency_key="again")
            winnow.send([item], idempotency_key="again")
            assert [one.id for one in winnow.policies()] == [policy]
            assert winnow.user_score(user) == 5
            assert docs["hook"]([SECRET], b"{}", signed(b"{}", 1)) == 401
            with pytest.raises(ApiError) as refused:
                winnow.send([Item(id="p4", type_id="none", data={})])
        assert refused.value.status == 400
        assert len(admin.get("/items", itemId="p3").json()["items"]) >= 1
        assert admin.get("/reports").json()["items"][0]["reason"] == "rude"
        assert len(admin.get("/appeals").json()["items"]) == 1
