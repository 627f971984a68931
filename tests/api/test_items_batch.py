"""`POST /items/batch` and idempotency keys, over the whole application."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import text

from api import ingest
from api.main import create_app
from engine.permissions import Scope
from services.api_keys import create_api_key
from services.context import system_caller
from services.idempotency import forget_keys
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.context import Context
    from tests.world import MovableClock, Organisation

BATCH = "/api/v1/items/batch"
ASYNC = "/api/v1/items/async"


@dataclass(frozen=True)
class Platform:
    client: httpx.AsyncClient
    key: str
    post: str

    async def send(
        self, *items: object, path: str = BATCH, once: str | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {"x-api-key": self.key if key is None else key}
        if once is not None:
            headers["Idempotency-Key"] = once
        return await self.client.post(path, json={"items": items}, headers=headers)

    def item(self, item_id: str = "i1", **data: object) -> dict[str, Any]:
        return {"id": item_id, "typeId": self.post, "data": {"text": "hello", **data}}


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def run(town: Town, org: Organisation, *works: Callable[[Platform], Awaitable[None]]) -> None:
    """Each in a process of its own, one after the other."""

    async def session(work: Callable[[Platform], Awaitable[None]]) -> None:
        app = create_app(town.context)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://winnow") as client,
        ):
            await work(Platform(client, org.api_key, town.post))

    for work in works:
        asyncio.run(session(work))


def stored(town: Town) -> list[str]:
    return [row.item_id for row in town.rows("SELECT item_id FROM submissions ORDER BY seq")]


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    return body


def test_each_item_is_answered_and_the_valid_ones_are_kept(town: Town, org: Organisation) -> None:
    answers: list[dict[str, Any]] = []

    async def work(platform: Platform) -> None:
        answer = await platform.send(
            platform.item("a"),
            {"id": "b", "typeId": platform.post, "data": {"likes": "many"}},
            {"id": 7, "data": {}},
            {"id": "c", "typeId": "nobody", "data": {}},
            platform.item("d"),
        )
        assert answer.status_code == 202, answer.text
        answers.append(answer.json())

    run(town, org, work)
    [answer] = answers
    assert (answer["accepted"], answer["refused"]) == (2, 3)
    results = answer["results"]
    assert [one["status"] for one in results] == [
        "accepted", "refused", "refused", "refused", "accepted",
    ]  # fmt: skip
    pointers = [[p["pointer"] for p in one.get("problems", [])] for one in results]
    assert pointers[1] == ["/items/1/data/text", "/items/1/data/likes"]
    assert pointers[2][0].startswith("/items/2")
    assert pointers[3] == ["/items/3"]
    rows = town.rows("SELECT item_id, submission_id, seq, arrived_at FROM submissions ORDER BY seq")
    told = [one for one in results if one["status"] == "accepted"]
    assert [(o["itemId"], o["submissionId"], o["seq"]) for o in told] == [
        (row.item_id, str(row.submission_id), row.seq) for row in rows
    ]
    assert [o["arrivedAt"] for o in told] == [
        row.arrived_at.isoformat().replace("+00:00", "Z") for row in rows
    ]
    assert town.evaluate() == 2


def test_a_batch_without_a_valid_item_is_a_400(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.send({"id": "a", "typeId": platform.post, "data": {}})
        body = refusal(answer, 400)
        assert [one["pointer"] for one in body["errors"]] == ["/items/0/data/text"]
        shapes: list[object] = [{}, [], {"items": {}}, {"items": None}]
        for shapeless in shapes:
            headers = {"x-api-key": platform.key}
            again = await platform.client.post(BATCH, json=shapeless, headers=headers)
            assert refusal(again, 400)["errors"]

    run(town, org, work)
    assert stored(town) == []


def test_an_empty_batch_is_accepted(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.send()
        assert answer.json() == {"accepted": 0, "refused": 0, "results": []}

    run(town, org, work)


def test_a_batch_over_the_limit_is_a_413(
    town: Town, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_BATCH", 3)

    async def work(platform: Platform) -> None:
        assert (await platform.send(*[platform.item()] * 3)).status_code == 202
        refusal(await platform.send(*[platform.item()] * 4), 413)

    run(town, org, work)


@pytest.mark.parametrize("path", [BATCH, ASYNC])
def test_a_repetition_is_answered_alike_and_done_once(
    town: Town, org: Organisation, path: str
) -> None:
    answers: list[httpx.Response] = []

    async def work(platform: Platform) -> None:
        answers.append(await platform.send(platform.item(), path=path, once="k1"))
        answers.append(await platform.send(platform.item(), path=path, once="k1"))

    run(town, org, work, work)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert stored(town) == ["i1"]


@pytest.mark.parametrize("path", [BATCH, ASYNC])
def test_duplicates_at_the_same_moment_are_done_once(
    town: Town, org: Organisation, path: str
) -> None:
    async def work(platform: Platform) -> None:
        sends = [platform.send(platform.item(), path=path, once="same") for _ in range(8)]
        answers = await asyncio.gather(*sends)
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1

    run(town, org, work)
    assert stored(town) == ["i1"]


@pytest.mark.parametrize("path", [BATCH, ASYNC])
def test_a_key_used_for_another_request_is_a_422(town: Town, org: Organisation, path: str) -> None:
    async def work(platform: Platform) -> None:
        assert (await platform.send(platform.item("a"), path=path, once="k")).status_code == 202
        other = await platform.send(platform.item("b"), path=path, once="k")
        elsewhere = ASYNC if path == BATCH else BATCH
        same = await platform.send(platform.item("a"), path=elsewhere, once="k")
        assert (other.status_code, same.status_code) == (422, 422)

    run(town, org, work)
    assert stored(town) == ["a"]


def test_what_is_repeated_is_not_judged_again(town: Town, org: Organisation) -> None:
    async def first(platform: Platform) -> None:
        assert (await platform.send(platform.item(), once="k")).status_code == 202

    async def without_type(platform: Platform) -> None:
        assert (await platform.send(platform.item(), once="k")).status_code == 202
        assert (await platform.send(platform.item(), once="other")).status_code == 400

    run(town, org, first)
    with town.context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE config_heads SET deleted = true WHERE kind = 'item_type'"))
        tx.execute(text("UPDATE orgs SET config_version = config_version + 1"))
    run(town, org, without_type)
    assert stored(town) == ["i1"]


def test_a_refused_request_leaves_its_key_unused(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        bad = {"id": "a", "typeId": platform.post, "data": {}}
        assert (await platform.send(bad, once="k")).status_code == 400
        assert (await platform.send(platform.item(), once="k")).status_code == 202

    run(town, org, work)


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "é"])
def test_a_key_that_is_none_is_a_400(town: Town, org: Organisation, key: str) -> None:
    async def work(platform: Platform) -> None:
        headers = [(b"x-api-key", platform.key.encode()), (b"idempotency-key", key.encode())]
        items = {"items": [platform.item()]}
        answer = await platform.client.post(BATCH, json=items, headers=headers)
        assert "Idempotency-Key" in refusal(answer, 400)["detail"]

    run(town, org, work)


def test_a_crash_before_the_commit_leaves_neither_key_nor_items(
    town: Town, org: Organisation
) -> None:
    async def crashing(platform: Platform) -> None:
        with town.context.database.owner() as tx:
            tx.execute(text("REVOKE INSERT ON pending FROM winnow_ingest"))
        assert (await platform.send(platform.item(), once="k")).status_code == 503
        with town.context.database.owner() as tx:
            tx.execute(text("GRANT INSERT ON pending TO winnow_ingest"))

    async def work(platform: Platform) -> None:
        assert (await platform.send(platform.item(), once="k")).status_code == 202

    run(town, org, crashing, work, work)
    assert stored(town) == ["i1"]


def test_keys_are_forgotten_after_a_day(town: Town, org: Organisation, clock: MovableClock) -> None:
    async def work(platform: Platform) -> None:
        await platform.send(platform.item(), once="k")

    run(town, org, work)
    with town.context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE idempotency_keys SET created_at = :at"), {"at": clock.now})
    clock.advance(hours=23)
    assert forget_keys(town.context) == 0
    clock.advance(hours=2)
    assert forget_keys(town.context) == 1
    run(town, org, work)
    assert stored(town) == ["i1", "i1"]


def test_a_key_made_for_something_else_may_not_send(town: Town, org: Organisation) -> None:
    caller = system_caller(org.org_id, "test")
    reader = create_api_key(town.context, caller, "reader", scopes=[Scope.READ])
    sender = create_api_key(town.context, caller, "sender", scopes=[Scope.SUBMIT])

    async def work(platform: Platform) -> None:
        for path in (BATCH, ASYNC):
            refused = await platform.send(platform.item(), path=path, key=reader.secret)
            accepted = await platform.send(platform.item(), path=path, key=sender.secret)
            assert (refused.status_code, accepted.status_code) == (403, 202)
        headers = {"x-api-key": sender.secret}
        assert (await platform.client.get("/api/v1/items", headers=headers)).status_code == 403

    run(town, org, work)


@pytest.mark.parametrize("path", [BATCH, ASYNC])
def test_nothing_is_taken_in_while_items_wait_too_long(
    town: Town, org: Organisation, path: str
) -> None:
    async def work(platform: Platform) -> None:
        assert (await platform.send(platform.item("a"), path=path)).status_code == 202
        with town.context.database.transaction(org.org_id) as tx:
            tx.execute(text("UPDATE pending SET arrived_at = arrived_at - interval '301 s'"))

    async def later(platform: Platform) -> None:
        answer = await platform.send(platform.item("b"), path=path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 1

    async def relieved(platform: Platform) -> None:
        assert (await platform.send(platform.item("c"), path=path)).status_code == 202

    run(town, org, work, later)
    with town.context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE pending SET set_aside_at = now(), attempts = 5"))
    run(town, org, relieved)
    assert stored(town) == ["a", "c"]
