"""`evaluate_sync`: one item judged while its sender waits, 100 live rules, 100 requests a second.

Open loop: requests are sent when they are due, whatever became of the ones before, and each is
timed from when it was due. Beside it, the limits: 5 ms for half of them, 25 ms for 99 in 100.

    python -m benchmarks.evaluate_sync [--rate N] [--seconds N] [--rules N]
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import tempfile
import threading
import time
from itertools import count
from pathlib import Path

import httpx

from benchmarks._stage import free_port, process, staged
from benchmarks.ingest import furnish, item

SENDERS = 16
LIMITS_MS = {"p50": 5.0, "p99": 25.0}
WARM_UP = 200


def measure(options: argparse.Namespace, var: Path) -> list[float]:
    """Milliseconds of each request, in order."""
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
            headers = {"X-API-Key": world.api_key}
            sent(url, headers, bodies[:WARM_UP], options.rate)
            return sent(url, headers, bodies[WARM_UP:], options.rate)


def wait_ready(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/ready").status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the API did not come up")


def sent(url: str, headers: dict[str, str], bodies: list[bytes], rate: int) -> list[float]:
    start = time.monotonic() + 0.2
    due = [start + number / rate for number in range(len(bodies))]
    line: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(bodies)):
        line.put(number)
    took = [0.0] * len(bodies)

    def sender() -> None:
        with httpx.Client(headers=headers, timeout=60) as client:
            while True:
                try:
                    number = line.get_nowait()
                except queue.Empty:
                    return
                time.sleep(max(due[number] - time.monotonic(), 0))
                answer = client.post(f"{url}/items/evaluate", content=bodies[number])
                if answer.status_code != httpx.codes.OK:
                    raise SystemExit(f"refused: {answer.text[:300]}")
                took[number] = (time.monotonic() - due[number]) * 1000

    threads = [threading.Thread(target=sender) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


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
