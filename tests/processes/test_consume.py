"""`winnow consume` beside a real NATS server: killed in the middle, it takes each message once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nats
import pytest
from cryptography.fernet import Fernet

from services.context import Context
from services.organisations import create_organisation
from store.secrets import SecretBox
from tests.app.deadline import until
from tests.left_out import NATS_SERVER
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.database import Database

ROOT = Path(__file__).resolve().parent.parent.parent
STREAM = "ITEMS"
pytestmark = [pytest.mark.processes, pytest.mark.nats]


@dataclass(frozen=True)
class Nats:
    url: str

    def publish(self, bodies: Sequence[bytes]) -> None:
        asyncio.run(self._publish(bodies))

    async def _publish(self, bodies: Sequence[bytes]) -> None:
        client = await nats.connect(self.url)
        stream = client.jetstream()
        await stream.add_stream(name=STREAM, subjects=["items.>"])
        for body in bodies:
            await stream.publish("items.post", body)
        await client.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    """A server on a port of its own choice, which it writes down."""
    assert NATS_SERVER is not None
    arguments = [
        *(NATS_SERVER, "--jetstream", "--addr", "127.0.0.1", "--port", "-1"),
        *("--store_dir", str(tmp_path / "jetstream"), "--ports_file_dir", str(tmp_path)),
    ]
    with (tmp_path / "nats.log").open("wb") as log:
        server = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        until(lambda: bool(list(tmp_path.glob("*.ports"))), what="NATS wrote its port")
        [ports] = tmp_path.glob("*.ports")
        yield Nats(json.loads(ports.read_text())["nats"][0])
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def town(database: Database, database_url: str, tmp_path: Path) -> Town:
    box = SecretBox((Fernet.generate_key().decode(),))
    context = Context(
        database, str(tmp_path / "lake"), box, lambda: datetime.now(UTC), lambda: str(uuid.uuid4())
    )
    assert database_url
    return Town(context, create_organisation(context, "Streamed").org_id)


def bodies(town: Town, first: int, count: int) -> list[bytes]:
    return [
        json.dumps({"id": f"item-{n}", "typeId": town.post, "data": {"text": f"t{n}"}}).encode()
        for n in range(first, first + count)
    ]


def consuming(
    stack: ExitStack, town: Town, url: str, broker: Nats, directory: Path, *more: str
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "WINNOW_VAR": str(directory / "var"),
        "DATABASE_URL": url,
        "WINNOW_SECRET_KEY": Fernet.generate_key().decode(),
    }
    arguments = ["--stream", STREAM, "--org", str(town.org_id), "--nats", broker.url, *more]
    log = stack.enter_context((directory / "consume.log").open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "consume", "--batch", "20", *arguments],
        cwd=ROOT, env=environment, stdout=log, stderr=log,
    )  # fmt: skip
    stack.callback(process.wait, 30)
    stack.callback(process.kill)
    return process


def submitted(town: Town) -> list[Any]:
    return [row.item_id for row in town.rows("SELECT item_id FROM submissions ORDER BY seq")]


def test_killed_in_the_middle_it_takes_every_message_once(
    town: Town, database_url: str, broker: Nats, tmp_path: Path
) -> None:
    broker.publish(bodies(town, 0, 400))
    with ExitStack() as stack:
        first = consuming(stack, town, database_url, broker, tmp_path)
        until(lambda: len(submitted(town)) >= 40, what="the first items are there")
        first.kill()
        first.wait(30)
        broker.publish([*bodies(town, 400, 99), b"this is no item"])
        second = consuming(stack, town, database_url, broker, tmp_path, "--until-empty")
        assert second.wait(60) == 0, (tmp_path / "consume.log").read_text()
    assert submitted(town) == [f"item-{n}" for n in range(499)]
    [refusal] = town.rows("SELECT seq, body FROM stream_refusals")
    assert (refusal.seq, bytes(refusal.body)) == (500, b"this is no item")


def test_a_stream_that_is_not_there_is_said(
    town: Town, database_url: str, broker: Nats, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        process = consuming(stack, town, database_url, broker, tmp_path)
        assert process.wait(60) != 0
    assert "no stream 'ITEMS'" in (tmp_path / "consume.log").read_text()
