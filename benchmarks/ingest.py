"""`ingest_evaluated`: items through the API to their committed evaluation, 100 live rules.

Everything is on this machine and its cores: an embedded Postgres that syncs every commit, the API,
a worker, and the load generator. Beside it, a bare COPY of the same rows into a table without
indexes on the same server. Says on standard error what each part costs an item.

Items are sent by slices of 100,000, each evaluated to its end before the next one is made, so a
longer run says whether speed decays and memory grows. The whole claim takes a million items:

    python -m benchmarks.ingest --items 1000000
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
    resident_mb,
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
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks._stage import Stage
    from services.configuration import Noun
    from services.context import Context

CONNECTIONS = 16
CREATORS = 5_000
WORDS = [f"word{n}" for n in range(3_000)]
DEADLINE_S = 300.0
WARM_UP = 2_000
SLICE = 100_000
RATE = 8_000
LEAST_KEPT = 0.85
MOST_GROWN_MB = 50

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


def requests(world: World, total: int, batch: int, port: int, first: int = 0) -> list[bytes]:
    """first: the number of the first item."""
    rng, numbers = random.Random(1 + first), count(first)
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


def wait_evaluated(world: World) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while world.count("pending"):
        if time.monotonic() > deadline:
            sys.exit(f"{world.count('pending')} items were not evaluated in time")
        time.sleep(0.05)


def check_evaluated(world: World, wanted: int) -> None:
    found = world.count("evaluations")
    if found != wanted:
        sys.exit(f"{found} evaluations of {wanted} items")


def measure(options: argparse.Namespace, var: Path) -> None:
    with staged(var) as stage:
        world = furnish(stage.context, options.rules)
        run(options, world, stage)


@dataclass(frozen=True)
class Slice:
    """memory: megabytes resident once it is evaluated. spent: processor seconds."""

    items: int
    seconds: float
    accepted: float
    spent: Mapping[str, float]
    memory: Mapping[str, float]

    @property
    def rate(self) -> float:
        return self.items / self.seconds

    @property
    def costs(self) -> dict[str, int]:
        """Processor microseconds an item."""
        return {name: round(1e6 * spent / self.items) for name, spent in self.spent.items()}


def lines(slices: Sequence[Slice], peer: float) -> Iterator[dict[str, object]]:
    """The whole, then each slice, then what the last is beside the first."""
    items = sum(each.items for each in slices)
    rate = items / sum(each.seconds for each in slices)
    yield {
        "name": "ingest_evaluated", "value": round(rate), "unit": "items/s", "peer": "copy",
        "peer_value": round(peer), "ratio": round(rate / peer, 4),
    }  # fmt: skip
    for number, each in enumerate(slices, 1):
        yield {
            "name": f"ingest_evaluated_slice_{number}", "value": round(each.rate),
            "unit": "items/s", "peer": "limit", "peer_value": RATE,
            "ratio": round(each.rate / RATE, 3), "microseconds": each.costs,
        }  # fmt: skip
    if len(slices) > 1:
        yield from growth(slices[0], slices[-1])


def growth(first: Slice, last: Slice) -> Iterator[dict[str, object]]:
    decay = last.rate / first.rate
    yield {
        "name": "ingest_last_slice", "value": round(decay, 3), "unit": "of the first",
        "peer": "limit", "peer_value": LEAST_KEPT, "ratio": round(decay / LEAST_KEPT, 3),
    }  # fmt: skip
    for name, begun in first.memory.items():
        most = begun + MOST_GROWN_MB
        yield {
            "name": f"ingest_memory_{name}", "value": round(last.memory[name]), "unit": "MB",
            "peer": "limit", "peer_value": round(most),
            "ratio": round(most / last.memory[name], 3), "start": round(begun),
        }  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Whose processor time and memory are told apart."""

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

    def memory(self) -> dict[str, float]:
        return {
            "api": sum(resident_mb(process.pid) for process in self.api),
            "worker": sum(resident_mb(process.pid) for process in self.worker),
        }


def run(options: argparse.Namespace, world: World, stage: Stage) -> None:
    ports = [free_port() for _ in range(options.apis)]
    command = ("worker", "--batch", str(options.size), "--evaluators", str(options.evaluators))
    with ExitStack() as stack:
        environment = stage.environment
        api = [stack.enter_context(process(environment, "api", "--port", str(p))) for p in ports]
        worker = [
            stack.enter_context(process(environment, *command)) for _ in range(options.workers)
        ]
        for port, running in zip(ports, api, strict=True):
            wait_for_port(port, running)
        send_all(ports, requests(world, WARM_UP, options.batch, ports[0]))
        wait_evaluated(world)
        parts, slices = Parts(api, worker, stage.postgres), []
        for done in range(0, options.items, SLICE):
            size = min(SLICE, options.items - done)
            made = requests(world, size, options.batch, ports[0], WARM_UP + done)
            slices.append(timed(size, world, ports, made, parts))
            check_evaluated(world, WARM_UP + done + size)
    for line in lines(slices, bare_copy(stage.url, world.count("submissions"))):
        print(json.dumps(line), flush=True)


def timed(
    size: int, world: World, ports: Sequence[int], made: Sequence[bytes], parts: Parts
) -> Slice:
    before, everything, started = parts.spent(), machine_busy(), time.perf_counter()
    send_all(ports, made)
    accepted = time.perf_counter() - started
    wait_evaluated(world)
    seconds = time.perf_counter() - started
    after = parts.spent()
    spent = {name: after[name] - before[name] for name in after}
    found = Slice(size, seconds, accepted, spent, parts.memory())
    explain(found, machine_busy() - everything)
    return found


def machine_busy() -> float:
    """Processor seconds of everything on this machine since it started."""
    fields = [int(f) for f in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def explain(found: Slice, everything: float) -> None:
    cores, seconds = os.cpu_count() or 1, found.seconds
    ours = sum(found.spent.values())
    costs = ", ".join(f"{name} {cost}" for name, cost in found.costs.items())
    limit = "the processors" if everything / seconds > 0.85 * cores else "waiting, not processors"
    print(
        f"{found.items} items accepted in {found.accepted:.1f} s, evaluated in {seconds:.1f} s."
        f" Limited by {limit}: {ours / seconds:.2f} of {cores} cores were ours,"
        f" {max(everything - ours, 0) / seconds:.2f} somebody else's. Processor microseconds an"
        f" item: {costs}; {cores} cores of our own would do"
        f" {cores * found.items / ours:.0f} items/s.",
        file=sys.stderr,
        flush=True,
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
