"""One step of a backtest in DuckDB, and what is kept of steps so that a run can go on from them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import msgspec
import pyarrow.parquet as pq

from engine.backtest.cells import Cell, DayRows, Partial
from engine.backtest.sql import (
    Question,
    counts_of_judged,
    counts_query,
    flips_query,
    judged_table,
    rows_query,
)
from engine.errors import InvalidConfiguration
from store.analysis import literal
from store.lake import org_root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

TICK_S: Final = 0.5


class Interrupted(Exception):
    """Somebody does not want the answer any more."""


@dataclass(frozen=True)
class Runner:
    """go_on is asked now and then while a query runs; False stops it with Interrupted."""

    connection: duckdb.DuckDBPyConnection
    go_on: Callable[[], bool]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with ThreadPoolExecutor(max_workers=1) as pool:
            answer = pool.submit(lambda: self.connection.execute(query).fetchall())
            while True:
                try:
                    return answer.result(timeout=TICK_S)
                except NotYet:
                    if not self.go_on():
                        self.connection.interrupt()
                        raise Interrupted from None
                except duckdb.InterruptException as stopped:
                    raise Interrupted from stopped


def count(
    runner: Runner, question: Question, days: Sequence[date], rows: Sequence[int] | None
) -> Partial:
    """One step. days: by part. rows: by part where known from the table's log, else counted."""
    if rows is None:
        found = runner.rows(rows_query(question))
        day_rows = [DayRows(days[part], count) for part, count in found]
    else:
        day_rows = [DayRows(day, count) for day, count in zip(days, rows, strict=True)]
    if question.baseline is None:
        counted = runner.rows(counts_query(question))
    else:
        runner.rows(judged_table(question))
        counted = runner.rows(counts_of_judged())
    cells = [Cell(days[part], *values) for part, *values in counted]
    return Partial(tuple(day_rows), tuple(cells))


def write_flips(runner: Runner, items: str, path: Path) -> None:
    """After `count` with a baseline: the items on which the rules differ. items: a relation."""
    scratch = path.with_suffix(".writing")
    runner.rows(f"COPY ({flips_query(items)}) TO {literal(str(scratch))} (FORMAT parquet)")
    scratch.replace(path)


@dataclass(frozen=True)
class RunFolder:
    """What a run leaves beside the lake: a file of counts a step, and the flips as Parquet."""

    path: Path

    def done(self, step: int) -> Partial | None:
        file = self._counts(step)
        return msgspec.json.decode(file.read_bytes(), type=Partial) if file.exists() else None

    def keep(self, step: int, counted: Partial) -> None:
        """Last of a step, so that a step with a file is whole."""
        scratch = self._counts(step).with_suffix(".writing")
        scratch.write_bytes(msgspec.json.encode(counted))
        scratch.replace(self._counts(step))

    def flips(self, step: int) -> Path:
        return self.path / f"flips-{step:05}.parquet"

    def read_flips(self, *, limit: int, after: int | None) -> list[dict[str, Any]]:
        """In the order of arrival, from after the place `after`."""
        found: list[dict[str, Any]] = []
        for file in sorted(self.path.glob("flips-*.parquet")):
            rows = pq.ParquetFile(file).read()
            for row in rows.to_pylist(maps_as_pydicts="strict"):
                if after is None or row["_seq"] > after:
                    found.append(row)
                if len(found) == limit:
                    return found
        return found

    def _counts(self, step: int) -> Path:
        return self.path / f"counts-{step:05}.json"


def run_folder(lake_root: str, org_id: int, backtest_id: str, inputs: str) -> RunFolder:
    """inputs: digest of what is counted, so that other inputs never meet these files.

    Raises InvalidConfiguration for a lake in an object store, which DuckDB cannot read from here.
    """
    if "://" in lake_root:
        raise InvalidConfiguration(
            f"Backtests read a lake on a file system, and this one is at {lake_root}.",
            hint="Mount the store and set LAKE_URL to the path.",
        )
    path = Path(org_root(lake_root, org_id)) / "backtests" / backtest_id / inputs[:16]
    path.mkdir(parents=True, exist_ok=True)
    return RunFolder(path)
