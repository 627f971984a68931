"""Bodies that come packed are read, and grow no larger than others may be."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from api.packed import PIECE_BYTES, unpacked
from tests.api.platform import POST_TYPE, Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from starlette.types import Message

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1 << 20


def sent(api: Api, path: str, packed: bytes, encoding: str) -> httpx.Response:
    headers = {**JSON, "Content-Encoding": encoding}
    return api.client.post(path, content=packed, headers=headers)


def read(pieces: list[bytes], encoding: bytes = b"gzip") -> list[bytes]:
    """What comes out of a body that arrives in these pieces."""
    coming = iter(pieces)
    left = len(pieces)

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(coming), "more_body": left > 0}

    async def all_of_it() -> list[bytes]:
        next_piece = unpacked(receive, encoding)
        found, more = [], True
        while more:
            message = await next_piece()
            found.append(message["body"])
            more = message["more_body"]
        return found

    return asyncio.run(all_of_it())


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@given(content=st.binary(max_size=3_000), size=st.integers(1, 500))
def test_what_was_packed_comes_out_however_it_is_cut(content: bytes, size: int) -> None:
    for encoding, packed in (
        (b"gzip", gzip.compress(content)),
        (b"deflate", zlib.compress(content)),
    ):
        assert b"".join(read(cut(packed, size), encoding)) == content


def test_no_piece_is_large_whatever_it_came_from() -> None:
    content = b" " * (5 * MEBIBYTE)
    pieces = read([gzip.compress(content)])
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"{}"],
        [gzip.compress(b"{}")[:-3]],
        [gzip.compress(b"{}") + b"more"],
        [gzip.compress(b"{}"), b"more"],
        [gzip.compress(b"{}")[:-8] + b"\0" * 8],
    ],
    ids=["empty", "not packed", "cut off", "goes on", "goes on later", "wrong sum"],
)
def test_what_is_not_packed_as_it_says_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(HTTPException) as refused:
        read(pieces)
    assert refused.value.status_code == 400


def test_packed_bodies_are_read_on_every_kind_of_route(platform: Api, admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    item = {"id": "p1", "typeId": post, "data": {"text": "é" * 10_000}}
    calls = [
        ("/items/async", {"items": [item]}, 202),
        ("/items/batch", {"items": [item]}, 202),
        ("/items/evaluate", {"item": item}, 200),
        ("/content", {"contentType": "Post", "contentId": "p1", "content": item["data"]}, 202),
        ("/config/policies", {"name": "Scams"}, 201),
    ]
    for path, body, status in calls:
        answer = sent(platform, path, gzip.compress(json.dumps(body).encode()), "GZIP")
        assert answer.status_code == status, (path, answer.text)
    assert admin.get("/items", itemId="p1").json()["items"][0]["data"]["text"] == "é" * 10_000


PATHS = ["/items/async", "/items/evaluate", "/report", "/config/policies"]


@pytest.mark.parametrize("path", PATHS)
def test_what_cannot_be_unpacked_is_refused(platform: Api, path: str) -> None:
    for packed, encoding, status in (
        (b"{}", "br", 415),
        (b"{}", "gzip", 400),
        (gzip.compress(b" " * (51 * MEBIBYTE)), "gzip", 413),
    ):
        answer = sent(platform, path, packed, encoding)
        assert answer.status_code == status, (encoding, answer.text)
        assert "errors" in answer.json()


def test_a_packed_body_may_come_in_pieces(platform: Api, admin: Api) -> None:
    post = admin.made("item-types", POST_TYPE)["id"]
    body = {"items": [{"id": "p1", "typeId": post, "data": {"text": "x"}}]}
    packed = gzip.compress(json.dumps(body).encode())

    def pieces() -> Iterator[bytes]:
        yield from cut(packed, 7)

    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = platform.client.post("/items/async", content=pieces(), headers=headers)
    assert answer.status_code == 202, answer.text
