"""`POST /items/async` over the whole application: what is accepted, what is refused and how."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import text

from api.limits import Limits
from api.main import create_app
from services import configuration
from services.api_keys import create_api_key, revoke_api_key
from services.context import system_caller
from services.item_types import ITEM_TYPES
from tests.services.town import POST, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from services.context import Context
    from tests.world import Organisation

PATH = "/api/v1/items/async"
BAD_DATA = ["/errors/data-invalid-for-item-type", "/errors/invalid-user-input"]


@dataclass(frozen=True)
class Platform:
    """A caller with a key, in an organisation that has an item type `post`."""

    client: httpx.AsyncClient
    key: str
    post: str

    async def send(
        self, *items: dict[str, Any], path: str = PATH, key: str | None = None
    ) -> httpx.Response:
        headers = {"x-api-key": self.key if key is None else key}
        return await self.client.post(path, json={"items": items}, headers=headers)

    def item(self, item_id: str = "i1", **data: object) -> dict[str, Any]:
        return {"id": item_id, "typeId": self.post, "data": {"text": "hello", **data}}


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def run(
    town: Town,
    org: Organisation,
    work: Callable[[Platform], Awaitable[None]],
    limits: Limits | None = None,
) -> None:
    async def session() -> None:
        app = create_app(town.context, limits=limits)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://winnow") as client,
        ):
            await work(Platform(client, org.api_key, town.post))

    asyncio.run(session())


def errors(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["errors"]
    assert found[0]["status"] == answer.status_code
    return found


def stored(town: Town) -> list[tuple[str, Any]]:
    rows = town.rows("SELECT item_id, data FROM submissions ORDER BY seq")
    return [(row.item_id, row.data) for row in rows]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/", "/api/v1/ITEMS/Async/"])
def test_accepted_items_are_answered_with_an_empty_202(
    town: Town, org: Organisation, path: str
) -> None:
    async def work(platform: Platform) -> None:
        nested = {"id": "b", "type": {"id": platform.post}, "data": {"text": "x", "own": [1]}}
        answer = await platform.send(platform.item("a", likes="7"), nested, path=path)
        assert (answer.status_code, answer.content) == (202, b"")

    run(town, org, work)
    assert stored(town) == [("a", {"text": "hello", "likes": 7}), ("b", {"text": "x", "own": [1]})]
    assert town.evaluate() == 2


def test_an_empty_batch_is_accepted(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        assert (await platform.send()).status_code == 202

    run(town, org, work)
    assert stored(town) == []


def test_one_bad_item_refuses_its_whole_batch_with_a_pointer_for_each_problem(
    town: Town, org: Organisation
) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.send(
            platform.item("a"),
            {"id": "b", "typeId": platform.post, "data": {"likes": "many"}},
            {"id": "c", "typeId": "nobody", "data": {}},
            platform.item("d") | {"typeVersion": "99"},
        )
        assert answer.status_code == 400
        found = errors(answer)
        assert [error["pointer"] for error in found] == [
            "/items/1", "/items/1", "/items/2", "/items/3",
        ]  # fmt: skip
        assert [error["type"] for error in found[:2]] == [BAD_DATA, BAD_DATA]
        assert {error["title"] for error in found[:2]} == {"Invalid Data for Item"}
        assert found[2]["type"] == ["/errors/invalid-user-input"]
        assert "nobody" in found[2]["detail"]

    run(town, org, work)
    assert stored(town) == []


def test_the_shape_is_checked_before_the_key_and_the_key_before_the_items(
    town: Town, org: Organisation
) -> None:
    async def work(platform: Platform) -> None:
        shapeless = await platform.client.post(PATH, json={})
        [error] = errors(shapeless)
        assert set(error) == {"status", "type", "title", "detail"}
        assert (error["status"], error["type"]) == (400, ["/errors/invalid-user-input"])
        assert "items" in error["detail"]
        for key in ("", "not-a-key", "0" * 64):
            unknown = await platform.send({"id": "a", "typeId": "nobody", "data": {}}, key=key)
            [error] = errors(unknown)
            assert set(error) == {"status", "type", "title", "detail", "requestId"}
            assert error["type"] == ["/errors/authentication-failed-or-missing"]
            assert error["title"] == "Invalid API Key"

    run(town, org, work)


def test_a_body_of_another_shape_is_pointed_at(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.send(platform.item() | {"id": 5})
        [error] = errors(answer)
        assert set(error) == {"status", "type", "title", "pointer", "detail"}
        assert (error["status"], error["pointer"]) == (400, "/items/0/id")

    run(town, org, work)


NOT_JSON = [
    b"",
    b"{",
    b"\xff\xfe{}",
    b'{"items":[NaN]}',
    b'{"items":' + b"[" * 100_000,
    b'{"items":[{"id":"\\ud800","typeId":"t","data":{}}]}',
]


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_a_400(town: Town, org: Organisation, body: bytes) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.client.post(PATH, content=body, headers={"x-api-key": org.api_key})
        [error] = errors(answer)
        assert (error["status"], error["type"]) == (400, ["/errors/invalid-user-input"])

    run(town, org, work)


ODD = [
    ({"text": "a\0b"}, 400),
    ({"text": "x", "own": {"deep\0": 1}}, 400),
    ({"text": "\ufffe \u202e \U0001f600 \x7f \x01 \\u0000"}, 202),
    ({"text": "x", "likes": 10**400}, 400),
    ({"text": "x", "likes": 1e308, "own": 2**70}, 202),
    ({"text": "x" * 1_000_000}, 202),
]


@pytest.mark.parametrize(("data", "status"), ODD, ids=range(len(ODD)))
def test_odd_data_is_refused_or_stored_exactly(
    town: Town, org: Organisation, data: dict[str, Any], status: int
) -> None:
    async def work(platform: Platform) -> None:
        item = {"id": "a", "typeId": platform.post, "data": data}
        body = json.dumps({"items": [item]}).encode()
        answer = await platform.client.post(PATH, content=body, headers={"x-api-key": org.api_key})
        assert answer.status_code == status, answer.text[:300]

    run(town, org, work)
    assert stored(town) == ([("a", data)] if status == 202 else [])


@pytest.mark.parametrize("item_id", ["", "x" * 5000, "a\0b"])
def test_an_id_that_cannot_be_kept_is_a_400(town: Town, org: Organisation, item_id: str) -> None:
    async def work(platform: Platform) -> None:
        answer = await platform.send(platform.item(item_id))
        assert [error["pointer"] for error in errors(answer)] == ["/items/0"]

    run(town, org, work)


def test_a_body_over_the_limit_is_a_413_and_is_not_read_to_its_end(
    town: Town, org: Organisation
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'{"items":["'
        for _ in range(1000):
            read += 1
            yield b"x" * 10_000

    async def work(platform: Platform) -> None:
        streamed = await platform.client.post(PATH, content=endless())
        assert errors(streamed)[0]["type"] == ["/errors/content-too-large"]
        announced = await platform.client.post(PATH, content=b"x" * 200_000)
        assert announced.status_code == 413

    run(town, org, work, Limits(body_bytes=100_000))
    assert read < 20


def test_too_much_in_flight_is_a_503(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        arriving, answered = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b" " * 1_000
            arriving.set()
            await answered.wait()

        other = asyncio.create_task(platform.client.post(PATH, content=slowly()))
        await arriving.wait()
        answer = await platform.send(platform.item())
        answered.set()
        await other
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await platform.send(platform.item())).status_code == 202

    run(town, org, work, Limits(in_flight_bytes=4_100))


def test_a_key_that_sends_too_fast_is_told_when_to_come_back(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        many = [platform.item(f"i{n}") for n in range(50)]
        assert (await platform.send(*many)).status_code == 202
        answer = await platform.send(platform.item())
        [error] = errors(answer)
        assert (error["status"], error["type"]) == (429, ["/errors/rate-limited"])
        assert 1 <= int(answer.headers["retry-after"]) <= 5

    run(town, org, work, Limits(items_per_s=10))
    assert len(stored(town)) == 50


def test_a_pinned_version_is_judged_as_it_was(town: Town, org: Organisation) -> None:
    stricter = [*POST["fields"], {"name": "must", "type": "STRING", "required": True}]
    caller = system_caller(org.org_id, "test")

    async def work(platform: Platform) -> None:
        configuration.update(
            town.context, caller, ITEM_TYPES, town.post, {**POST, "fields": stricter},
            reason="", expected_version=1,
        )  # fmt: skip
        latest = await platform.send(platform.item("latest"))
        pinned = await platform.send(platform.item("pinned") | {"typeVersion": "1"})
        partial = await platform.send(platform.item("p") | {"typeSchemaVariant": "partial"})
        assert (latest.status_code, pinned.status_code, partial.status_code) == (400, 202, 202)

    run(town, org, work)
    rows = town.rows("SELECT item_id, type_version FROM submissions ORDER BY seq")
    assert [tuple(row) for row in rows] == [("pinned", 1), ("p", 2)]


def test_a_revoked_key_is_refused_within_two_seconds(town: Town, org: Organisation) -> None:
    caller = system_caller(org.org_id, "test")
    key = create_api_key(town.context, caller, "short-lived")

    async def work(platform: Platform) -> None:
        assert (await platform.send(platform.item(), key=key.secret)).status_code == 202
        revoke_api_key(town.context, caller, key.key.key_id)
        async with asyncio.timeout(2):
            while (await platform.send(key=key.secret)).status_code != 401:
                pass

    run(town, org, work)


def test_a_new_counter_is_counted_from_the_next_item_on(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        author = {"id": "u1", "typeId": platform.post}
        await platform.send(platform.item("before", author=author))
        await asyncio.to_thread(town.rule, "second", "count_recent(author, '1 hour') = 2")
        await platform.send(platform.item("after", author=author))

    run(town, org, work)
    town.evaluate()
    assert town.matched() == {1: [], 2: ["second"]}


def test_nothing_is_acknowledged_when_the_database_refuses(town: Town, org: Organisation) -> None:
    async def work(platform: Platform) -> None:
        await platform.send(platform.item("before"))
        with town.context.database.owner() as tx:
            tx.execute(text("ALTER TABLE submissions RENAME TO gone"))
        try:
            answer = await platform.send(platform.item("lost"))
        finally:
            with town.context.database.owner() as tx:
                tx.execute(text("ALTER TABLE gone RENAME TO submissions"))
        assert answer.status_code == 503
        assert (await platform.send(platform.item("after"))).status_code == 202

    run(town, org, work)
    assert [item_id for item_id, _ in stored(town)] == ["before", "after"]
