"""An embedded server's share of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from store.database import psycopg_url
from store.embedded import EmbeddedPostgres
from store.server_memory import LEAST_MB, MOST_MB, shared_buffers_mb

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("granted", "megabytes"),
    [(2 << 30, 256), (4 << 30, 512), (100 << 20, LEAST_MB)],
)
def test_a_container_gives_an_eighth_of_what_it_is_granted(
    granted: int, megabytes: int, tmp_path: Path
) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{granted}\n")
    assert shared_buffers_mb(limit) == megabytes


@pytest.mark.parametrize("told", ["max\n", "99999999999999999\n", None])
def test_without_a_limit_it_is_the_machine_that_counts(told: str | None, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    if told is not None:
        limit.write_text(told)
    assert LEAST_MB <= shared_buffers_mb(limit) == shared_buffers_mb() <= MOST_MB


def test_the_server_runs_with_it(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "server", overrides={"fsync": "off"})
    try:
        with psycopg.connect(psycopg_url(server.start())) as connection:
            [size] = connection.execute(
                "SELECT setting::bigint / 128 FROM pg_settings WHERE name = 'shared_buffers'"
            ).fetchone() or [None]
    finally:
        server.stop()
    assert size == shared_buffers_mb()
