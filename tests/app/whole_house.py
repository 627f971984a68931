"""The console in front of the real API, a real Postgres and a real worker, with a few items."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from api.main import create_app
from app.winnow_client import Transport, Winnow
from services.lake_export import export_all
from services.worker import Options, Worker
from tests.app.conftest import served
from tests.app.deadline import until
from tests.house.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import Organisation

SPAM = "Claim your free prize at the casino tonight, {n} winners only"
TEXTS = (
    "Lunch, anyone? The new place on the corner is open.",
    "اربح المال الآن! زر الكازينو casino وأرسل 50 دولارًا أولاً، العرض ينتهي اليوم.",
    "今すぐ無料で賞金を受け取ろう!casino のサイトに登録して、最初に五千円を送ってください。",
    "Does <b>anyone</b> know how to *format* a $10 note? :smile: " * 12,
)


@dataclass(frozen=True)
class House:
    url: str
    email: str
    password: str
    type_id: str
    rule_id: str
    queue_id: str
    winnow: Winnow


@contextmanager
def console_process(api_url: str) -> Iterator[str]:
    """The console as `winnow app` runs it: Streamlit allows one a process, and AppTest takes it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cli.main", "app", "--api-url", api_url, "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=ROOT) as console:
        try:
            until(lambda: _answers(f"{url}/sign-in"), what="the console answers")
            yield url
        finally:
            console.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def whole_house(context: Context, org: Organisation, items: int = 60) -> Iterator[House]:
    """Everything runs until the block ends; the items are judged and in the lake."""
    context = replace(context, clock=lambda: datetime.now(UTC))
    worker = Worker(context, Options(evaluators=1, keep_time=False))
    with (
        served(lambda _: create_app(context)) as api,
        console_process(f"{api}/api/v1") as console,
        httpx.Client(base_url=f"{api}/api/v1", timeout=30) as http,
    ):
        token = Winnow(Transport(http)).sign_in(org.admin_email, org.admin_password).token
        winnow = Winnow(Transport(http, token))
        house = _furnished(console, org, winnow)
        worker.start()
        try:
            _send(http, org.api_key, house.type_id, items)
            until(lambda: _judged(winnow, items), what="every item is judged")
            _report(http, org.api_key, house.type_id)
            export_all(context, org.org_id)
            yield house
        finally:
            worker.stop()
            worker.join()


def _furnished(url: str, org: Organisation, winnow: Winnow) -> House:
    queue = winnow.configured("queues")[0]
    post = winnow.create("item-types", POST)
    policy = winnow.create("policies", {"name": "Scams", "text": "No offers of easy money."})
    winnow.create("policies", {"name": "Harassment", "text": "No attacks on people."})
    for name in ("Remove post", "Warn author"):
        winnow.create("actions", {"name": name, "callbackUrl": f"{url}/nowhere"})
    review = winnow.create("actions", {"name": "Send to review", "type": "ENQUEUE_TO_MRT"})
    terms = [{"text": "casino", "mode": "word", "note": ""}]
    winnow.create("banks", {"name": "casino words", "terms": terms})
    rule = winnow.create(
        "rules",
        {
            "name": "Casino offers",
            "status": "LIVE",
            "where": "matches(text, 'casino words')",
            "itemTypeIds": [post["id"]],
            "actionIds": [review["id"]],
            "policyIds": [policy["id"]],
            "examples": [
                {"data": {"text": "Win at the casino"}, "matches": True, "note": ""},
                {"data": {"text": "Lunch?"}, "matches": False, "note": "small talk"},
            ],
        },
    )
    return House(
        url=url,
        email=org.admin_email,
        password=org.admin_password,
        type_id=str(post["id"]),
        rule_id=str(rule["id"]),
        queue_id=str(queue["id"]),
        winnow=winnow,
    )


POST: dict[str, Any] = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "author", "type": "RELATED_ITEM"},
        {"name": "likes", "type": "NUMBER"},
        {"name": "posted", "type": "DATETIME"},
    ],
    "roles": {"creatorId": "author", "createdAt": "posted"},
}


def _send(http: httpx.Client, key: str, type_id: str, items: int) -> None:
    every = [_item(number, type_id) for number in range(items)]
    answer = http.post("/items/async", json={"items": every}, headers={"X-API-Key": key})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text


def _report(http: httpx.Client, key: str, type_id: str) -> None:
    """The oldest job is about an item that five readers reported at length, with its thread."""
    for reader in range(5):
        body = {
            "reporter": {"kind": "user", "typeId": type_id, "id": f"reader-{reader}"},
            "reportedAt": datetime.now(UTC).isoformat(),
            "reportedItem": _item(1, type_id),
            "reportedForReason": {"reason": "It asks for money, again and again. " * 20},
            "reportedItemThread": [_item(1000, type_id), _item(1002, type_id)],
            "reportedItemsInThread": [{"typeId": type_id, "id": "post-1000"}],
            "additionalItems": [_item(1004, type_id)],
        }
        answer = http.post("/report", json=body, headers={"X-API-Key": key})
        assert answer.status_code == httpx.codes.CREATED, answer.text


def _item(number: int, type_id: str) -> dict[str, Any]:
    text = SPAM.format(n=number) if number % 2 else TEXTS[number // 2 % len(TEXTS)]
    author = {"id": f"user-{number % 7}", "typeId": type_id}
    posted = datetime.now(UTC).isoformat()
    data = {"text": text, "author": author, "likes": number % 9, "posted": posted}
    return {"id": f"post-{number}", "typeId": type_id, "data": data}


def _judged(winnow: Winnow, items: int) -> bool:
    return sum(hour.evaluated for hour in winnow.overview(1).volume) >= items
