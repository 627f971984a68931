"""`webhooks_1000`: webhooks from the outbox to a receiver on this machine, one sender process.

Each is leased, signed twice, sent, answered, and recorded as delivered in an embedded Postgres.
The receiver is a process of its own that reads each request and answers 200. Beside it, in the same
run, a bare loop of httpx that posts the same bodies to the same receiver, unsigned, from memory.

    python -m benchmarks.webhooks [--messages N] [--endpoints N]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import socket
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from cryptography.fernet import Fernet

from clients.webhooks import Sender
from engine.items import ItemRef
from services.context import Context
from services.delivery import Deliverer, Pace
from services.organisations import create_organisation
from store import outbox
from store.database import Database
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.outbox import NewMessage
from store.secrets import SecretBox

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
AT_ONCE = 64
BODY = json.dumps(
    {
        "item": {"id": "item-1", "typeId": "t" * 36, "typeName": "Post"},
        "action": {"id": "a" * 36},
        "policies": [{"id": "p" * 36, "name": "Scams", "penalty": "HIGH"}],
        "rules": [{"id": "r" * 36, "name": "Scam words"}],
        "custom": {"team": "safety"},
        "creator": {"id": "user-1", "typeId": "u" * 36},
    }
).encode()


class _Receiver(asyncio.Protocol):
    """Reads whole requests and answers each; as little as a platform could do."""

    def __init__(self) -> None:
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.index(b"content-length:") + len(b"content-length:")
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            assert self._transport is not None
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def _serve(listener: socket.socket) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Receiver, sock=listener)
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Its address; a process of its own."""
    listener = socket.create_server((HOST, 0), backlog=512)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,))
    process.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
        listener.close()


def queue(context: Context, org_id: int, urls: list[str], count: int) -> None:
    messages = [
        NewMessage(
            outbox_id=str(uuid.uuid4()),
            idempotency_key=str(uuid.uuid4()),
            action_id="a1",
            url=urls[n % len(urls)],
            headers={"X-Team": "safety"},
            body=BODY,
            item=ItemRef("post", f"item-{n}"),
            timeout_s=10.0,
        )
        for n in range(count)
    ]
    now = context.clock()
    for start in range(0, count, 1000):
        with context.database.transaction(org_id) as tx:
            outbox.insert(tx, messages[start : start + 1000], kind="action", due=now, now=now)


def deliver(context: Context, org_id: int, count: int) -> tuple[float, float]:
    """(webhooks a second, seconds of this process's own work for each)."""
    with Sender() as sender:
        deliverer = Deliverer(context, sender, Pace(at_once=4 * AT_ONCE, per_endpoint=AT_ONCE))
        started, worked = time.perf_counter(), time.process_time()
        done = 0
        while done < count:
            deliverer.start(org_id)
            done += deliverer.finish(0.05)
        seconds = time.perf_counter() - started
        return count / seconds, (time.process_time() - worked) / count


async def bare_httpx(urls: list[str], count: int) -> float:
    """Posts a second of httpx alone, at the concurrency that suits it."""
    at_once = asyncio.Semaphore(16)
    async with httpx.AsyncClient(trust_env=False) as client:

        async def post(n: int) -> None:
            async with at_once:
                await client.post(urls[n % len(urls)], content=BODY)

        started = time.perf_counter()
        await asyncio.gather(*(post(n) for n in range(count)))
        return count / (time.perf_counter() - started)


def delivered(context: Context, org_id: int) -> dict[str, int]:
    with context.database.transaction(org_id) as tx:
        return outbox.counts(tx)


def measure(options: argparse.Namespace, var: Path) -> None:
    with receiver() as base:
        urls = [f"{base}/hook/{n}" for n in range(options.endpoints)]
        server = EmbeddedPostgres(var / "server")
        url = server.start()
        try:
            migrate(url)
            box = SecretBox((Fernet.generate_key().decode(),))
            database = Database(url)
            context = Context(
                database, str(var / "lake"), box, lambda: datetime.now(UTC),
                lambda: str(uuid.uuid4()), (HOST,),
            )  # fmt: skip
            org_id = create_organisation(context, "Benchmark").org_id
            queue(context, org_id, urls, 500)
            deliver(context, org_id, 500)
            queue(context, org_id, urls, options.messages)
            rate, work = deliver(context, org_id, options.messages)
            peer = asyncio.run(bare_httpx(urls, options.messages // 2))
            counts = delivered(context, org_id)
            database.close()
        finally:
            server.stop()
    assert counts == {"delivered": options.messages + 500}, counts
    print(f"   {work * 1e6:.0f} us of the sender's own work for each", file=sys.stderr)
    report = {
        "name": "webhooks_1000", "value": round(rate), "unit": "webhooks/s",
        "peer": "bare httpx, unsigned", "peer_value": round(peer), "ratio": round(rate / peer, 2),
    }  # fmt: skip
    print(json.dumps(report), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--endpoints", type=int, default=1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        measure(parser.parse_args(), Path(directory))


if __name__ == "__main__":
    main()
