"""What benchmarks of running processes share: a server, Winnow's commands, their costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from cryptography.fernet import Fernet

from services.context import Context
from store.database import Database, psycopg_url
from store.embedded import EmbeddedPostgres
from store.migrate import migrate
from store.secrets import SecretBox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stage:
    """An embedded Postgres that syncs every commit, and what Winnow's commands need to use it."""

    url: str
    context: Context
    environment: dict[str, str]
    postgres: int


@contextmanager
def staged(var: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        server = EmbeddedPostgres(var / "server")
        url = server.start()
        stack.callback(server.stop)
        migrate(url)
        secret = Fernet.generate_key().decode()
        database = Database(url)
        stack.callback(database.close)
        context = Context(
            database, str(var / "lake"), SecretBox((secret,)), now, lambda: str(uuid.uuid4())
        )
        environment = {
            **os.environ, "WINNOW_VAR": str(var), "DATABASE_URL": url, "WINNOW_SECRET_KEY": secret,
            "WINNOW_LOG_LEVEL": "warning",
        }  # fmt: skip
        yield Stage(url, context, environment, server_pid(var / "server"))


@contextmanager
def process(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    log = (Path(environment["WINNOW_VAR"]) / f"{arguments[0]}.log").open("ab")
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("the API did not start")


def cpu_seconds(pid: int) -> float:
    """Of the process and those it started, ended ones included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    own = sum(int(value) for value in fields[11:15]) / TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def bare_copy(url: str, total: int) -> float:
    """Rows a second of a bare COPY of the same submissions."""
    columns = "org_id, arrived_at, seq, submission_id, type_id, type_version, item_id, data::text"
    with psycopg.connect(psycopg_url(url)) as connection:
        connection.execute("SET row_security = off")
        with connection.cursor().copy(f"COPY (SELECT {columns} FROM submissions) TO STDOUT") as out:
            rows = b"".join(bytes(block) for block in out)
        connection.execute(
            "CREATE TABLE bare (org_id int, arrived_at timestamptz, seq bigint, submission_id uuid,"
            " type_id text, type_version int, item_id text, data json)"
        )
        connection.commit()
        started = time.perf_counter()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            copy.write(rows)
        connection.commit()
        return float(total / (time.perf_counter() - started))


def now() -> datetime:
    return datetime.now(UTC)


def server_pid(directory: Path) -> int:
    found = next(directory.rglob("postmaster.pid"))
    return int(found.read_text().splitlines()[0])
