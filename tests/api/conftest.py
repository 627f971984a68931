"""The API as a platform meets it: over HTTP, on a free port, with a database of its own."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from api.main import create_app
from tests.api.platform import Api, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import Organisation


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application in a thread; its base URL."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    config = uvicorn.Config(
        app, log_level="critical", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture
def base_url(context: Context, org: Organisation) -> Iterator[str]:
    """An organisation, served. Without a slash at the end."""
    assert org.org_id
    with served(create_app(context)) as url:
        yield f"{url}/api/v1"


@pytest.fixture
def anybody(base_url: str) -> Iterator[Api]:
    """Without a key."""
    with httpx.Client(base_url=base_url, timeout=20) as client:
        yield Api(client)


@pytest.fixture
def platform(base_url: str, org: Organisation) -> Iterator[Api]:
    """With the organisation's key."""
    headers = {"X-API-Key": org.api_key}
    with httpx.Client(base_url=base_url, timeout=20, headers=headers) as client:
        yield Api(client)


@pytest.fixture
def admin(base_url: str, org: Organisation) -> Iterator[Api]:
    """Signed in as the organisation's administrator."""
    with httpx.Client(base_url=base_url, timeout=20) as client:
        yield signed_in(client, org.admin_email, org.admin_password)
