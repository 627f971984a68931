"""Every curl command of the reference works as written; the routes it names are those there are."""

from __future__ import annotations

import os
import re
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from api.main import create_app
from cli.docs import stale_pages
from tests.api.conftest import served
from tests.api.flagged import flagged

if TYPE_CHECKING:
    import pytest

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
NAMED = re.compile(r"`(GET|POST|PUT|DELETE) (/[^`\s]*)`")
PLACE = re.compile(r"\{\w+\}")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    text = "\n".join(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    lines = text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ curl ")]


def run(platform: Api, command: str) -> int:
    """The status that the command's request is answered with."""
    words = shlex.split(os.path.expandvars(command))[1:]
    url, body, headers, method = "", None, {}, None
    while words:
        word = words.pop(0)
        match word:
            case "-s":
                continue
            case "-X":
                method = words.pop(0)
            case "-d":
                body = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case _:
                url = word
    platform.client.headers.clear()
    sent = platform.client.request(
        method or ("POST" if body else "GET"), url, content=body, headers=headers
    )
    return sent.status_code


def test_the_commands_of_the_reference_work(
    admin: Api,
    platform: Api,
    context: Context,
    org: Organisation,
    base_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = flagged(admin, platform, context, org.org_id)
    job = admin.get("/jobs").json()["items"][0]["jobId"]
    names = {"KEY": org.api_key, "API": base_url, "TYPE": scene.type_id, "RULE": scene.rule_id}
    for name, value in (names | {"QUEUE": scene.queue_id, "JOB": job, "ITEM": "p1"}).items():
        monkeypatch.setenv(name, value)
    assert len(commands()) > 15
    for command in commands():
        assert run(platform, command) < 300, command


def test_the_list_of_routes_is_current() -> None:
    """`winnow docs` writes it."""
    assert stale_pages(PAGE.parents[1]) == {}


def test_every_route_that_the_reference_names_exists(anybody: Api) -> None:
    paths = anybody.get("/openapi.json").json()["paths"]
    known = {
        (verb.upper(), PLACE.sub("{}", path.removeprefix("/api/v1")))
        for path, operations in paths.items()
        for verb in operations
    }
    kinds = {path.split("/")[2] for _, path in known if path.startswith("/config/")}
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 30
    for verb, path in named:
        here = PLACE.sub("{}", path.partition("?")[0])
        meant = {here.replace("<kind>", kind) for kind in kinds}
        assert known & {(verb, one) for one in meant} or here == "/api/v1/openapi.json", (
            verb,
            path,
        )


def test_other_requests_are_answered_while_the_description_is_made(
    context: Context, org: Organisation
) -> None:
    app = create_app(context)
    asked, go_on, made = threading.Event(), threading.Event(), app.openapi

    def slowly() -> dict[str, Any]:
        asked.set()
        assert go_on.wait(30)
        return made()

    app.openapi = slowly  # type: ignore[method-assign]
    with served(app) as url, ThreadPoolExecutor(1) as aside:
        description = aside.submit(httpx.get, f"{url}/api/v1/openapi.json", timeout=60)
        assert asked.wait(30)
        headers = {"X-API-Key": org.api_key}
        assert httpx.get(f"{url}/api/v1/policies", headers=headers).status_code == 200
        go_on.set()
        assert description.result(timeout=60).json()["info"]["title"] == "Winnow"
