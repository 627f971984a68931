"""Whoever sends slowly is let go, over a real socket; everybody else is served meanwhile."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from api import edge
from api.main import create_app
from cli.slow_clients import TimedProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import Organisation


class QuickProtocol(TimedProtocol):
    head_s = 0.3


@contextmanager
def listening(context: Context) -> Iterator[int]:
    """The API on a free port, with a server that is quick to lose patience."""
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(context), log_level="critical", http=QuickProtocol, ws="none",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()


@pytest.fixture
def port(context: Context, org: Organisation) -> Iterator[int]:
    assert org.org_id
    with listening(context) as port:
        httpx.get(f"http://127.0.0.1:{port}/api/v1/ready", timeout=20)
        yield port


def connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.settimeout(10)
    return made


def rest(connection: socket.socket) -> bytes:
    """Until the server closes; raises TimeoutError when it does not."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


HEADS = [b"", b"POST /api/v1/items/async HTTP/1.1\r\nHost: x\r\nX-Api-Key: ab"]


@pytest.mark.parametrize("sent", HEADS, ids=["nothing", "half a head"])
def test_a_head_that_does_not_come_ends_the_connection(port: int, sent: bytes) -> None:
    with connected(port) as slow:
        slow.sendall(sent)
        assert rest(slow) == b""
    assert httpx.get(f"http://127.0.0.1:{port}/api/v1/ready").status_code == 200


def test_a_second_request_on_a_connection_is_timed_too(port: int) -> None:
    with connected(port) as slow:
        slow.sendall(b"GET /api/v1/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET /api/v1/ready HTTP/1.1\r\nHo")
        rest(slow)


PATHS = ["items/async", "items/batch", "items/evaluate", "sessions"]


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_does_not_come_is_a_408(
    port: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "PIECE_S", 0.2)
    head = f"POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    with connected(port) as slow:
        slow.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + b'{"items"')
        assert slow.recv(65536).startswith(b"HTTP/1.1 408")
