"""`ingest_evaluated`: items through the API to their committed evaluation, 100 live rules.

Everything is on this machine and its cores: an embedded Postgres that syncs every commit, the API,
a worker, and the load generator. Beside it, a bare COPY of the same rows into a table without
indexes on the same server. Says on standard error what each part costs an item.

    python -m benchmarks.ingest [--items N] [--rules N] [--batch N] [--workers N] [--apis N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from benchmarks._stage import (
    TICKS,
    bare_copy,
    cpu_seconds,
    free_port,
    process,
    staged,
    wait_for_port,
)
from services import configuration
from services.actions import ACTIONS
from services.banks import BANKS
from services.context import system_caller
from services.item_types import ITEM_TYPES
from services.organisations import create_organisation
from store import config
from store.config import ConfigKind

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

    from services.configuration import Noun
    from services.context import Context

CONNECTIONS = 16
CREATORS = 5_000
WORDS = [f"word{n}" for n in range(3_000)]
DEADLINE_S = 300.0
WARM_UP = 2_000

POST = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "title", "type": "STRING"},
        {"name": "lang", "type": "STRING"},
        {"name": "url", "type": "URL"},
        {"name": "likes", "type": "NUMBER"},
        {"name": "age", "type": "NUMBER"},
        {"name": "reply", "type": "BOOLEAN"},
        {"name": "author", "type": "RELATED_ITEM"},
    ],
    "roles": {"creatorId": "author"},
}


def rules(wanted: int) -> list[str]:
    """Conditions over fields, texts and a bank, and twelve questions to four counters."""
    banks = ["matches(text, 'scams')", "matches(title, 'scams') AND likes < 3"]
    counted = [
        template.format(window=window)
        for window in ("10 minutes", "1 hour", "1 day")
        for template in (
            "count_recent(author, '{window}') > 100000",
            "count_recent(author, '{window}', reply) > 100000 AND likes > 2",
            "count_recent(lang, '{window}', likes > 995) > 100000",
            "count_recent(author, '{window}', contains(text, 'word7')) > 100000",
        )
    ]
    templates = (
        "likes > {n} AND age < {n} % 7 AND lang = 'xx'",
        "contains(lower(text), 'never{n}') AND NOT reply",
        "starts_with(url, 'https://bad{n}.example') OR (length(text) < {n} % 10)",
    )
    plain = [templates[n % 3].format(n=n) for n in range(wanted - len(banks) - len(counted))]
    return [*banks, *counted, *plain]


@dataclass(frozen=True)
class World:
    context: Context
    org_id: int
    api_key: str
    post: str

    def count(self, table: str) -> int:
        with self.context.database.transaction(self.org_id) as tx:
            return int(tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def furnish(context: Context, count: int) -> World:
    """An organisation whose rules run LIVE; one item in a hundred opens a review job."""
    made = create_organisation(context, "Benchmark")
    caller = system_caller(made.org_id, "benchmark")

    def save(noun: Noun[Any], document: dict[str, Any]) -> str:
        return configuration.create(context, caller, noun, document, "").object_id

    post = save(ITEM_TYPES, POST)
    review = save(ACTIONS, {"name": "Review", "type": "ENQUEUE_TO_MRT"})
    save(BANKS, {"name": "scams", "terms": [{"text": f"scam{n}"} for n in range(500)]})
    for number, where in enumerate(rules(count)):
        document = {
            "name": f"Rule {number}",
            "status": "LIVE",
            "itemTypeIds": [post],
            "where": where,
            "actionIds": [review] if "scams" in where else [],
        }
        with context.database.transaction(made.org_id) as tx:  # spares it its examples
            config.save(
                tx, ConfigKind.RULE, context.new_id(), f"Rule {number}", document,
                author="benchmark", reason="", now=context.clock(),
            )  # fmt: skip
    return World(context, made.org_id, made.api_key, post)


def items(world: World, rng: random.Random, numbers: Iterator[int], size: int) -> list[Any]:
    return [item(world, rng, next(numbers)) for _ in range(size)]


def item(world: World, rng: random.Random, number: int) -> dict[str, Any]:
    """About 700 bytes of data, by one of five thousand people."""
    words = rng.choices(WORDS, k=70)
    if rng.random() < 0.01:
        words[5] = f"scam{rng.randrange(500)}"
    return {
        "id": f"item-{number}",
        "typeId": world.post,
        "data": {
            "text": " ".join(words),
            "title": " ".join(words[:6]),
            "lang": rng.choice(("en", "de", "fr", "es")),
            "url": f"https://site{rng.randrange(900)}.example/{number}",
            "likes": rng.randrange(1000),
            "age": rng.randrange(3000),
            "reply": rng.random() < 0.3,
            "author": {"id": f"user-{rng.randrange(CREATORS)}", "typeId": world.post},
        },
    }


def requests(world: World, total: int, batch: int, port: int) -> list[bytes]:
    rng, numbers = random.Random(1), count()
    made = []
    for start in range(0, total, batch):
        size = min(batch, total - start)
        body = json.dumps({"items": items(world, rng, numbers, size)}).encode()
        head = (
            f"POST /api/v1/items/async/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"x-api-key: {world.api_key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def send_all(ports: Sequence[int], made: Sequence[bytes]) -> None:
    """Closed loop: each connection waits for its 202 before it sends again."""
    line, failures = iter(made), []
    lock = threading.Lock()

    def sender(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while True:
                with lock:
                    request = next(line, None)
                if request is None:
                    return
                connection.sendall(request)
                answer = connection.recv(65536)
                while b"\r\n\r\n" not in answer:
                    answer += connection.recv(65536)
                if not answer.startswith(b"HTTP/1.1 202"):
                    failures.append(answer)
                    return

    threads = [
        threading.Thread(target=sender, args=(ports[n % len(ports)],)) for n in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"refused: {failures[0][:500]!r}")


def wait_evaluated(world: World, wanted: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if world.count("pending") == 0 and world.count("evaluations") >= wanted:
            return
        time.sleep(0.05)
    sys.exit(f"only {world.count('evaluations')} of {wanted} were evaluated in time")


def measure(options: argparse.Namespace, var: Path) -> None:
    with staged(var) as stage:
        world = furnish(stage.context, options.rules)
        rate = run(options, world, stage.environment, stage.postgres)
        peer = bare_copy(stage.url, world.count("submissions"))
        print(json.dumps(line(rate, peer)), flush=True)


def line(rate: float, peer: float) -> dict[str, object]:
    return {
        "name": "ingest_evaluated", "value": round(rate), "unit": "items/s", "peer": "copy",
        "peer_value": round(peer), "ratio": round(rate / peer, 4),
    }  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Whose processor time is told apart."""

    api: Sequence[subprocess.Popen[bytes]]
    worker: Sequence[subprocess.Popen[bytes]]
    postgres: int

    def spent(self) -> dict[str, float]:
        return {
            "api": sum(cpu_seconds(process.pid) for process in self.api),
            "worker": sum(cpu_seconds(process.pid) for process in self.worker),
            "postgres": cpu_seconds(self.postgres),
            "load": time.process_time(),
        }


def run(
    options: argparse.Namespace, world: World, environment: dict[str, str], postgres: int
) -> float:
    ports = [free_port() for _ in range(options.apis)]
    command = ("worker", "--batch", str(options.size), "--evaluators", str(options.evaluators))
    made = requests(world, options.items, options.batch, ports[0])
    with ExitStack() as stack:
        api = [stack.enter_context(process(environment, "api", "--port", str(p))) for p in ports]
        worker = [
            stack.enter_context(process(environment, *command)) for _ in range(options.workers)
        ]
        for port, running in zip(ports, api, strict=True):
            wait_for_port(port, running)
        send_all(ports, requests(world, WARM_UP, options.batch, ports[0]))
        wait_evaluated(world, WARM_UP)
        return timed(options.items, world, ports, made, Parts(api, worker, postgres))


def timed(
    total: int, world: World, ports: Sequence[int], made: Sequence[bytes], parts: Parts
) -> float:
    before, everything, started = parts.spent(), machine_busy(), time.perf_counter()
    send_all(ports, made)
    accepted = time.perf_counter() - started
    wait_evaluated(world, WARM_UP + total)
    seconds = time.perf_counter() - started
    after = parts.spent()
    ours = {name: after[name] - before[name] for name in after}
    explain(total, seconds, accepted, ours, machine_busy() - everything)
    return total / seconds


def machine_busy() -> float:
    """Processor seconds of everything on this machine since it started."""
    fields = [int(f) for f in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def explain(
    total: int, seconds: float, accepted: float, spent: dict[str, float], everything: float
) -> None:
    cores = os.cpu_count() or 1
    ours = sum(spent.values())
    costs = ", ".join(f"{name} {1e6 * s / total:.0f}" for name, s in spent.items())
    limit = "the processors" if everything / seconds > 0.85 * cores else "waiting, not processors"
    print(
        f"{total} items accepted in {accepted:.1f} s, evaluated in {seconds:.1f} s. Limited by"
        f" {limit}: {ours / seconds:.2f} of {cores} cores were ours,"
        f" {max(everything - ours, 0) / seconds:.2f} somebody else's. Processor microseconds an"
        f" item: {costs}; {cores} cores of our own would do {cores * total / ours:.0f} items/s.",
        file=sys.stderr,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=60_000)
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--apis", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--evaluators", type=int, default=2)
    parser.add_argument("--size", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-ingest-") as directory:
        Path(directory).chmod(0o755)
        measure(options, Path(directory))


if __name__ == "__main__":
    main()
