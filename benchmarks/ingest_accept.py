"""What it takes to acknowledge items: committed before the 202, with places and three counters.

Everything is on this machine and its cores: an embedded Postgres that syncs every commit, the API,
and the load generator. No worker runs, so the items wait.

`ingest_accept`: items a second in batches of a hundred of about 1 KB, beside a bare COPY of the
same rows and beside the limit of 15,000. `ingest_accept_single`: requests of one item a second over
64 connections, beside the limit of 4,000. `ingest_accept_p99`: 99 of 100 such requests, sent at 200
a second whatever the answers do, take no longer; the limit is 25 ms.

    python -m benchmarks.ingest_accept [--items N] [--singles N] [--seconds N]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._drive import drive
from benchmarks._stage import bare_copy, free_port, process, staged, wait_for_port
from benchmarks.ingest import POST, World, requests, send_all
from services import configuration
from services.context import system_caller
from services.item_types import ITEM_TYPES
from services.organisations import create_organisation
from services.rules import RULES

if TYPE_CHECKING:
    from services.context import Context

BATCH = 100
LIMIT_ITEMS, LIMIT_SINGLES, LIMIT_MS = 15_000, 4_000, 25.0
RATE = 200
COUNTERS = (
    "count_recent(author, '1 hour') > 100000",
    "count_recent(author, '1 day', reply) > 100000",
    "count_recent(lang, '1 hour') > 10000000",
)


def furnish(context: Context) -> World:
    made = create_organisation(context, "Benchmark")
    caller = system_caller(made.org_id, "benchmark")
    post = configuration.create(context, caller, ITEM_TYPES, POST, "").object_id
    for number, where in enumerate(COUNTERS):
        rule = {
            "name": f"Counter {number}", "status": "SHADOW", "itemTypeIds": [post], "where": where,
        }  # fmt: skip
        configuration.create(context, caller, RULES, rule, "")
    return World(context, made.org_id, made.api_key, post)


def tell(name: str, value: float, unit: str, peer: str, peer_value: float, ratio: float) -> None:
    line: dict[str, Any] = {
        "name": name, "value": round(value, 2), "unit": unit, "peer": peer,
        "peer_value": round(peer_value, 2), "ratio": round(ratio, 4),
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def measure(options: argparse.Namespace, var: Path) -> None:
    with staged(var) as stage:
        world, port = furnish(stage.context), free_port()
        with process(stage.environment, "api", "--port", str(port)) as running:
            wait_for_port(port, running)
            send_all([port], requests(world, 2_000, BATCH, port))
            rate = batches(world, port, options.items)
            single = singles(world, port, options.singles)
            late = paced(world, port, options.seconds)
        rows = world.count("submissions")
        copied = bare_copy(stage.url, rows)
    tell("ingest_accept", rate, "items/s", "copy", copied, rate / copied)
    tell("ingest_accept", rate, "items/s", "limit", LIMIT_ITEMS, rate / LIMIT_ITEMS)
    tell(
        "ingest_accept_single", single, "requests/s", "limit", LIMIT_SINGLES, single / LIMIT_SINGLES
    )
    tell("ingest_accept_p99", late, "ms", "limit", LIMIT_MS, LIMIT_MS / late)


def batches(world: World, port: int, items: int) -> float:
    made = requests(world, items, BATCH, port)
    started = time.perf_counter()
    send_all([port], made)
    return items / (time.perf_counter() - started)


def singles(world: World, port: int, total: int) -> float:
    made = requests(world, total, 1, port)
    started = time.perf_counter()
    drive(port, made)
    return total / (time.perf_counter() - started)


def paced(world: World, port: int, seconds: int) -> float:
    """Milliseconds."""
    spent = sorted(drive(port, requests(world, RATE * seconds, 1, port), RATE))
    return 1000 * spent[int(len(spent) * 0.99)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--singles", type=int, default=30_000)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-accept-") as directory:
        Path(directory).chmod(0o755)
        measure(options, Path(directory))


if __name__ == "__main__":
    main()
