from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import uvicorn
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app.server import console_asgi
from tests.app.fake_api import TOKEN, State, fake_api
from tests.app.fake_data import example_state

MAIN = Path(__file__).parents[2] / "app" / "main.py"
NOWHERE = "http://127.0.0.1:9/api/v1"
Opened = Callable[..., AppTest]


@contextmanager
def served(application: Callable[[str], Any]) -> Iterator[str]:
    """What `application` makes for a base URL, served there, in a thread, on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        application(url), log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture
def state() -> State:
    return State(**example_state())


@pytest.fixture
def api_url(state: State) -> Iterator[str]:
    with served(lambda _: fake_api(state)) as url:
        yield f"{url}/api/v1"


@pytest.fixture(scope="session")
def console_url() -> Iterator[str]:
    """The console on its own; Streamlit allows one a process.

    It asks whichever API the environment names at the moment.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_API_URL", NOWHERE)
        with served(lambda _: console_asgi(None, NOWHERE)) as url:
            yield url


@pytest.fixture
def opened(api_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a page of the console as Ada: `opened("rule", id="r1")`."""
    monkeypatch.setenv("WINNOW_API_URL", api_url)
    monkeypatch.setattr("app.session.read_token", lambda: TOKEN)

    def open_page(path: str, **params: str) -> AppTest:
        page = AppTest.from_file(MAIN, default_timeout=20)
        page._page_hash = calc_hash(path)
        for name, value in params.items():
            page.query_params[name] = value
        return page.run()

    yield open_page
    st.cache_resource.clear()


def said(page: AppTest) -> str:
    """Everything a page shows as text or HTML, styles left out."""
    parts: list[str] = [str(one.value) for one in page.title]
    for kind in ("markdown", "caption", "subheader", "error", "warning", "info", "code"):
        parts += [str(getattr(one, "value", "")) for one in page.get(kind)]
    parts += [body for one in page.get("html") if "<style>" not in (body := str(one.proto.body))]
    return "\n".join(parts)


def rows_of(page: AppTest, key: str) -> list[dict[str, Any]]:
    """The rows of a link table, by its key."""
    for one in page.get("bidi_component"):
        if one.proto.id.endswith(f"-{key}"):
            found: list[dict[str, Any]] = json.loads(one.proto.json)["rows"]
            return found
    raise AssertionError(f"the page has no table {key}")
