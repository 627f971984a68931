"""`winnow up` for real: it becomes ready, mends itself, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from cli.processes import child_environment, winnow_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("up")]
START_S = 90.0


def until(condition: Callable[[], bool], seconds: float = START_S) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    return condition()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> set[int]:
    """Of the process, by the kernel's account of parents; zombies are not counted."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    living = set()
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                living.add(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return living


class Up:
    def __init__(self, var: Path, port: int) -> None:
        self.port = port
        self.said = var.parent / "said.txt"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                winnow_command("up", "--var", str(var), "--port", str(port), "--no-dagster"),
                env=child_environment(os.environ),
                stdout=said,
                stderr=said,
            )

    def is_ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/api/v1/ready"
            return httpx.get(url, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def pid_of(self, word: str) -> int:
        """The child whose command line holds the word."""
        for pid in descendants(self.process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except FileNotFoundError:
                continue
            if word.encode() in words:
                return pid
        raise AssertionError(f"no child runs {word}: {self.said.read_text()}")

    def end(self, number: signal.Signals) -> set[int]:
        """Signals, waits, and says which of its descendants are left."""
        family = descendants(self.process.pid)
        self.process.send_signal(number)
        self.process.wait(90)
        until(lambda: not alive(family), 30)
        return alive(family)


@contextmanager
def running(var: Path) -> Iterator[Up]:
    up = Up(var, free_port())
    try:
        assert until(up.is_ready), up.said.read_text()
        yield up
    finally:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


def test_it_mends_what_dies_and_sigterm_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "var") as up:
        server = up.pid_of("serve")
        os.kill(server, signal.SIGKILL)
        assert until(lambda: not alive({server}))
        assert until(up.is_ready), up.said.read_text()
        assert "serve ended (killed by SIGKILL)" in up.said.read_text()

        postgres = int((tmp_path / "var/postgres/data/postmaster.pid").read_text().split()[0])
        os.kill(postgres, signal.SIGKILL)
        assert until(lambda: not alive({postgres}))
        assert until(up.is_ready), up.said.read_text()

        second = subprocess.run(
            winnow_command("up", "--var", str(tmp_path / "var"), "--port", str(free_port())),
            env=child_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 1
        assert "runs on" in second.stderr
        assert "Traceback" not in second.stderr

        assert up.end(signal.SIGTERM) == set()
        assert up.process.returncode == 0
    assert not (tmp_path / "var/postgres/data/postmaster.pid").exists()


def test_killed_outright_it_still_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "var") as up:
        assert up.end(signal.SIGKILL) == set()
        assert until(lambda: not (tmp_path / "var/postgres/data/postmaster.pid").exists(), 30)


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [*winnow_command("up", "--var", str(tmp_path / "var"), "--port", str(port))],
            env=child_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert refused.returncode == 2
    assert f"Port {port}" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr
