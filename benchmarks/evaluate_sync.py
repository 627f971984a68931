"""`evaluate_sync`: one item judged while its sender waits, 100 live rules, 100 requests a second.

Open loop: requests are sent when they are due, whatever became of the ones before, and each is
timed from when it was due. Beside it, the limits: 5 ms for half of them, 25 ms for 99 in 100.

    python -m benchmarks.evaluate_sync [--rate N] [--seconds N] [--rules N]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from itertools import count
from pathlib import Path

import httpx

from benchmarks._drive import drive
from benchmarks._stage import free_port, process, staged
from benchmarks.ingest import furnish, item

LIMITS_MS = {"p50": 5.0, "p99": 25.0}
WARM_UP = 200
OK = 200


def measure(options: argparse.Namespace, var: Path) -> list[float]:
    """Milliseconds of each request."""
    with staged(var) as stage:
        world = furnish(stage.context, options.rules)
        port, rng, numbers = free_port(), random.Random(1), count()
        total = WARM_UP + options.rate * options.seconds
        bodies = [
            json.dumps({"item": item(world, rng, next(numbers))}).encode() for _ in range(total)
        ]
        with process(stage.environment, "api", "--port", str(port)):
            url = f"http://127.0.0.1:{port}/api/v1"
            wait_ready(url)
            made = [request(port, world.api_key, body) for body in bodies]
            drive(port, made[:WARM_UP], options.rate, OK)
            return [1000 * each for each in drive(port, made[WARM_UP:], options.rate, OK)]


def wait_ready(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/ready").status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the API did not come up")


def request(port: int, key: str, body: bytes) -> bytes:
    head = (
        f"POST /api/v1/items/evaluate HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-api-key: {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def line(name: str, took: list[float]) -> dict[str, object]:
    share = int(name.removeprefix("p")) / 100
    value = sorted(took)[min(int(len(took) * share), len(took) - 1)]
    return {
        "name": f"evaluate_sync_{name}", "value": round(value, 2), "unit": "ms", "peer": "limit",
        "peer_value": LIMITS_MS[name], "ratio": round(LIMITS_MS[name] / value, 2),
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rate", type=int, default=100)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--rules", type=int, default=100)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as var:
        took = measure(chosen, Path(var))
    for name in LIMITS_MS:
        print(json.dumps(line(name, took)), flush=True)


if __name__ == "__main__":
    main()
