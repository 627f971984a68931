"""Bodies that are many times their size once they are read do not exhaust a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from api import edge
from api.main import create_app
from api.room import Room, Share
from engine.errors import TooLarge, Unavailable
from tests.api.conftest import served
from tests.api.platform import Api, expect_problem

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation

JSON = {"Content-Type": "application/json"}
DENSE = b'{"name": [' + b"[]," * 4_000_000 + b"[]]}"


def test_room_is_taken_while_a_body_is_held_and_given_back_after_it() -> None:
    room = Room(1_000)
    with room.shared() as first:
        first.take(b"x" * 100)
        assert (first.size, room.taken) == (100, 400)
        with room.shared() as second:
            second.take(b"[],[],[]")
            with pytest.raises(Unavailable):
                second.take(b"x" * 100)
        assert room.taken == 400
    assert room.taken == 0


def test_what_no_empty_room_would_hold_is_too_large() -> None:
    with pytest.raises(TooLarge):
        Share(Room(1_000)).take(b"x" * 300)


def test_values_weigh_more_than_their_bytes() -> None:
    text, values = Share(Room(1 << 30)), Share(Room(1 << 30))
    text.take(b"x" * 3_000)
    values.take(b"[]," * 1_000)
    assert values.weight > 10 * text.weight


def test_a_body_of_millions_of_values_is_a_413_on_every_route(anybody: Api) -> None:
    for path in ("/config/policies", "/report", "/actions", "/sessions"):
        answer = anybody.client.post(path, content=DENSE, headers=JSON)
        assert answer.status_code == 413, (path, answer.text)
        assert "errors" in answer.json()


class _Half(Room):
    """Half of it is taken already."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.taken = most // 2


def test_without_room_for_a_body_the_answer_is_a_503(
    context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "ROOM_BYTES", 30_000)
    monkeypatch.setattr(edge, "Room", _Half)
    headers = {"X-API-Key": org.api_key}
    with (
        served(create_app(context)) as url,
        httpx.Client(base_url=f"{url}/api/v1", headers=headers) as client,
    ):
        body = {"name": "Scams", "text": "x" * 5_000}
        refused = client.post("/config/policies", json=body)
        assert expect_problem(refused, 503)["type"] == "/errors/unavailable"
        assert refused.headers["retry-after"]
        assert client.post("/config/policies", json={"name": "Scams"}).status_code == 201
