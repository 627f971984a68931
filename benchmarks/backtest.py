"""`backtest_fields_10m`: a two-condition rule over ten million generated items of the lake.

Ours is the whole path, from the rule's text to the report with intervals; beside it the same two
conditions as a hand-written DuckDB query over the same files. Both open a session of their own.

    python -m benchmarks.backtest [--rows N] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from engine.backtest.preparation import prepare
from engine.backtest.request import BacktestRequest
from engine.configuration.configuration import Configuration
from engine.items import Field, ItemType, Kind, Scalar
from services.backtest_execution import execute, find_sources
from store import lake
from store.lake_columns import ITEM_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ORG = 1
FILES = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = "account_age_days < 7 AND toxicity > 0.8"
PEER = (
    "SELECT count(*) FROM read_parquet([{files}], hive_partitioning = false)"
    " WHERE account_age_days < 7 AND toxicity > 0.8"
)
POST = ItemType(
    type_id="post",
    version=1,
    name="post",
    kind=Kind.CONTENT,
    fields=(
        Field("account_age_days", Scalar.NUMBER),
        Field("toxicity", Scalar.NUMBER),
        Field("country", Scalar.STRING),
        Field("text", Scalar.STRING),
    ),
)


@dataclass(frozen=True)
class Timed:
    seconds: float
    hits: int


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--runs", type=int, default=9)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as root:
        files = generate(root, given.rows)
        ours, peer = alternate(lambda: backtest(root), lambda: by_hand(files), given.runs)
    print(
        json.dumps(
            {
                "name": "backtest_fields_10m",
                "value": round(ours, 4),
                "unit": "s",
                "peer": "duckdb",
                "peer_value": round(peer, 4),
                "ratio": round(peer / ours, 3),
            }
        )
    )


def generate(root: str, rows: int) -> Sequence[str]:
    """One day and one file each, with the columns that a real export writes."""
    uri, random = lake.items_uri(root, ORG, POST.type_id), np.random.default_rng(7)
    for day in range(FILES):
        table = one_day(random, day, rows // FILES)
        lake.append(uri, table, day_of="_arrived_at", after=day or None, reaches=day + 1)
        print(f"generated day {day + 1} of {FILES}", file=sys.stderr)
    snapshot = lake.snapshot(uri)
    assert snapshot is not None
    return [file.path for file in snapshot.files]


def one_day(random: np.random.Generator, day: int, rows: int) -> pa.Table:
    seq = np.arange(day * rows, (day + 1) * rows, dtype=np.int64)
    step = timedelta(days=1) // rows
    start = np.datetime64((START + timedelta(days=day)).replace(tzinfo=None), "us")
    arrived = start + np.arange(rows) * np.timedelta64(step // timedelta(microseconds=1), "us")
    toxicity = random.random(rows)
    words = np.array([f"word{n}" for n in range(4_000)])
    places = {
        "_seq": pa.array(seq),
        "_arrived_at": pa.array(arrived, pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
        "_submission_id": pa.array(np.char.add("s", seq.astype(str))),
        "_item_id": pa.array(np.char.add("i", seq.astype(str))),
        "_type_version": pa.array(np.ones(rows, np.int32)),
        "_creator_type_id": pa.array(["user"] * rows),
        "_creator_id": pa.array(np.char.add("u", random.integers(0, 200_000, rows).astype(str))),
        "_rest": pa.nulls(rows, pa.string()),
    }
    fields = {
        "account_age_days": pa.array(random.integers(0, 100, rows).astype(np.float64)),
        "toxicity": pa.array(toxicity, mask=random.random(rows) < 0.3),
        "country": pa.array(np.array(["us", "de", "fr", "br", "in"])[random.integers(0, 5, rows)]),
        "text": pa.array(words[random.integers(0, 4_000, rows)]),
    }
    kinds = [*ITEM_COLUMNS, *(pa.field(name, each.type) for name, each in fields.items())]
    return pa.table([*places.values(), *fields.values()], schema=pa.schema(kinds))


def backtest(root: str) -> Timed:
    """Every run under an id of its own, so that nothing is taken from the one before."""
    started = time.perf_counter()
    configuration = Configuration(org_id=ORG, config_version=1, item_types={POST.type_id: POST})
    prepared = prepare(BacktestRequest(POST.type_id, where=RULE), configuration)
    sources = find_sources(root, ORG, prepared, {})
    report = execute(root, ORG, str(uuid.uuid4()), prepared, sources, lambda _progress: True)
    return Timed(time.perf_counter() - started, report.candidate.hits)


def by_hand(files: Sequence[str]) -> Timed:
    started = time.perf_counter()
    listed = ", ".join(f"'{file}'" for file in files)
    with duckdb.connect() as connection:
        [(hits,)] = connection.execute(PEER.format(files=listed)).fetchall()
    return Timed(time.perf_counter() - started, hits)


def alternate(
    ours: Callable[[], Timed], peer: Callable[[], Timed], runs: int
) -> tuple[float, float]:
    """Median seconds of each, in turn, after one run of each that is not counted."""
    assert ours().hits == peer().hits, "the two do not count the same"
    pairs = [(ours().seconds, peer().seconds) for _ in range(runs)]
    for mine, other in pairs:
        print(f"ours {mine:.3f} s, duckdb {other:.3f} s", file=sys.stderr)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


if __name__ == "__main__":
    main()
