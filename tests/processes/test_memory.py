"""Bodies as large as they may be, one after the other, leave a real process no larger."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from cli.processes import child_environment, winnow_command
from tests.processes.test_up import free_port, until
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.context import Context
    from tests.world import Organisation

BODY_BYTES = 50 << 20
MOST_BYTES = 1_500 << 20
ROUNDS = 2


class Served:
    def __init__(self, process: subprocess.Popen[bytes], client: httpx.Client) -> None:
        self.process = process
        self.client = client

    def resident(self, what: str = "VmRSS") -> int:
        """Bytes. what: VmRSS now, VmHWM at most."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) << 10
        raise AssertionError(f"no {what}")

    def is_ready(self) -> bool:
        try:
            return self.client.get("/ready").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def api(database_url: str, org: Organisation, tmp_path: Path) -> Iterator[Served]:
    port = free_port()
    environment = child_environment(os.environ) | {"DATABASE_URL": database_url}
    command = winnow_command("api", "--var", str(tmp_path / "var"), "--port", str(port))
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    headers = {"X-API-Key": org.api_key}
    url = f"http://127.0.0.1:{port}/api/v1"
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        served = Served(process, client)
        try:
            assert until(served.is_ready)
            yield served
        finally:
            process.terminate()
            process.wait(30)


def padded(start: str, piece: str, end: str) -> bytes:
    count = (BODY_BYTES - len(start) - len(end)) // len(piece)
    return (start + piece * count).rstrip(",").encode() + end.encode()


def test_large_bodies_do_not_pile_up(api: Served, context: Context, org: Organisation) -> None:
    post = Town(context, org.org_id).post
    text = {"id": "a", "typeId": post, "data": {"text": "x" * 1_000_000}}
    sound = json.dumps({"items": [text] * 50}).encode()
    values = padded('{"items":[', "[],", "]}")
    many = padded('{"items":[', '{"id":"a","data":{"some words of it":"and what they say"}},', "]}")
    assert api.client.post("/items/async", content=sound).status_code == 202
    after: list[int] = []
    for _ in range(ROUNDS):
        assert api.client.post("/items/batch", content=values).status_code == 413
        assert api.client.post("/items/async", content=many).status_code == 400
        after.append(api.resident())
    assert api.resident("VmHWM") < MOST_BYTES
    assert after[-1] < after[0] * 1.3 + (64 << 20)
    assert api.is_ready()
