"""Worker, API and Postgres die by `kill -9` while items pour in; nothing accepted is lost.

Real processes: an embedded Postgres that syncs its commits, `winnow api`, `winnow worker`, and a
platform that receives the webhooks. Each is killed once in the middle of the traffic and started
again, as a supervisor would.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.fernet import Fernet

from services.context import Context
from services.organisations import create_organisation
from store.database import Database
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.secrets import SecretBox
from tests.services.receiver import Receiver, receiver
from tests.services.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
BATCH = 20
BETWEEN_KILLS = 300
DEADLINE_S = 180.0
pytestmark = pytest.mark.processes


@dataclass
class Platform:
    """Sends batches without pause and remembers which items were acknowledged."""

    url: str
    key: str
    post: str
    accepted: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    strange: list[str] = field(default_factory=list)

    def run(self) -> None:
        number = 0
        with httpx.Client(timeout=20) as client:
            while not self.stop.is_set():
                ids = [f"item-{number + n}" for n in range(BATCH)]
                number += BATCH
                if self._send(client, ids):
                    self.accepted.extend(ids)

    def _send(self, client: httpx.Client, ids: list[str]) -> bool:
        author = {"id": "u1", "typeId": self.post}
        items = [{"id": i, "typeId": self.post, "data": {"text": i, "author": author}} for i in ids]
        try:
            answer = client.post(self.url, json={"items": items}, headers={"x-api-key": self.key})
        except httpx.TransportError:
            self.stop.wait(0.05)
            return False
        if answer.status_code not in {202, 503}:
            self.strange.append(f"{answer.status_code}: {answer.text[:200]}")
        return answer.status_code == 202


@dataclass
class Machine:
    """The processes of this test, and no others."""

    server: EmbeddedPostgres
    environment: dict[str, str]
    port: int
    log: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        arguments = {
            "api": ["--port", str(self.port)],
            "worker": ["--lease-seconds", "3", "--batch", "50"],
        }[name]
        with self.log.open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "cli.main", name, *arguments],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.running[name]
        process.kill()
        process.wait(30)

    def kill_postgres(self, directory: Path) -> None:
        pid = int((next(directory.rglob("postmaster.pid"))).read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + DEADLINE_S
    pause = threading.Event()
    while not condition():
        assert monotonic() < deadline, f"waited in vain for {what}"
        pause.wait(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def test_nothing_accepted_is_lost_and_nothing_is_evaluated_twice(
    tmp_path: Path, shop: Receiver
) -> None:
    directory = tmp_path / "server"
    server = EmbeddedPostgres(directory)
    with ExitStack() as stack:
        url = server.start()
        stack.callback(server.stop)
        migrate(url)
        secret = Fernet.generate_key().decode()
        database = Database(url)
        stack.callback(database.close)
        town, key = furnish(database, secret, tmp_path, shop)
        environment = {
            **os.environ, "WINNOW_VAR": str(tmp_path / "var"), "DATABASE_URL": url,
            "WINNOW_SECRET_KEY": secret, "WINNOW_LOG_LEVEL": "warning",
            "WINNOW_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        }  # fmt: skip
        machine = Machine(server, environment, free_port(), tmp_path / "processes.log")
        stack.callback(machine.stop)
        platform = Platform(f"http://127.0.0.1:{machine.port}/api/v1/items/async", key, town.post)
        disturb(machine, platform, directory)
        until(lambda: settled(town), "the last item and the last webhook")
        check(town, platform, shop)


def furnish(database: Database, secret: str, tmp_path: Path, shop: Receiver) -> tuple[Town, str]:
    context = Context(
        database, str(tmp_path / "lake"), SecretBox((secret,)), lambda: datetime.now(UTC),
        lambda: str(uuid.uuid4()), ("127.0.0.1",),
    )  # fmt: skip
    made = create_organisation(context, "Killed")
    town = Town(context, made.org_id)
    hook = town.hook(callbackUrl=f"{shop.url}/hook")
    town.rule("every tenth", "text LIKE '%0'", hook)
    town.rule("busy", "count_recent(author, '1 day') > 0", town.review())
    return town, made.api_key


def disturb(machine: Machine, platform: Platform, directory: Path) -> None:
    """Traffic, and after every few hundred accepted items something dies."""
    machine.start("api")
    machine.start("worker")
    traffic = threading.Thread(target=platform.run)
    traffic.start()
    try:
        enough(platform)
        machine.kill("worker")
        machine.start("worker")
        enough(platform)
        machine.kill("api")
        machine.start("api")
        enough(platform)
        machine.kill_postgres(directory)
        machine.server.start()
        enough(platform)
    finally:
        platform.stop.set()
        traffic.join()


def enough(platform: Platform) -> None:
    wanted = len(platform.accepted) + BETWEEN_KILLS
    until(lambda: len(platform.accepted) >= wanted, f"{wanted} accepted items")


def settled(town: Town) -> bool:
    [row] = town.rows(
        "SELECT (SELECT count(*) FROM pending) AS waiting,"
        " (SELECT count(*) FROM outbox WHERE state <> 'delivered') AS undelivered"
    )
    return bool(row.waiting == 0 and row.undelivered == 0)


def check(town: Town, platform: Platform, shop: Receiver) -> None:
    assert platform.strange == []
    submitted = town.rows("SELECT seq, item_id FROM submissions ORDER BY seq")
    assert [row.seq for row in submitted] == list(range(1, len(submitted) + 1))
    items = [row.item_id for row in submitted]
    assert len(items) == len(set(items)), "an item was written twice"
    assert set(platform.accepted) <= set(items), "an acknowledged item is not there"
    evaluated = town.rows("SELECT seq, outcomes FROM evaluations ORDER BY seq")
    assert [row.seq for row in evaluated] == [row.seq for row in submitted]
    expected = {item for item in items if item.endswith("0")}
    assert len(town.rows("SELECT 1 FROM outbox")) == len(expected)
    assert keys_by_item(shop) == dict.fromkeys(expected, 1)
    assert len(town.rows("SELECT 1 FROM jobs")) == len(items)
    counted = town.rows("SELECT count(*) AS n FROM window_events")
    assert counted[0].n == len(items)


def keys_by_item(shop: Receiver) -> dict[str, int]:
    """For each item a webhook came for, how many idempotency keys they had."""
    keys: dict[str, set[str]] = defaultdict(set)
    for got in shop.received:
        body: dict[str, Any] = json.loads(got.body)
        keys[body["item"]["id"]].add(got.headers["webhook-id"])
    return {item: len(found) for item, found in keys.items()}
