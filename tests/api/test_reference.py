"""Every curl command of the reference works as it is written."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tests.api.flagged import flagged

if TYPE_CHECKING:
    import pytest

    from services.context import Context
    from tests.api.platform import Api
    from tests.world import Organisation

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
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
